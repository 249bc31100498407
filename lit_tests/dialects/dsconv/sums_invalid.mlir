// RUN: xdsl-opt %s --verify-diagnostics --split-input-file | filecheck %s

%x = "test.op"() : () -> tensor<1x2x4x4xi32>
%y = dsconv.avg_pool "pool1"(%x) window <kernel = [2, 2]> requant <multiplier = [1], shift = [2], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xi32>) -> tensor<1x2x3x3xsi8>
// CHECK: Operation does not verify: sums of i32 give sums of i32

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.avg_pool "pool1"(%x) window <kernel = [2, 2]> requant <multiplier = [1], shift = [2], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>) -> tensor<1x2x3x3xi32>
// CHECK: Operation does not verify: accumulators of i32 are not requantised, only clipped

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xi32>
%y = dsconv.avg_pool "pool1"(%x) window <kernel = [2, 2], pads = [1, 0, 0, 0]> requant <multiplier = [1], shift = [0], half_even, clip = [-2147483648, 2147483647]> {counted_pads = array<i64: 0, 0, 0, 0>} : (tensor<1x2x4x4xi32>) -> tensor<1x2x4x3xi32>
// CHECK: Operation does not verify: sums are not divided by the pixels that count

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xi32>
%y = dsconv.max_pool "pool1"(%x) window <kernel = [2, 2]> : (tensor<1x2x4x4xi32>) -> tensor<1x2x3x3xsi8>
// CHECK: Operation does not verify: input and result of a max pool have the same elements

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xi32>
%b = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.add "add1"(%x, %b) requant <multiplier = [1], shift = [2], half_even, clip = [-128, 127]> {multipliers = array<i32: 1, 1>, zero_points = array<i32: 0, 0>} : (tensor<1x2x4x4xi32>, tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: lhs has elements si8 or ui8, got i32
