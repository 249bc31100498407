// RUN: xdsl-opt %s --verify-diagnostics --split-input-file | filecheck %s

%x = "test.op"() : () -> tensor<1x2x4x4xi32>
%w = dsconv.constant dense<1> : tensor<1x3xi64>
%t = dsconv.constant dense<1> : tensor<1x1xi64>
%v = dsconv.constant dense<1> : tensor<1x2xsi8>
%y = dsconv.sum_steps "add1"(%x) weights %w thresholds %t values %v : (tensor<1x2x4x4xi32>, tensor<1x3xi64>, tensor<1x1xi64>, tensor<1x2xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: weights have shape 1x2 or 2x2 and elements i64, got tensor<1x3xi64>

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xi32>
%b = "test.op"() : () -> tensor<1x2x2x4xi32>
%w = dsconv.constant dense<1> : tensor<1x3xi64>
%t = dsconv.constant dense<1> : tensor<1x1xi64>
%v = dsconv.constant dense<1> : tensor<1x2xsi8>
%y = dsconv.sum_steps "add1"(%x, %b) weights %w thresholds %t values %v : (tensor<1x2x4x4xi32>, tensor<1x2x2x4xi32>, tensor<1x3xi64>, tensor<1x1xi64>, tensor<1x2xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: input has shape 1x2x2x4, expected 1x2x4x4

// -----

%x = "test.op"() : () -> tensor<1x1x4x4xi32>
%w = dsconv.constant dense<1> : tensor<1x2xi64>
%t = dsconv.constant dense<1> : tensor<1x1xi64>
%v = dsconv.constant dense<1> : tensor<1x2xsi8>
%y = dsconv.sum_steps "add1"(%x) weights %w thresholds %t values %v : (tensor<1x1x4x4xi32>, tensor<1x2xi64>, tensor<1x1xi64>, tensor<1x2xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: first input has shape 1x1x4x4, expected 1x2x4x4

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xi32>
%w = dsconv.constant dense<1> : tensor<1x2xi64>
%t = dsconv.constant dense<1> : tensor<1x1xi32>
%v = dsconv.constant dense<1> : tensor<1x2xsi8>
%y = dsconv.sum_steps "add1"(%x) weights %w thresholds %t values %v : (tensor<1x2x4x4xi32>, tensor<1x2xi64>, tensor<1x1xi32>, tensor<1x2xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: thresholds have shape 1x1 and elements i64, got tensor<1x1xi32>

// -----

// One record has the weights of both channels.
%x = "test.op"() : () -> tensor<1x2x4x4xi32>
%w = dsconv.constant dense<1> : tensor<2x2xi64>
%t = dsconv.constant dense<1> : tensor<1x1xi64>
%v = dsconv.constant dense<1> : tensor<1x2xsi8>
%y = dsconv.sum_steps "add1"(%x) weights %w thresholds %t values %v {tile = #dsconv.tile<1, 4, 4, weights>} : (tensor<1x2x4x4xi32>, tensor<2x2xi64>, tensor<1x1xi64>, tensor<1x2xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK: Operation does not verify: a tile of this sum has all channels
