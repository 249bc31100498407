// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s

func.func @net(%x: tensor<1x4x6x6xsi8, #dsconv.layout<hwc>>, %w: tensor<8x4xsi8>, %b: tensor<8xi32>, %v: tensor<8x1x3x3xsi8>) -> tensor<1x8x6x6xsi8, #dsconv.layout<hwc>> {
  %0 = dsconv.fused "dw" along "rows" attributes {tile = #dsconv.tile<8, 2, 6, weights, buffers = 2>} {
    %1 = dsconv.pointwise "pw"(%x, %w, %b) requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x4x6x6xsi8, #dsconv.layout<hwc>>, tensor<8x4xsi8>, tensor<8xi32>) -> tensor<1x8x6x6xsi8, #dsconv.layout<chw>>
    %2 = dsconv.depthwise "dw"(%1, %v, %b) window <kernel = [3, 3], pads = [1, 1, 1, 1]> requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x8x6x6xsi8, #dsconv.layout<chw>>, tensor<8x1x3x3xsi8>, tensor<8xi32>) -> tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>
    dsconv.yield %2 : tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>
  } : tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>
  func.return %0 : tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>
}
// CHECK:      %0 = dsconv.fused "dw" along "rows" attributes {tile = #dsconv.tile<8, 2, 6, weights, buffers = 2>} {
// CHECK-NEXT:   %1 = dsconv.pointwise "pw"(%x, %w, %b)
// CHECK-NEXT:   %2 = dsconv.depthwise "dw"(%1, %v, %b)
// CHECK-NEXT:   dsconv.yield %2 : tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>
// CHECK-NEXT: } : tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>
