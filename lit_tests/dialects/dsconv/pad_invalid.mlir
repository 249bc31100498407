// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.pad "pad1"(%x) pads [1, 1] value 0 : (tensor<1x2x4x4xsi8>) -> tensor<1x2x5x5xsi8>
// CHECK: Operation does not verify: four pads, none of them negative, are around a map

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.pad "pad1"(%x) pads [1, 1, -1, 1] value 0 : (tensor<1x2x4x4xsi8>) -> tensor<1x2x4x6xsi8>
// CHECK: Operation does not verify: four pads, none of them negative, are around a map

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.pad "pad1"(%x) pads [1, 1, 1, 1] value 0 : (tensor<1x2x4x4xsi8>) -> tensor<1x2x5x5xsi8>
// CHECK: Operation does not verify: result has shape 1x2x5x5, expected 1x2x6x6

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.pad "pad1"(%x) pads [1, 1, 1, 1] value 128 : (tensor<1x2x4x4xsi8>) -> tensor<1x2x6x6xsi8>
// CHECK: Operation does not verify: value of the padding 128 does not fit si8

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.pad "pad1"(%x) pads [1, 1, 1, 1] value 0 : (tensor<1x2x4x4xsi8>) -> tensor<1x2x6x6xui8>
// CHECK: Operation does not verify: inputs and result of dsconv.pad have the same elements
