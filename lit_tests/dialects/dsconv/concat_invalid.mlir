// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

%a, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<1x2x4x3xsi8>)
%y = dsconv.concat "join1"(%a, %b) : (tensor<1x2x4x4xsi8>, tensor<1x2x4x3xsi8>) -> tensor<1x4x4x4xsi8>
// CHECK: Operation does not verify: input has shape 1x2x4x3, expected 1x2x4x4

// -----

%a, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<1x2x4x4xsi8>)
%y = dsconv.concat "join1"(%a, %b) : (tensor<1x2x4x4xsi8>, tensor<1x2x4x4xsi8>) -> tensor<1x5x4x4xsi8>
// CHECK: Operation does not verify: result has shape 1x5x4x4, expected 1x4x4x4

// -----

%a, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<1x2x4x4xui8>)
%y = dsconv.concat "join1"(%a, %b) : (tensor<1x2x4x4xsi8>, tensor<1x2x4x4xui8>) -> tensor<1x4x4x4xsi8>
// CHECK: Operation does not verify: inputs and result of dsconv.concat have the same elements

// -----

%a, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<1x2x4x4xsi8>)
%y = dsconv.concat "join1"(%a, %b) {tile = #dsconv.tile<2, 4, 4, weights>} : (tensor<1x2x4x4xsi8>, tensor<1x2x4x4xsi8>) -> tensor<1x4x4x4xsi8>
// CHECK: Operation does not verify: a tile of a concat has all channels

// -----

%y = dsconv.concat "join1"() : () -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: a concat has inputs
