// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%a, %b = "test.op"() : () -> (tensor<1x2x3x3xsi8, #dsconv.layout<chw>>, tensor<1x3x3x3xsi8>)

%both = dsconv.concat "join1"(%a, %b) {tile = #dsconv.tile<5, 1, 3, weights>} : (tensor<1x2x3x3xsi8, #dsconv.layout<chw>>, tensor<1x3x3x3xsi8>) -> tensor<1x5x3x3xsi8>
// CHECK: %both = dsconv.concat "join1"(%a, %b) {tile = #dsconv.tile<5, 1, 3, weights>} : (tensor<1x2x3x3xsi8, #dsconv.layout<chw>>, tensor<1x3x3x3xsi8>) -> tensor<1x5x3x3xsi8>
// GENERIC: %both = "dsconv.concat"(%a, %b) <{layer = "join1", tile = #dsconv.tile<5, 1, 3, weights>}> : (tensor<1x2x3x3xsi8, #dsconv.layout<chw>>, tensor<1x3x3x3xsi8>) -> tensor<1x5x3x3xsi8>

%twice = dsconv.concat "join2"(%a, %a) : (tensor<1x2x3x3xsi8, #dsconv.layout<chw>>, tensor<1x2x3x3xsi8, #dsconv.layout<chw>>) -> tensor<1x4x3x3xsi8, #dsconv.layout<hwc>>
// CHECK: %twice = dsconv.concat "join2"(%a, %a) : (tensor<1x2x3x3xsi8, #dsconv.layout<chw>>, tensor<1x2x3x3xsi8, #dsconv.layout<chw>>) -> tensor<1x4x3x3xsi8, #dsconv.layout<hwc>>
// GENERIC: %twice = "dsconv.concat"(%a, %a) <{layer = "join2"}> : (tensor<1x2x3x3xsi8, #dsconv.layout<chw>>, tensor<1x2x3x3xsi8, #dsconv.layout<chw>>) -> tensor<1x4x3x3xsi8, #dsconv.layout<hwc>>

%c = "test.op"() : () -> tensor<1x2x3x4xsi8>
%rows = dsconv.concat "join2"(%c, %c) {axis = 2 : i64} : (tensor<1x2x3x4xsi8>, tensor<1x2x3x4xsi8>) -> tensor<1x2x6x4xsi8>
// CHECK: %rows = dsconv.concat "join2"(%c, %c) {axis = 2 : i64} : (tensor<1x2x3x4xsi8>, tensor<1x2x3x4xsi8>) -> tensor<1x2x6x4xsi8>
// GENERIC: %rows = "dsconv.concat"(%c, %c) <{layer = "join2", axis = 2 : i64}> : (tensor<1x2x3x4xsi8>, tensor<1x2x3x4xsi8>) -> tensor<1x2x6x4xsi8>
