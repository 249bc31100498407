// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

%x = "test.op"() : () -> tensor<1x2x4x4xi32>
%y = dsconv.avg_pool "pool1"(%x) window <kernel = [2, 2]> requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xi32>) -> tensor<1x2x3x3xsi8>
// CHECK: Operation does not verify: input has elements si8 or ui8, got i32

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
