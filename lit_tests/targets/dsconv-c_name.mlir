// RUN: xdsl-opt -p select-layout,tile-l1,lower-to-tiles,plan-memory,lower-kernels -t dsconv-c %s | filecheck %s

// Names that begin with dsc_ are the runtime's.
!x = tensor<1x2x1x1xsi8, #dsconv.layout<chw>>
func.func @dsc(%x: !x) -> !x {
  %y = dsconv.rescale "dma"(%x) requant <multiplier = [2], shift = [0], floor, clip = [-128, 127]> : (!x) -> !x
  func.return %y : !x
}
// CHECK: extern const dsc_network n_dsc_network;
// CHECK: static uint8_t n_dsc_l1[
// CHECK: static void n_dsc_dma_kernel(
// CHECK: static {{.*}}void n_dsc_layer_dma(
// CHECK: static void n_dsc_run(
