// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%x, %y = "test.op"() : () -> (tensor<1x2x3x3xui8>, tensor<1x2x1x1xsi8>)
%bits = dsconv.constant dense<7> : tensor<256x32xui8>

%above = dsconv.pair_lookup "add1_bits"(%x, %x, %bits) : (tensor<1x2x3x3xui8>, tensor<1x2x3x3xui8>, tensor<256x32xui8>) -> tensor<1x2x3x3xui8>
// CHECK: %above = dsconv.pair_lookup "add1_bits"(%x, %x, %bits) : (tensor<1x2x3x3xui8>, tensor<1x2x3x3xui8>, tensor<256x32xui8>) -> tensor<1x2x3x3xui8>
// GENERIC: %above = "dsconv.pair_lookup"(%x, %x, %bits) <{layer = "add1_bits"}> : (tensor<1x2x3x3xui8>, tensor<1x2x3x3xui8>, tensor<256x32xui8>) -> tensor<1x2x3x3xui8>

%each = dsconv.pair_lookup "mul1_bits"(%x, %y, %bits) {tile = #dsconv.tile<1, 3, 3, weights>} : (tensor<1x2x3x3xui8>, tensor<1x2x1x1xsi8>, tensor<256x32xui8>) -> tensor<1x2x3x3xsi8, #dsconv.layout<hwc>>
// CHECK: %each = dsconv.pair_lookup "mul1_bits"(%x, %y, %bits) {tile = #dsconv.tile<1, 3, 3, weights>} : (tensor<1x2x3x3xui8>, tensor<1x2x1x1xsi8>, tensor<256x32xui8>) -> tensor<1x2x3x3xsi8, #dsconv.layout<hwc>>
