// RUN: xdsl-opt -p 'lower-to-tiles' %s | filecheck %s

func.func @net(%x: tensor<1x4x6x6xsi8, #dsconv.layout<hwc>>) -> tensor<1x8x6x6xsi8, #dsconv.layout<hwc>> {
  %w = dsconv.constant dense<1> : tensor<8x4xsi8>
  %v = dsconv.constant dense<1> : tensor<8x1x3x3xsi8>
  %b = dsconv.constant dense<0> : tensor<8xi32>
  %0 = dsconv.fused "dw" along "channels" attributes {tile = #dsconv.tile<4, 6, 6, weights>} {
    %1 = dsconv.pointwise "pw"(%x, %w, %b) requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x4x6x6xsi8, #dsconv.layout<hwc>>, tensor<8x4xsi8>, tensor<8xi32>) -> tensor<1x8x6x6xsi8, #dsconv.layout<chw>>
    %2 = dsconv.depthwise "dw"(%1, %v, %b) window <kernel = [3, 3], pads = [1, 1, 1, 1]> requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x8x6x6xsi8, #dsconv.layout<chw>>, tensor<8x1x3x3xsi8>, tensor<8xi32>) -> tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>
    dsconv.yield %2 : tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>
  } : tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>
  func.return %0 : tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>
}
// Four channels of the whole map at a time lie between the two layers; the input is loaded once.
// CHECK: dsconv.kernel "conv2d" @pw_kernel : (tensor<1x4x6x6xsi8, #dsconv.layout<hwc>>) -> tensor<1x4x6x6xsi8, #dsconv.layout<chw>>
// CHECK: dsconv.kernel "depthwise" @dw_kernel : (tensor<1x4x6x6xsi8, #dsconv.layout<chw>>) -> tensor<1x4x6x6xsi8, #dsconv.layout<hwc>>
// CHECK: dsconv.layer "dw" "fused"
// CHECK: %{{.*}} = dsconv.buffer "dw.v1" : memref<148xi8, #dsconv.space<l1>>
// CHECK: dsconv.fill %{{.*}} at 144 bytes 4 with 0
// CHECK: dsconv.dma_start %{{.*}} box <144> :
// CHECK: scf.for %step
// CHECK:   dsconv.run @pw_kernel(
// CHECK:   dsconv.barrier
// CHECK:   dsconv.run @dw_kernel(
// CHECK:   dsconv.dma_start %{{.*}} box <36 by 8, 4>
