// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

%x, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<256x256xui8>)
%y = dsconv.pair_lookup "bits"(%x, %x, %b) : (tensor<1x2x4x4xsi8>, tensor<1x2x4x4xsi8>, tensor<256x256xui8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: the table is 256x32 of ui8, got tensor<256x256xui8>

// -----

%x, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<256x32xsi8>)
%y = dsconv.pair_lookup "bits"(%x, %x, %b) : (tensor<1x2x4x4xsi8>, tensor<1x2x4x4xsi8>, tensor<256x32xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: the table is 256x32 of ui8, got tensor<256x32xsi8>

// -----

%x, %z, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<1x2x4x2xsi8>, tensor<256x32xui8>)
%y = dsconv.pair_lookup "bits"(%x, %z, %b) : (tensor<1x2x4x4xsi8>, tensor<1x2x4x2xsi8>, tensor<256x32xui8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: rhs has shape 1x2x4x2, expected 1x2x4x4

// -----

%x, %b = "test.op"() : () -> (tensor<1x1x1x4xsi8>, tensor<256x32xui8>)
%y = dsconv.pair_lookup "bits"(%x, %x, %b) : (tensor<1x1x1x4xsi8>, tensor<1x1x1x4xsi8>, tensor<256x32xui8>) -> tensor<1x2x1x4xsi8>
// CHECK: Operation does not verify: lhs has shape 1x1x1x4, expected 1x2x1x4
