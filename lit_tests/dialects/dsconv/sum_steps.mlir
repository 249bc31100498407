// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%a = "test.op"() : () -> tensor<1x2x3x3xi32>
%b = "test.op"() : () -> tensor<1x2x1x1xui8>
%w = dsconv.constant dense<[[3, -7, 12], [5, -7, 0]]> : tensor<2x3xi64>
%t = dsconv.constant dense<[[-5, 0, 70000000000]]> : tensor<1x3xi64>
%v = dsconv.constant dense<[[0, 1, 9, 8]]> : tensor<1x4xui8>
%w1 = dsconv.constant dense<[[2, 1]]> : tensor<1x2xi64>
%t2 = dsconv.constant dense<[[-5], [3]]> : tensor<2x1xi64>
%v2 = dsconv.constant dense<[[-1, 1], [2, 2]]> : tensor<2x2xsi8>

%sum = dsconv.sum_steps "add1"(%a, %b) weights %w thresholds %t values %v : (tensor<1x2x3x3xi32>, tensor<1x2x1x1xui8>, tensor<2x3xi64>, tensor<1x3xi64>, tensor<1x4xui8>) -> tensor<1x2x3x3xui8>
// CHECK: %sum = dsconv.sum_steps "add1"(%a, %b) weights %w thresholds %t values %v : (tensor<1x2x3x3xi32>, tensor<1x2x1x1xui8>, tensor<2x3xi64>, tensor<1x3xi64>, tensor<1x4xui8>) -> tensor<1x2x3x3xui8>
// GENERIC: %sum = "dsconv.sum_steps"(%a, %b, %w, %t, %v) <{layer = "add1"}> : (tensor<1x2x3x3xi32>, tensor<1x2x1x1xui8>, tensor<2x3xi64>, tensor<1x3xi64>, tensor<1x4xui8>) -> tensor<1x2x3x3xui8>

%each = dsconv.sum_steps "prelu1"(%a) weights %w1 thresholds %t2 values %v2 {tile = #dsconv.tile<1, 3, 3, weights>} : (tensor<1x2x3x3xi32>, tensor<1x2xi64>, tensor<2x1xi64>, tensor<2x2xsi8>) -> tensor<1x2x3x3xsi8, #dsconv.layout<hwc>>
// CHECK: %each = dsconv.sum_steps "prelu1"(%a) weights %w1 thresholds %t2 values %v2 {tile = #dsconv.tile<1, 3, 3, weights>} : (tensor<1x2x3x3xi32>, tensor<1x2xi64>, tensor<2x1xi64>, tensor<2x2xsi8>) -> tensor<1x2x3x3xsi8, #dsconv.layout<hwc>>
