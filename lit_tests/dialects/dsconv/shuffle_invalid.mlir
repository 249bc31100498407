// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

%x = "test.op"() : () -> tensor<1x6x4x4xsi8>
%y = dsconv.shuffle "shuffle1"(%x) groups 4 : (tensor<1x6x4x4xsi8>) -> tensor<1x6x4x4xsi8>
// CHECK: Operation does not verify: 6 channels are not 4 groups of one size

// -----

%x = "test.op"() : () -> tensor<1x6x4x4xsi8>
%y = dsconv.shuffle "shuffle1"(%x) groups 2 : (tensor<1x6x4x4xsi8>) -> tensor<1x6x4x3xsi8>
// CHECK: Operation does not verify: result has shape 1x6x4x3, expected 1x6x4x4

// -----

%x = "test.op"() : () -> tensor<1x6x4x4xsi8>
%y = dsconv.shuffle "shuffle1"(%x) groups 2 {tile = #dsconv.tile<2, 4, 4, weights>} : (tensor<1x6x4x4xsi8>) -> tensor<1x6x4x4xsi8>
// CHECK: Operation does not verify: a tile of a shuffle has all channels

// -----

%x = "test.op"() : () -> tensor<1x6x4x4xsi8>
%y = dsconv.shuffle "shuffle1"(%x) groups 2 : (tensor<1x6x4x4xsi8>) -> tensor<1x6x4x4xui8>
// CHECK: Operation does not verify: inputs and result of dsconv.shuffle have the same elements
