// RUN: xdsl-opt -p 'tile-l1{l1=4096}' %s | filecheck %s
// RUN: xdsl-opt -p 'tile-l1{l1=700}' %s | filecheck %s --check-prefix=SMALL
// RUN: xdsl-opt -p 'tile-l1{l1=300}' %s --verify-diagnostics | filecheck %s --check-prefix=NONE

func.func @net(%x: tensor<1x4x6x6xsi8, #dsconv.layout<hwc>>) -> tensor<1x8x6x6xsi8, #dsconv.layout<hwc>> {
  %w = dsconv.constant dense<1> : tensor<8x4xsi8>
  %v = dsconv.constant dense<1> : tensor<8x1x3x3xsi8>
  %b = dsconv.constant dense<0> : tensor<8xi32>
  %0 = dsconv.fused "dw" along "rows" {
    %1 = dsconv.pointwise "pw"(%x, %w, %b) requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x4x6x6xsi8, #dsconv.layout<hwc>>, tensor<8x4xsi8>, tensor<8xi32>) -> tensor<1x8x6x6xsi8, #dsconv.layout<chw>>
    %2 = dsconv.depthwise "dw"(%1, %v, %b) window <kernel = [3, 3], pads = [1, 1, 1, 1]> requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x8x6x6xsi8, #dsconv.layout<chw>>, tensor<8x1x3x3xsi8>, tensor<8xi32>) -> tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>
    dsconv.yield %2 : tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>
  } : tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>
  func.return %0 : tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>
}
// The whole map in one step; nothing is written to the layers inside.
// CHECK: %{{.*}} = dsconv.fused "dw" along "rows" attributes {tile = #dsconv.tile<8, 6, 6, weights>} {
// CHECK-NOT: tile
// SMALL: %{{.*}} = dsconv.fused "dw" along "rows" attributes {tile = #dsconv.tile<8, 2, 6, weights
// NONE: fused layer "dw" does not fit L1: it needs 416 bytes, 300 are there; give at least 416 bytes of L1 for tiles, or fuse less
