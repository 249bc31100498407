// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

%x = "test.op"() : () -> tensor<2x4x4xsi8>
%y = dsconv.rescale "scale1"(%x) requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> : (tensor<2x4x4xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: input has shape 1xCxHxW with static sizes, got tensor<2x4x4xsi8>

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.rescale "scale1"(%x) requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>) -> tensor<1x2x4x2xsi8>
// CHECK: Operation does not verify: result has shape 1x2x4x2, expected 1x2x4x4

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.rescale "scale1"(%x) requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> {input_zero_point = -129 : i32} : (tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: input zero point -129 does not fit si8

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.rescale "scale1"(%x) requant <multiplier = [1, 2], shift = [0], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: layers without weights have one requantisation for all channels

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.rescale "scale1"(%x) requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xui8>
// CHECK: Operation does not verify: clip range [-128, 127] does not fit ui8

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.rescale "scale1"(%x) requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> {narrow = #dsconv.narrow_requant<high = [1, 2], addend = 0, shift = 0, clip = [-128, 127]>} : (tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: layers without weights have one requantisation for all channels

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.rescale "scale1"(%x) requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> {tile = #dsconv.tile<3, 4, 4, weights>} : (tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: a tile of 3x4x4 is larger than the result, 2x4x4

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.rescale "scale1"(%x) requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> {tile = #dsconv.tile<2, 5, 4, weights>} : (tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: a tile of 2x5x4 is larger than the result, 2x4x4

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.rescale "scale1"(%x) requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> {tile = #dsconv.tile<2, 4, 5, weights>} : (tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: a tile of 2x4x5 is larger than the result, 2x4x4
