// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

%x = "test.op"() : () -> tensor<1x6x4x4xsi8>
%y = dsconv.depth_to_space "shuffle1"(%x) block [2, 2] : (tensor<1x6x4x4xsi8>) -> tensor<1x1x8x8xsi8>
// CHECK: Operation does not verify: 6 channels are not blocks of 2x2

// -----

%x = "test.op"() : () -> tensor<1x8x4x4xsi8>
%y = dsconv.depth_to_space "shuffle1"(%x) block [2] : (tensor<1x8x4x4xsi8>) -> tensor<1x2x8x8xsi8>
// CHECK: Operation does not verify: a block has rows and columns, at least one of each

// -----

%x = "test.op"() : () -> tensor<1x8x4x4xsi8>
%y = dsconv.depth_to_space "shuffle1"(%x) block [0, 2] : (tensor<1x8x4x4xsi8>) -> tensor<1x2x8x8xsi8>
// CHECK: Operation does not verify: a block has rows and columns, at least one of each

// -----

%x = "test.op"() : () -> tensor<1x8x4x4xsi8>
%y = dsconv.depth_to_space "shuffle1"(%x) block [2, 2] : (tensor<1x8x4x4xsi8>) -> tensor<1x2x4x8xsi8>
// CHECK: Operation does not verify: result has shape 1x2x4x8, expected 1x2x8x8

// -----

%x = "test.op"() : () -> tensor<1x8x4x4xsi8>
%y = dsconv.depth_to_space "shuffle1"(%x) block [2, 2] : (tensor<1x8x4x4xsi8>) -> tensor<1x2x8x8xui8>
// CHECK: Operation does not verify: inputs and result of dsconv.depth_to_space have the same elements

// -----

%x = "test.op"() : () -> tensor<8x4x4xsi8>
%y = dsconv.depth_to_space "shuffle1"(%x) block [2, 2] : (tensor<8x4x4xsi8>) -> tensor<1x2x8x8xsi8>
// CHECK: Operation does not verify: input has shape 1xCxHxW with static sizes, got tensor<8x4x4xsi8>
