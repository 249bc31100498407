// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

%a, %b = "test.op"() : () -> (tensor<1x2x4x4xi8>, tensor<1x2x4x4xsi8>)
%y = dsconv.mul "mul1"(%a, %b) requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> {zero_points = array<i32: 0, 0>} : (tensor<1x2x4x4xi8>, tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: lhs has elements si8 or ui8 or i32, got i8

// -----

%a, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<1x2x4x2xsi8>)
%y = dsconv.mul "mul1"(%a, %b) requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> {zero_points = array<i32: 0, 0>} : (tensor<1x2x4x4xsi8>, tensor<1x2x4x2xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: rhs has shape 1x2x4x2, expected 1x2x4x4

// -----

%a, %b = "test.op"() : () -> (tensor<1x2x1x1xsi8>, tensor<1x2x4x4xsi8>)
%y = dsconv.mul "mul1"(%a, %b) requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> {zero_points = array<i32: 0, 0>} : (tensor<1x2x1x1xsi8>, tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: lhs has shape 1x2x1x1, expected 1x2x4x4

// -----

%a, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<1x2x4x4xsi8>)
%y = dsconv.mul "mul1"(%a, %b) requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> {zero_points = array<i32: 1>} : (tensor<1x2x4x4xsi8>, tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: dsconv.mul has two zero points, not 1

// -----

%a, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<1x2x4x4xsi8>)
%y = dsconv.mul "mul1"(%a, %b) requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> {zero_points = array<i32: 0, 200>} : (tensor<1x2x4x4xsi8>, tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: zero point of rhs 200 does not fit si8

// -----

%a, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<1x2x4x4xsi8>)
%y = dsconv.mul "mul1"(%a, %b) requant <multiplier = [1, 2], shift = [0], half_even, clip = [-128, 127]> {zero_points = array<i32: 0, 0>} : (tensor<1x2x4x4xsi8>, tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: layers without weights have one requantisation for all channels
