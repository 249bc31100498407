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
// CHECK: output 0 of network "net" has no layout; write #dsconv.layout<chw> or <hwc> to its type, as the caller has the bytes

// -----

func.func @net(%x: tensor<1x2x2x2xsi8, #dsconv.layout<chw>>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>> {
  %y = dsconv.rescale "scale"(%x) requant <multiplier = [1], shift = [1], half_even, clip = [-128, 127]> {tile = #dsconv.tile<2, 2, 2, weights>} : (tensor<1x2x2x2xsi8, #dsconv.layout<chw>>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
  %z = "test.op"(%y) : (tensor<1x2x2x2xsi8, #dsconv.layout<chw>>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
  func.return %z : tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
}
// CHECK: test.op in network "net" cannot be tiled

// -----

func.func @net(%x: tensor<1x2x1x1xsi8, #dsconv.layout<chw>>, %w: tensor<2x2xsi8>, %b: tensor<2xi32>) -> tensor<1x2x1x1xsi8, #dsconv.layout<chw>> {
  %y = dsconv.linear "fc"(%x, %w, %b) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> {tile = #dsconv.tile<2, 1, 1, weights>} : (tensor<1x2x1x1xsi8, #dsconv.layout<chw>>, tensor<2x2xsi8>, tensor<2xi32>) -> tensor<1x2x1x1xsi8, #dsconv.layout<chw>>
  func.return %y : tensor<1x2x1x1xsi8, #dsconv.layout<chw>>
}
// CHECK: layer "fc" takes its weights from a dsconv.constant

// -----

func.func @net(%x: tensor<1x2x2x2xsi8>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>> {
  %y = dsconv.rescale "scale"(%x) requant <multiplier = [1], shift = [1], half_even, clip = [-128, 127]> {tile = #dsconv.tile<2, 2, 2, weights>} : (tensor<1x2x2x2xsi8>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
  func.return %y : tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
}
// CHECK: input 0 of network "net" has no layout; write #dsconv.layout<chw> or <hwc> to its type, as the caller has the bytes

// -----

func.func @net(%x: tensor<1x2x2x2xsi8, #dsconv.layout<chw>>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>> {
  %y = dsconv.rescale "one"(%x) requant <multiplier = [1], shift = [1], half_even, clip = [-128, 127]> {tile = #dsconv.tile<2, 2, 2, weights>} : (tensor<1x2x2x2xsi8, #dsconv.layout<chw>>) -> tensor<1x2x2x2xsi8>
  %z = dsconv.rescale "two"(%y) requant <multiplier = [1], shift = [1], half_even, clip = [-128, 127]> {tile = #dsconv.tile<2, 2, 2, weights>} : (tensor<1x2x2x2xsi8>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
  func.return %z : tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
}
// CHECK: output of layer "one" has no layout; run select-layout before

// -----

func.func @net(%x: tensor<1x2x2x2xsi8, #dsconv.layout<chw>>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>> {
  %y = dsconv.rescale "scale"(%x) requant <multiplier = [1], shift = [1], half_even, clip = [-128, 127]> {tile = #dsconv.tile<2, 2, 2, weights>} : (tensor<1x2x2x2xsi8, #dsconv.layout<chw>>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
  "test.op"(%y) : (tensor<1x2x2x2xsi8, #dsconv.layout<chw>>) -> ()
  func.return %y : tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
}
// CHECK: test.op in network "net" cannot be tiled

// -----

// An argument has no layer that would write the output.
func.func @net(%x: tensor<1x2x2x2xsi8, #dsconv.layout<chw>>) -> (tensor<1x2x2x2xsi8, #dsconv.layout<chw>>, tensor<1x2x2x2xsi8, #dsconv.layout<chw>>) {
  %y = dsconv.rescale "scale"(%x) requant <multiplier = [1], shift = [1], half_even, clip = [-128, 127]> {tile = #dsconv.tile<2, 2, 2, weights>} : (tensor<1x2x2x2xsi8, #dsconv.layout<chw>>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
  func.return %x, %y : tensor<1x2x2x2xsi8, #dsconv.layout<chw>>, tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
}
// CHECK: output 0 of network "net" is not made by a layer

// -----

func.func @net(%x: tensor<1x2x2x2xsi8, #dsconv.layout<chw>>) -> (tensor<1x2x2x2xsi8, #dsconv.layout<chw>>, tensor<1x2x2x2xsi8, #dsconv.layout<chw>>) {
  %y = dsconv.rescale "scale"(%x) requant <multiplier = [1], shift = [1], half_even, clip = [-128, 127]> {tile = #dsconv.tile<2, 2, 2, weights>} : (tensor<1x2x2x2xsi8, #dsconv.layout<chw>>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
  func.return %y, %y : tensor<1x2x2x2xsi8, #dsconv.layout<chw>>, tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
}
// CHECK: network "net" returns a value twice; a layer makes one output

// -----

func.func @net() -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>> {
  %x = dsconv.constant dense<1> : tensor<1x2x2x2xsi8>
  %y = dsconv.rescale "scale"(%x) requant <multiplier = [1], shift = [1], half_even, clip = [-128, 127]> {tile = #dsconv.tile<2, 2, 2, weights>} : (tensor<1x2x2x2xsi8>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
  func.return %y : tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
}
// CHECK: an activation of layer "scale" is a constant

// -----

func.func @net(%x: tensor<1x2x2x2xsi8, #dsconv.layout<chw>>, %c: i1) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>> {
  cf.cond_br %c, ^scaled, ^same
^scaled:
  %y = dsconv.rescale "scale"(%x) requant <multiplier = [1], shift = [1], half_even, clip = [-128, 127]> {tile = #dsconv.tile<2, 2, 2, weights>} : (tensor<1x2x2x2xsi8, #dsconv.layout<chw>>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
  func.return %y : tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
^same:
  func.return %x : tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
}
// CHECK: network "net" has 3 blocks; layers come one after the other in a single block

// -----

func.func @net(%x: tensor<1x2x2x2xsi8, #dsconv.layout<chw>>) {
  %y = dsconv.rescale "scale"(%x) requant <multiplier = [1], shift = [1], half_even, clip = [-128, 127]> {tile = #dsconv.tile<2, 2, 2, weights>} : (tensor<1x2x2x2xsi8, #dsconv.layout<chw>>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
  "test.termop"() : () -> ()
}
// CHECK: network "net" does not end with func.return

// -----

func.func @net(%x: tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>) -> tensor<1x4x2x2xsi8, #dsconv.layout<hwc>> {
  %w = dsconv.constant dense<1> : tensor<4x4xsi8>
  %b = dsconv.constant dense<0> : tensor<4xi32>
  %y = dsconv.fused "add" along "rows" attributes {tile = #dsconv.tile<4, 1, 2, weights>} {
    %1 = dsconv.pointwise "a"(%x, %w, %b) requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>, tensor<4x4xsi8>, tensor<4xi32>) -> tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>
    %2 = dsconv.pointwise "b"(%1, %w, %b) requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>, tensor<4x4xsi8>, tensor<4xi32>) -> tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>
    %3 = dsconv.add "add"(%2, %1) requant <multiplier = [1], shift = [1], half_even, clip = [-128, 127]> {multipliers = array<i32: 1, 1>, zero_points = array<i32: 0, 0>} : (tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>, tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>) -> tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>
    dsconv.yield %3 : tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>
  } : tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>
  func.return %y : tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>
}
// CHECK: fused layer "add": "add" reads a layer of the chain that is not the one before it
