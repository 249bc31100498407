// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%t = dsconv.constant dense<1> : tensor<1x3xi32>
%v = dsconv.constant dense<1> : tensor<1x4xsi8>
%y = dsconv.steps "silu1"(%x, %t, %v) : (tensor<1x2x4x4xsi8>, tensor<1x3xi32>, tensor<1x4xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: input has elements i32, got si8

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xi32>
%t = dsconv.constant dense<1> : tensor<1x3xi32>
%v = dsconv.constant dense<1> : tensor<1x4xsi8>
%y = dsconv.steps "silu1"(%x, %t, %v) : (tensor<1x2x4x4xi32>, tensor<1x3xi32>, tensor<1x4xsi8>) -> tensor<1x2x4x2xsi8>
// CHECK: Operation does not verify: result has shape 1x2x4x2, expected 1x2x4x4

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xi32>
%t = dsconv.constant dense<1> : tensor<1x2xi32>
%v = dsconv.constant dense<1> : tensor<1x3xsi8>
%y = dsconv.steps "silu1"(%x, %t, %v) : (tensor<1x2x4x4xi32>, tensor<1x2xi32>, tensor<1x3xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: 3 values; a power of two has as many comparisons

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xi32>
%t = dsconv.constant dense<1> : tensor<3x3xi32>
%v = dsconv.constant dense<1> : tensor<3x4xsi8>
%y = dsconv.steps "silu1"(%x, %t, %v) : (tensor<1x2x4x4xi32>, tensor<3x3xi32>, tensor<3x4xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: values have shape 1x4 or 2x4, got tensor<3x4xsi8>

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xi32>
%t = dsconv.constant dense<1> : tensor<2x3xi32>
%v = dsconv.constant dense<1> : tensor<1x4xsi8>
%y = dsconv.steps "silu1"(%x, %t, %v) : (tensor<1x2x4x4xi32>, tensor<2x3xi32>, tensor<1x4xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: thresholds have shape 1x3 and elements i32, got tensor<2x3xi32>

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xi32>
%t = dsconv.constant dense<1> : tensor<1x3xi32>
%v = dsconv.constant dense<1> : tensor<1x4xui8>
%y = dsconv.steps "silu1"(%x, %t, %v) : (tensor<1x2x4x4xi32>, tensor<1x3xi32>, tensor<1x4xui8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: values and result have the same elements

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xi32>
%t = dsconv.constant dense<[[1, 0, 2]]> : tensor<1x3xi32>
%v = dsconv.constant dense<1> : tensor<1x4xsi8>
%y = dsconv.steps "silu1"(%x, %t, %v) : (tensor<1x2x4x4xi32>, tensor<1x3xi32>, tensor<1x4xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: thresholds are in rising order
