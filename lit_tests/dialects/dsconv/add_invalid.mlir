// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

%a, %b = "test.op"() : () -> (tensor<1x2x4x4xi8>, tensor<1x2x4x4xsi8>)
%y = dsconv.add "add1"(%a, %b) requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> {multipliers = array<i32: 1, 1>, zero_points = array<i32: 0, 0>} : (tensor<1x2x4x4xi8>, tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: lhs has elements si8 or ui8, got i8

// -----

%a, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<1x2x4x5xsi8>)
%y = dsconv.add "add1"(%a, %b) requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> {multipliers = array<i32: 1, 1>, zero_points = array<i32: 0, 0>} : (tensor<1x2x4x4xsi8>, tensor<1x2x4x5xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: rhs has shape 1x2x4x5, expected 1x2x4x4

// -----

%a, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<1x2x4x4xsi8>)
%y = dsconv.add "add1"(%a, %b) requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> {multipliers = array<i32: 1, 1>, zero_points = array<i32: 0, 0>} : (tensor<1x2x4x4xsi8>, tensor<1x2x4x4xsi8>) -> tensor<1x2x4xsi8>
// CHECK: Operation does not verify: result has shape 1xCxHxW with static sizes, got tensor<1x2x4xsi8>

// -----

%a, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<1x2x4x4xsi8>)
%y = dsconv.add "add1"(%a, %b) requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> {multipliers = array<i32: 1>, zero_points = array<i32: 0, 0>} : (tensor<1x2x4x4xsi8>, tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: dsconv.add has two multipliers, not 1

// -----

%a, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<1x2x4x4xsi8>)
%y = dsconv.add "add1"(%a, %b) requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> {multipliers = array<i32: 1, 1>, zero_points = array<i32: 1, 2, 3>} : (tensor<1x2x4x4xsi8>, tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: dsconv.add has two zero points, not 3

// -----

%a, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<1x2x4x4xsi8>)
%y = dsconv.add "add1"(%a, %b) requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> {multipliers = array<i32: 1, 1>, zero_points = array<i32: 0, 128>} : (tensor<1x2x4x4xsi8>, tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: zero point of rhs 128 does not fit si8

// -----

%a, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<1x2x4x4xsi8>)
%y = dsconv.add "add1"(%a, %b) requant <multiplier = [1, 2], shift = [0], half_even, clip = [-128, 127]> {multipliers = array<i32: 1, 1>, zero_points = array<i32: 0, 0>} : (tensor<1x2x4x4xsi8>, tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: layers without weights have one requantisation for all channels

// -----

%a, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<1x2x4x4xsi8>)
%y = dsconv.add "add1"(%a, %b) requant <multiplier = [1], shift = [0], half_even, clip = [0, 255]> {multipliers = array<i32: 1, 1>, zero_points = array<i32: 0, 0>} : (tensor<1x2x4x4xsi8>, tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: clip range [0, 255] does not fit si8

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = "dsconv.add"(%x, %x) {layer = "add1", requant = #dsconv.requant<multiplier = [1], shift = [0], half_even, clip = [-128, 127]>, zero_points = array<i32: 0, 0>} : (tensor<1x2x4x4xsi8>, tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: property 'multipliers' expected in operation 'dsconv.add'

// -----

%a, %b = "test.op"() : () -> (tensor<1x1x4x4xsi8>, tensor<1x2x4x4xsi8>)
%y = dsconv.add "add1"(%a, %b) requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> {multipliers = array<i32: 1, 1>, zero_points = array<i32: 0, 0>} : (tensor<1x1x4x4xsi8>, tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: lhs has shape 1x1x4x4, expected 1x2x4x4

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.add "add1"(%x, %x) requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> {multipliers = array<i32: 1, 1>, zero_points = array<i32: 0, 0>, terms = [#dsconv.requant<multiplier = [3], shift = [31], twice, clip = [-2147483648, 2147483647]>]} : (tensor<1x2x4x4xsi8>, tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: dsconv.add has two terms, not 1

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.add "add1"(%x, %x) requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> {multipliers = array<i32: 1, 1>, zero_points = array<i32: 0, 0>, terms = [#dsconv.requant<multiplier = [3], shift = [31], twice, clip = [-2147483648, 2147483647]>, #dsconv.requant<multiplier = [3, 4], shift = [31], twice, clip = [-2147483648, 2147483647]>]} : (tensor<1x2x4x4xsi8>, tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: a term of dsconv.add is the same for all channels
