// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

%x, %w, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<2x2x3x3xsi8>, tensor<2xi32>)
%y = dsconv.depthwise "depthwise1"(%x, %w, %b) window <kernel = [3, 3]> requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>, tensor<2x2x3x3xsi8>, tensor<2xi32>) -> tensor<1x2x2x2xsi8>
// CHECK: Operation does not verify: weights have shape 2x2x3x3, expected 2x1x3x3

// -----

%x, %w, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<2x1x3x3xsi8>, tensor<2xi32>)
%y = dsconv.depthwise "depthwise1"(%x, %w, %b) window <kernel = [3, 3]> requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>, tensor<2x1x3x3xsi8>, tensor<2xi32>) -> tensor<1x4x2x2xsi8>
// CHECK: Operation does not verify: result has shape 1x4x2x2, expected 1x2x2x2

// -----

%x, %w, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<2x1x3x3xsi8>, tensor<2xi32>)
%y = dsconv.depthwise "depthwise1"(%x, %w, %b) window <kernel = [3, 3], strides = [2, 2]> requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>, tensor<2x1x3x3xsi8>, tensor<2xi32>) -> tensor<1x2x2x2xsi8>
// CHECK: Operation does not verify: result has shape 1x2x2x2, expected 1x2x1x1

// -----

%x, %w, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<2x1x3x3xsi8>, tensor<1xi32>)
%y = dsconv.depthwise "depthwise1"(%x, %w, %b) window <kernel = [3, 3]> requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>, tensor<2x1x3x3xsi8>, tensor<1xi32>) -> tensor<1x2x2x2xsi8>
// CHECK: Operation does not verify: bias has shape 1, expected 2
