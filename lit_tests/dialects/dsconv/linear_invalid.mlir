// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

%x, %w, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<3x16xsi8>, tensor<3xi32>)
%y = dsconv.linear "linear1"(%x, %w, %b) requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>, tensor<3x16xsi8>, tensor<3xi32>) -> tensor<1x3x1x1xsi8>
// CHECK: Operation does not verify: weights have shape 3x16, expected 3x32

// -----

%x, %w, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<3x32xsi8>, tensor<3xi32>)
%y = dsconv.linear "linear1"(%x, %w, %b) requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>, tensor<3x32xsi8>, tensor<3xi32>) -> tensor<1x3x4x4xsi8>
// CHECK: Operation does not verify: result has shape 1x3x4x4, expected 1x3x1x1

// -----

%x, %w, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<3x32xsi8>, tensor<3xi32>)
%y = dsconv.linear "linear1"(%x, %w, %b) requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>, tensor<3x32xsi8>, tensor<3xi32>) -> tensor<1x3xsi8>
// CHECK: Operation does not verify: result has shape 1xCxHxW with static sizes, got tensor<1x3xsi8>

// -----

%x, %w, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<3x32xsi8>, tensor<3xi32>)
%y = dsconv.linear "linear1"(%x, %w, %b) requant <multiplier = [3], shift = [0], floor, clip = [-2147483648, 2147483647]> : (tensor<1x2x4x4xsi8>, tensor<3x32xsi8>, tensor<3xi32>) -> tensor<1x3x1x1xi32>
// CHECK: Operation does not verify: accumulators of i32 are not requantised, only clipped

// -----

%x, %w, %b = "test.op"() : () -> (tensor<1x2x4x4xi32>, tensor<3x32xsi8>, tensor<3xi32>)
%y = dsconv.linear "linear1"(%x, %w, %b) requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xi32>, tensor<3x32xsi8>, tensor<3xi32>) -> tensor<1x3x1x1xsi8>
// CHECK: Operation does not verify: input has elements si8 or ui8, got i32
