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
%y = dsconv.rescale "scale1"(%x) requant <multiplier = [1, 2, 3], shift = [0], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: requantisation has 3 channels, the result has 2

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.rescale "scale1"(%x) requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xui8>
// CHECK: Operation does not verify: clip range [-128, 127] does not fit ui8
