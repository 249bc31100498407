// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

%x = "test.op"() : () -> tensor<1x2x4x4xf32>
%y = dsconv.max_pool "pool1"(%x) window <kernel = [2, 2]> : (tensor<1x2x4x4xf32>) -> tensor<1x2x3x3xsi8>
// CHECK: Operation does not verify: input has elements si8 or ui8 or i32, got f32

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.max_pool "pool1"(%x) window <kernel = [2, 2]> : (tensor<1x2x4x4xsi8>) -> tensor<1x2x2x2xsi8>
// CHECK: Operation does not verify: result has shape 1x2x2x2, expected 1x2x3x3

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.max_pool "pool1"(%x) window <kernel = [2, 2]> : (tensor<1x2x4x4xsi8>) -> tensor<1x2x3x3xui8>
// CHECK: Operation does not verify: input and result of a max pool have the same elements

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.max_pool "pool1"(%x) window <kernel = [2, 2], pads = [2, 0, 0, 0]> : (tensor<1x2x4x4xsi8>) -> tensor<1x2x5x3xsi8>
// CHECK: Operation does not verify: a window of a max pool covers at least one pixel of the input

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.max_pool "pool1"(%x) window <kernel = [2, 2], pads = [0, 0, 0, 2]> : (tensor<1x2x4x4xsi8>) -> tensor<1x2x3x5xsi8>
// CHECK: Operation does not verify: a window of a max pool covers at least one pixel of the input
