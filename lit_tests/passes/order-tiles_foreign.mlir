// RUN: xdsl-opt -p order-tiles %s | filecheck %s

// Layers without tiles, and what is none, are left alone.
func.func @foreign(%x: tensor<1x4x1x4xsi8>) -> tensor<1x4x1x4xsi8> {
  %y = dsconv.max_pool "pool"(%x) window <kernel = [1, 1]> : (tensor<1x4x1x4xsi8>) -> tensor<1x4x1x4xsi8>
  %z = "test.op"(%y) : (tensor<1x4x1x4xsi8>) -> tensor<1x4x1x4xsi8>
  func.return %z : tensor<1x4x1x4xsi8>
}
// CHECK: dsconv.max_pool "pool"(%x) window <kernel = [1, 1]> : (tensor
// CHECK-NEXT: "test.op"(%y)

// A fused layer has one order.
func.func @fused(%x: tensor<1x2x4x1xsi8>) -> tensor<1x2x4x1xsi8> {
  %w1 = dsconv.constant dense<1> : tensor<2x2xsi8>
  %w2 = dsconv.constant dense<1> : tensor<2x1x3x1xsi8>
  %b = dsconv.constant dense<0> : tensor<2xi32>
  %y = dsconv.fused "dw" along "rows" attributes {tile = #dsconv.tile<2, 1, 1, weights>} {
    %v = dsconv.pointwise "pw"(%x, %w1, %b) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x2x4x1xsi8>, tensor<2x2xsi8>, tensor<2xi32>) -> tensor<1x2x4x1xsi8>
    %d = dsconv.depthwise "dw"(%v, %w2, %b) window <kernel = [3, 1], pads = [1, 0, 1, 0]> requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x2x4x1xsi8>, tensor<2x1x3x1xsi8>, tensor<2xi32>) -> tensor<1x2x4x1xsi8>
    dsconv.yield %d : tensor<1x2x4x1xsi8>
  } : tensor<1x2x4x1xsi8>
  func.return %y : tensor<1x2x4x1xsi8>
}
// CHECK: dsconv.fused "dw" along "rows" attributes {tile = #dsconv.tile<2, 1, 1, weights>}
