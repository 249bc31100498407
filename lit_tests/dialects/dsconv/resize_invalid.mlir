// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.resize "up1"(%x) : (tensor<1x2x4x4xsi8>) -> tensor<1x2x9x8xsi8>
// CHECK: Operation does not verify: result has shape 1x2x9x8, expected 1x2x8x8

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.resize "up1"(%x) : (tensor<1x2x4x4xsi8>) -> tensor<1x2x2x4xsi8>
// CHECK: Operation does not verify: result has shape 1x2x2x4, expected 1x2x4x4

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.resize "up1"(%x) : (tensor<1x2x4x4xsi8>) -> tensor<1x3x8x8xsi8>
// CHECK: Operation does not verify: result has shape 1x3x8x8, expected 1x2x8x8

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.resize "up1"(%x) : (tensor<1x2x4x4xsi8>) -> tensor<1x2x8x8xui8>
// CHECK: Operation does not verify: inputs and result of dsconv.resize have the same elements
