// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

%x = "test.op"() : () -> tensor<1x2x4x4xi32>
%y = dsconv.avg_pool "pool1"(%x) window <kernel = [2, 2]> requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xi32>) -> tensor<1x2x3x3xsi8>
// CHECK: Operation does not verify: sums of i32 give sums of i32

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.avg_pool "pool1"(%x) window <kernel = [2, 2]> requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>) -> tensor<1x3x3x3xsi8>
// CHECK: Operation does not verify: result has shape 1x3x3x3, expected 1x2x3x3

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.avg_pool "pool1"(%x) window <kernel = [2, 2]> requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: result has shape 1x2x4x4, expected 1x2x3x3

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.avg_pool "pool1"(%x) window <kernel = [2, 2]> requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> {input_zero_point = 255 : i32} : (tensor<1x2x4x4xsi8>) -> tensor<1x2x3x3xsi8>
// CHECK: Operation does not verify: input zero point 255 does not fit si8

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.avg_pool "pool1"(%x) window <kernel = [2, 2]> requant <multiplier = [1, 2], shift = [0], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>) -> tensor<1x2x3x3xsi8>
// CHECK: Operation does not verify: layers without weights have one requantisation for all channels

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.avg_pool "pool1"(%x) window <kernel = [2, 2]> requant <multiplier = [1], shift = [0], half_even, clip = [0, 128]> : (tensor<1x2x4x4xsi8>) -> tensor<1x2x3x3xsi8>
// CHECK: Operation does not verify: clip range [0, 128] does not fit si8

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.avg_pool "pool1"(%x) window <kernel = [2, 2], dilations = [1, 4]> requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>) -> tensor<1x2x3x1xsi8>
// CHECK: Operation does not verify: a window of 2x5 does not fit a map of 4x4, padding included

// -----

%x = "test.op"() : () -> tensor<1x2x3x3xui8>
%y = dsconv.avg_pool "pool1"(%x) window <kernel = [2, 2], pads = [1, 1, 1, 1]> requant <multiplier = [1], shift = [62], half_even, clip = [0, 255]> {counted_pads = array<i64: 2, 0, 0, 0>} : (tensor<1x2x3x3xui8>) -> tensor<1x2x4x4xui8>
// CHECK: Operation does not verify: counted pads [2, 0, 0, 0] are no part of the pads [1, 1, 1, 1]

// -----

%x = "test.op"() : () -> tensor<1x2x3x3xui8>
%y = dsconv.avg_pool "pool1"(%x) window <kernel = [2, 2], pads = [1, 1, 1, 1]> requant <multiplier = [1], shift = [62], half_even, clip = [0, 255]> {counted_pads = array<i64: 0, 0>} : (tensor<1x2x3x3xui8>) -> tensor<1x2x4x4xui8>
// CHECK: Operation does not verify: counted pads [0, 0] are no part of the pads [1, 1, 1, 1]

// -----

%x = "test.op"() : () -> tensor<1x2x3x3xui8>
%y = dsconv.avg_pool "pool1"(%x) window <kernel = [2, 2], pads = [1, 1, 1, 1]> requant <multiplier = [1], shift = [62], half_even, clip = [0, 255]> {counted_pads = array<i64: 0, 0, 0, 0> } : (tensor<1x2x3x3xui8>) -> tensor<1x2x4x4xui8>
// CHECK: Operation does not verify: the divisor times the window's size does not fit 64 bits

// -----

%x = "test.op"() : () -> tensor<1x2x3x3xui8>
%y = dsconv.avg_pool "pool1"(%x) window <kernel = [1, 1], pads = [1, 1, 1, 1]> requant <multiplier = [1], shift = [62], half_even, clip = [0, 255]> {counted_pads = array<i64: 0, 0, 0, 0>} : (tensor<1x2x3x3xui8>) -> tensor<1x2x5x5xui8>
// CHECK: Operation does not verify: a window of an average has at least one pixel that counts

// -----

%x = "test.op"() : () -> tensor<1x2x3x3xui8>
%y = dsconv.avg_pool "pool1"(%x) window <kernel = [2, 2], pads = [1, 1, 1, 1]> requant <multiplier = [1], shift = [0], half_even, clip = [0, 255]> {counted_pads = array<i64: 0, 0, 0, 0>, narrow = #dsconv.narrow_requant<high = [1], addend = 0, shift = 0, clip = [0, 255]>} : (tensor<1x2x3x3xui8>) -> tensor<1x2x4x4xui8>
// CHECK: Operation does not verify: an average of varying divisors has no narrow requantisation

// -----

%x = "test.op"() : () -> tensor<1x2x3x3xui8>
%y = dsconv.avg_pool "pool1"(%x) window <kernel = [2, 2], pads = [1, 1, 1, 1]> requant <multiplier = [1], shift = [2], twice, clip = [0, 255]> {counted_pads = array<i64: 0, 0, 0, 0>} : (tensor<1x2x3x3xui8>) -> tensor<1x2x4x4xui8>
// CHECK: Operation does not verify: an average of varying divisors is rounded once
