// RUN: xdsl-opt -p 'lower-to-tiles,spill-activations{l2=48},plan-memory,lower-kernels,canonicalize,cse' -t dsconv-c %s | filecheck %s

// 16 bytes, 64 bytes, 16 bytes: what lies between the layers lies in L3.
func.func @net(%x: tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>) -> tensor<1x4x2x2xsi8, #dsconv.layout<hwc>> {
  %w = dsconv.constant dense<1> : tensor<16x4xsi8>
  %b = dsconv.constant dense<0> : tensor<16xi32>
  %0 = dsconv.pointwise "up"(%x, %w, %b) requant <multiplier = [3], shift = [4], half_even, clip = [-128, 127]> {tile = #dsconv.tile<16, 1, 2, weights>} : (tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>, tensor<16x4xsi8>, tensor<16xi32>) -> tensor<1x16x2x2xsi8, #dsconv.layout<hwc>>
  %v = dsconv.constant dense<1> : tensor<4x16xsi8>
  %c = dsconv.constant dense<0> : tensor<4xi32>
  %1 = dsconv.pointwise "down"(%0, %v, %c) requant <multiplier = [3], shift = [4], half_even, clip = [-128, 127]> {tile = #dsconv.tile<4, 1, 2, weights>} : (tensor<1x16x2x2xsi8, #dsconv.layout<hwc>>, tensor<4x16xsi8>, tensor<4xi32>) -> tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>
  func.return %1 : tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>
}

// The offsets in L3 are part of the calls; the trace is told where the output lies.
// CHECK-LABEL{LITERAL}: static DSC_NOINLINE void net_layer_up(uint32_t core) {
// CHECK:      net_up_in_up_l3 = dsc_l3_store(net_up_in_up, 0, NET_L3_BASE + 0 + (uint32_t)(v * 16), (dsc_box){1, 0, 1, 0, 32, 0});
// CHECK-NEXT: dsc_l3_wait(net_up_in_up_l3);
// CHECK:      dsc_layer_end_in_l3(0, NET_L3_BASE + 0, 64);
// CHECK-LABEL{LITERAL}: static DSC_NOINLINE void net_layer_down(uint32_t core) {
// CHECK:      net_up_in_down_l3 = dsc_l3_load(net_up_in_down, 0, NET_L3_BASE + 0 + (uint32_t)(v * 16), (dsc_box){1, 0, 1, 0, 32, 0});
// CHECK-NEXT: dsc_l3_wait(net_up_in_down_l3);
// CHECK:      dsc_layer_end(1, net_output);
// CHECK{LITERAL}: .l3_bytes = 64,
// CHECK-NEXT{LITERAL}: .l3_image_bytes = 0,
