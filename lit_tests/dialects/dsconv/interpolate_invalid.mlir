// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

%x = "test.op"() : () -> tensor<1x2x4x4xui8>
%y = dsconv.interpolate "up1"(%x) rows [2, -1] columns [1, 0, 1] requant <multiplier = [1], shift = [0], half_even, clip = [0, 255]> : (tensor<1x2x4x4xui8>) -> tensor<1x2x8x4xui8>
// CHECK: Operation does not verify: places have a step, an offset and parts, not 2

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xui8>
%y = dsconv.interpolate "up1"(%x) rows [2, -1, 0] columns [1, 0, 1] requant <multiplier = [1], shift = [0], half_even, clip = [0, 255]> : (tensor<1x2x4x4xui8>) -> tensor<1x2x8x4xui8>
// CHECK: Operation does not verify: places with step 2 of 0 parts

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xui8>
%y = dsconv.interpolate "up1"(%x) rows [2, -1, 4] columns [1, 0, 1] requant <multiplier = [1], shift = [0], half_even, clip = [0, 255]> : (tensor<1x2x4x4xui8>) -> tensor<1x3x8x4xui8>
// CHECK: Operation does not verify: result has shape 1x3x8x4, expected 1x2x8x4
