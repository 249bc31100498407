// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

%x, %w, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<2x3xsi8>, tensor<3xi32>)
%y = dsconv.pointwise "pointwise1"(%x, %w, %b) requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>, tensor<2x3xsi8>, tensor<3xi32>) -> tensor<1x3x4x4xsi8>
// CHECK: Operation does not verify: weights have shape 2x3, expected 3x2

// -----

%x, %w, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<3x2x1x1xsi8>, tensor<3xi32>)
%y = dsconv.pointwise "pointwise1"(%x, %w, %b) requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>, tensor<3x2x1x1xsi8>, tensor<3xi32>) -> tensor<1x3x4x4xsi8>
// CHECK: Operation does not verify: weights have shape 3x2x1x1, expected 3x2

// -----

%x, %w, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<3x2xsi8>, tensor<3xi32>)
%y = dsconv.pointwise "pointwise1"(%x, %w, %b) requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>, tensor<3x2xsi8>, tensor<3xi32>) -> tensor<1x3x2x2xsi8>
// CHECK: Operation does not verify: result has shape 1x3x2x2, expected 1x3x4x4

// -----

%x, %w, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<3x2xsi8>, tensor<3xi32>)
%y = dsconv.pointwise "pointwise1"(%x, %w, %b) requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> {narrow = #dsconv.narrow_requant<high = [1, 1], addend = 0, shift = 0, clip = [-128, 127]>} : (tensor<1x2x4x4xsi8>, tensor<3x2xsi8>, tensor<3xi32>) -> tensor<1x3x4x4xsi8>
// CHECK: Operation does not verify: requantisation has 2 channels, the result has 3

// -----

%x, %w, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<3x2xsi8>, tensor<3xi32>)
%y = dsconv.pointwise "pointwise1"(%x, %w, %b) requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> {narrow = #dsconv.narrow_requant<high = [1], addend = 0, shift = 0, clip = [0, 127]>} : (tensor<1x2x4x4xsi8>, tensor<3x2xsi8>, tensor<3xi32>) -> tensor<1x3x4x4xsi8>
// CHECK: Operation does not verify: narrow requantisation clips to [0, 127], the exact one to [-128, 127]
