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
// CHECK: Operation does not verify: a tile of this concat has all channels

// -----

%a, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<1x2x3x4xsi8>)
%y = dsconv.concat "join1"(%a, %b) {axis = 2 : i64, tile = #dsconv.tile<2, 4, 4, weights>} : (tensor<1x2x4x4xsi8>, tensor<1x2x3x4xsi8>) -> tensor<1x2x7x4xsi8>
// CHECK: Operation does not verify: a tile of this concat has all rows

// -----

%a, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<1x2x3x4xsi8>)
%y = dsconv.concat "join1"(%a, %b) {axis = 3 : i64} : (tensor<1x2x4x4xsi8>, tensor<1x2x3x4xsi8>) -> tensor<1x2x4x8xsi8>
// CHECK: Operation does not verify: input has shape 1x2x3x4, expected 1x2x4x4

// -----

%a = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.concat "join1"(%a) {axis = 0 : i64} : (tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: a concat is along axis 1, 2 or 3, not 0

// -----

%y = dsconv.concat "join1"() : () -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: a concat has inputs
