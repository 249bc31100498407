// RUN: xdsl-opt -p 'lower-kernels{cores=8}' %s | filecheck %s --check-prefix=CHANNELS
// RUN: xdsl-opt -p 'lower-kernels{cores=3}' %s | filecheck %s --check-prefix=PIXELS

// 8 channels keep 8 cores busy; 3 pixels keep 3 cores busy, where 8 channels would take 3 rounds.
dsconv.kernel "rescale" @scale : (tensor<1x8x1x3xui8, #dsconv.layout<chw>>) -> tensor<1x8x1x3xsi8, #dsconv.layout<chw>> window <kernel = [1, 1]> {requant = #dsconv.requant<multiplier = [1], shift = [0], half_even, clip = [-128, 127]>, zero_points = array<i64: 128>}
func.func @net(%x: memref<24xi8, #dsconv.space<l1>>, %y: memref<24xi8, #dsconv.space<l1>>, %i: index) {
  dsconv.run @scale(%x, %y) at %i, %i : memref<24xi8, #dsconv.space<l1>>, memref<24xi8, #dsconv.space<l1>>
  func.return
}
// CHANNELS-NOT: %pixel
// CHANNELS: scf.for %k = %k_first to %k_end
// CHANNELS-NOT: %pixel

// PIXELS-NOT: %k_first
// PIXELS: scf.for %pixel = %pixel_first to %pixel_end
// PIXELS: scf.for %k =
