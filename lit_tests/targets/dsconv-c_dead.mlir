// RUN: xdsl-opt -p lower-to-tiles,plan-memory,lower-kernels -t dsconv-c %s | filecheck %s

// Without canonicalize and cse the sum over the inputs has the weights' offset left, which nothing
// needs: it becomes no variable.
func.func @net(%x: tensor<1x20x4x8xsi8, #dsconv.layout<chw>>) -> tensor<1x2x1x1xsi8, #dsconv.layout<hwc>> {
  %w = dsconv.constant dense<-4> : tensor<2x640xsi8>
  %b = dsconv.constant dense<[1, 2]> : tensor<2xi32>
  %0 = dsconv.linear "fc"(%x, %w, %b) requant <multiplier = [3], shift = [4], half_even, clip = [-128, 127]> {weight_zero_points = array<i32: 3>, tile = #dsconv.tile<2, 1, 1, weights>} : (tensor<1x20x4x8xsi8, #dsconv.layout<chw>>, tensor<2x640xsi8>, tensor<2xi32>) -> tensor<1x2x1x1xsi8, #dsconv.layout<hwc>>
  func.return %0 : tensor<1x2x1x1xsi8, #dsconv.layout<hwc>>
}
// CHECK: for (int32_t c = 0; c < 20; c++) {
// CHECK-NEXT: for (int32_t fy = 0; fy < 4; fy++) {
