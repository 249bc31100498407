// RUN: xdsl-opt -p lower-to-tiles --split-input-file --verify-diagnostics %s | filecheck %s

func.func @net(%x: tensor<1x2x2x2xsi8, #dsconv.layout<chw>>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>> {
  %y = dsconv.rescale "scale"(%x) requant <multiplier = [1], shift = [1], half_even, clip = [-128, 127]> : (tensor<1x2x2x2xsi8, #dsconv.layout<chw>>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
  func.return %y : tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
}
// CHECK: layer "scale" has no tile; run tile-l1 before

// -----

func.func @net(%x: tensor<1x2x2x2xsi8, #dsconv.layout<chw>>) -> tensor<1x2x2x2xsi8> {
  %y = dsconv.rescale "scale"(%x) requant <multiplier = [1], shift = [1], half_even, clip = [-128, 127]> {tile = #dsconv.tile<2, 2, 2, weights>} : (tensor<1x2x2x2xsi8, #dsconv.layout<chw>>) -> tensor<1x2x2x2xsi8>
  func.return %y : tensor<1x2x2x2xsi8>
}
// CHECK: an activation of layer "scale" has no layout; run select-layout before

// -----

func.func @net(%x: tensor<1x2x2x2xsi8, #dsconv.layout<chw>>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>> {
  %y = dsconv.rescale "scale"(%x) requant <multiplier = [1], shift = [1], half_even, clip = [-128, 127]> {tile = #dsconv.tile<2, 2, 2, weights>} : (tensor<1x2x2x2xsi8, #dsconv.layout<chw>>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
  %z = "test.op"(%y) : (tensor<1x2x2x2xsi8, #dsconv.layout<chw>>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
  func.return %z : tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
}
// CHECK: test.op in a network cannot be tiled

// -----

func.func @net(%x: tensor<1x2x1x1xsi8, #dsconv.layout<chw>>, %w: tensor<2x2xsi8>, %b: tensor<2xi32>) -> tensor<1x2x1x1xsi8, #dsconv.layout<chw>> {
  %y = dsconv.linear "fc"(%x, %w, %b) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> {tile = #dsconv.tile<2, 1, 1, weights>} : (tensor<1x2x1x1xsi8, #dsconv.layout<chw>>, tensor<2x2xsi8>, tensor<2xi32>) -> tensor<1x2x1x1xsi8, #dsconv.layout<chw>>
  func.return %y : tensor<1x2x1x1xsi8, #dsconv.layout<chw>>
}
// CHECK: weights come from a dsconv.constant
