// RUN: xdsl-opt -p fold-negative-scales %s | filecheck %s
// RUN: xdsl-opt -p fold-negative-scales,fold-negative-scales %s | filecheck %s

// The second channel's weights, bias and multiplier are negated.
// CHECK-LABEL: func.func @one_channel
func.func @one_channel(%x: tensor<1x2x1x1xsi8>) -> tensor<1x2x1x1xsi8> {
  %w = dsconv.constant dense<[[1, 2], [3, -4]]> : tensor<2x2xsi8>
  %b = dsconv.constant dense<[5, -6]> : tensor<2xi32>
  %y = dsconv.pointwise "pw"(%x, %w, %b) requant <multiplier = [7, -8], shift = [4], floor, clip = [-128, 127]> : (tensor<1x2x1x1xsi8>, tensor<2x2xsi8>, tensor<2xi32>) -> tensor<1x2x1x1xsi8>
  func.return %y : tensor<1x2x1x1xsi8>
}
// CHECK: [[W:%[0-9]+]] = dsconv.constant dense<{{\[\[}}1, 2], [-3, 4]]> : tensor<2x2xsi8>
// CHECK-NEXT: [[B:%[0-9]+]] = dsconv.constant dense<[5, 6]> : tensor<2xi32>
// CHECK-NEXT: dsconv.pointwise "pw"(%x, [[W]], [[B]]) requant <multiplier = [7, 8], shift = [4], floor, clip = [-128, 127]>

// There is no 128 in si8.
// CHECK-LABEL: func.func @smallest_weight
func.func @smallest_weight(%x: tensor<1x2x1x1xsi8>) -> tensor<1x1x1x1xsi8> {
  %w = dsconv.constant dense<[[1, -128]]> : tensor<1x2xsi8>
  %b = dsconv.constant dense<[5]> : tensor<1xi32>
  %y = dsconv.pointwise "pw"(%x, %w, %b) requant <multiplier = [-8], shift = [4], floor, clip = [-128, 127]> : (tensor<1x2x1x1xsi8>, tensor<1x2xsi8>, tensor<1xi32>) -> tensor<1x1x1x1xsi8>
  func.return %y : tensor<1x1x1x1xsi8>
}
// CHECK: dsconv.pointwise "pw"(%x, %w, %b) requant <multiplier = [-8], shift = [4]

// Weights with a zero point are left alone.
// CHECK-LABEL: func.func @zero_point
func.func @zero_point(%x: tensor<1x2x1x1xsi8>) -> tensor<1x1x1x1xsi8> {
  %w = dsconv.constant dense<[[1, 2]]> : tensor<1x2xsi8>
  %b = dsconv.constant dense<[5]> : tensor<1xi32>
  %y = dsconv.pointwise "pw"(%x, %w, %b) requant <multiplier = [-8], shift = [4], floor, clip = [-128, 127]> {weight_zero_points = array<i32: 3>} : (tensor<1x2x1x1xsi8>, tensor<1x2xsi8>, tensor<1xi32>) -> tensor<1x1x1x1xsi8>
  func.return %y : tensor<1x1x1x1xsi8>
}
// CHECK: dsconv.pointwise "pw"(%x, %w, %b) requant <multiplier = [-8], shift = [4]
