// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

%x = "test.op"() : () -> tensor<2x4x4xsi8>
%t = dsconv.constant dense<1> : tensor<1x256xsi8>
%y = dsconv.lookup "swish1"(%x, %t) : (tensor<2x4x4xsi8>, tensor<1x256xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: input has shape 1xCxHxW with static sizes, got tensor<2x4x4xsi8>

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%t = dsconv.constant dense<1> : tensor<1x256xsi8>
%y = dsconv.lookup "swish1"(%x, %t) : (tensor<1x2x4x4xsi8>, tensor<1x256xsi8>) -> tensor<1x2x4x2xsi8>
// CHECK: Operation does not verify: result has shape 1x2x4x2, expected 1x2x4x4

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%t = dsconv.constant dense<1> : tensor<3x256xsi8>
%y = dsconv.lookup "swish1"(%x, %t) : (tensor<1x2x4x4xsi8>, tensor<3x256xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: tables have shape 1x256 or 2x256, got tensor<3x256xsi8>

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%t = dsconv.constant dense<1> : tensor<1x128xsi8>
%y = dsconv.lookup "swish1"(%x, %t) : (tensor<1x2x4x4xsi8>, tensor<1x128xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: tables have shape 1x256 or 2x256, got tensor<1x128xsi8>

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%t = dsconv.constant dense<1> : tensor<1x256xui8>
%y = dsconv.lookup "swish1"(%x, %t) : (tensor<1x2x4x4xsi8>, tensor<1x256xui8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: tables and result have the same elements
