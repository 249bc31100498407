// RUN: xdsl-opt -p 'lower-to-tiles,keep-in-l1,double-buffer,prefetch-weights,plan-memory,lower-kernels' -t dsconv-c %s | filecheck %s

// What lies between the layers stays in L1, and the second layer's weights come while the first computes.
func.func @net(%x: tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>) -> tensor<1x4x2x2xsi8, #dsconv.layout<hwc>> {
  %w = dsconv.constant dense<1> : tensor<16x4xsi8>
  %b = dsconv.constant dense<0> : tensor<16xi32>
  %0 = dsconv.pointwise "up"(%x, %w, %b) requant <multiplier = [3], shift = [4], half_even, clip = [-128, 127]> {tile = #dsconv.tile<16, 1, 2, weights>} : (tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>, tensor<16x4xsi8>, tensor<16xi32>) -> tensor<1x16x2x2xsi8, #dsconv.layout<hwc>>
  %v = dsconv.constant dense<1> : tensor<4x16xsi8>
  %c = dsconv.constant dense<0> : tensor<4xi32>
  %1 = dsconv.pointwise "down"(%0, %v, %c) requant <multiplier = [3], shift = [4], half_even, clip = [-128, 127]> {tile = #dsconv.tile<4, 2, 2, weights>} : (tensor<1x16x2x2xsi8, #dsconv.layout<hwc>>, tensor<4x16xsi8>, tensor<4xi32>) -> tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>
  func.return %1 : tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>
}

// CHECK: #define net_up_kept ((dsc_buffer){net_l1 +
// CHECK: #define net_down_w ((dsc_buffer){net_l1 +
// CHECK-NEXT: static dsc_dma net_down_w_dma;
// CHECK-LABEL{LITERAL}: static DSC_NOINLINE void net_layer_up(uint32_t core) {
// CHECK:      net_down_w_dma = dsc_prefetch(net_down_w, weights_2, 0, (dsc_box){1, 0, 1, 0, 80, 0});
// CHECK:      dsc_layer_end_in_l1(0, net_up_kept);
// CHECK-LABEL{LITERAL}: static DSC_NOINLINE void net_layer_down(uint32_t core) {
// CHECK-NOT:  dsc_const_buffer
// CHECK:      dsc_wait_prefetch(net_down_w_dma, 80);
// CHECK-NOT:  dsc_load
// CHECK:      dsc_layer_end(1, net_output);
