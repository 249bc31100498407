// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%x = "test.op"() : () -> tensor<1x2x3x3xi32>
%t = dsconv.constant dense<[[-5, 0, 700]]> : tensor<1x3xi32>
%v = dsconv.constant dense<[[0, 1, 9, 8]]> : tensor<1x4xui8>
%t2 = dsconv.constant dense<[[-5], [3]]> : tensor<2x1xi32>
%v2 = dsconv.constant dense<[[-1, 1], [2, 2]]> : tensor<2x2xsi8>

%shared = dsconv.steps "silu1"(%x, %t, %v) : (tensor<1x2x3x3xi32>, tensor<1x3xi32>, tensor<1x4xui8>) -> tensor<1x2x3x3xui8>
// CHECK: %shared = dsconv.steps "silu1"(%x, %t, %v) : (tensor<1x2x3x3xi32>, tensor<1x3xi32>, tensor<1x4xui8>) -> tensor<1x2x3x3xui8>
// GENERIC: %shared = "dsconv.steps"(%x, %t, %v) <{layer = "silu1"}> : (tensor<1x2x3x3xi32>, tensor<1x3xi32>, tensor<1x4xui8>) -> tensor<1x2x3x3xui8>

%each = dsconv.steps "prelu1"(%x, %t2, %v2) {tile = #dsconv.tile<1, 3, 3, weights>} : (tensor<1x2x3x3xi32>, tensor<2x1xi32>, tensor<2x2xsi8>) -> tensor<1x2x3x3xsi8, #dsconv.layout<hwc>>
// CHECK: %each = dsconv.steps "prelu1"(%x, %t2, %v2) {tile = #dsconv.tile<1, 3, 3, weights>} : (tensor<1x2x3x3xi32>, tensor<2x1xi32>, tensor<2x2xsi8>) -> tensor<1x2x3x3xsi8, #dsconv.layout<hwc>>
// GENERIC: %each = "dsconv.steps"(%x, %t2, %v2) <{layer = "prelu1", tile = #dsconv.tile<1, 3, 3, weights>}> : (tensor<1x2x3x3xi32>, tensor<2x1xi32>, tensor<2x2xsi8>) -> tensor<1x2x3x3xsi8, #dsconv.layout<hwc>>
