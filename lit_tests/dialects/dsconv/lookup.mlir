// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%x = "test.op"() : () -> tensor<1x2x3x3xui8>
%one = dsconv.constant dense<7> : tensor<1x256xui8>
%each = dsconv.constant dense<-7> : tensor<2x256xsi8>

%shared = dsconv.lookup "swish1"(%x, %one) : (tensor<1x2x3x3xui8>, tensor<1x256xui8>) -> tensor<1x2x3x3xui8>
// CHECK: %shared = dsconv.lookup "swish1"(%x, %one) : (tensor<1x2x3x3xui8>, tensor<1x256xui8>) -> tensor<1x2x3x3xui8>
// GENERIC: %shared = "dsconv.lookup"(%x, %one) <{layer = "swish1"}> : (tensor<1x2x3x3xui8>, tensor<1x256xui8>) -> tensor<1x2x3x3xui8>

%channels = dsconv.lookup "prelu1"(%x, %each) {tile = #dsconv.tile<1, 3, 3, weights>} : (tensor<1x2x3x3xui8>, tensor<2x256xsi8>) -> tensor<1x2x3x3xsi8, #dsconv.layout<hwc>>
// CHECK: %channels = dsconv.lookup "prelu1"(%x, %each) {tile = #dsconv.tile<1, 3, 3, weights>} : (tensor<1x2x3x3xui8>, tensor<2x256xsi8>) -> tensor<1x2x3x3xsi8, #dsconv.layout<hwc>>
// GENERIC: %channels = "dsconv.lookup"(%x, %each) <{layer = "prelu1", tile = #dsconv.tile<1, 3, 3, weights>}> : (tensor<1x2x3x3xui8>, tensor<2x256xsi8>) -> tensor<1x2x3x3xsi8, #dsconv.layout<hwc>>
