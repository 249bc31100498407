// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%weights = dsconv.constant dense<[[1, -2], [3, -128]]> : tensor<2x2xsi8>
// CHECK: %weights = dsconv.constant dense<[[1, -2], [3, -128]]> : tensor<2x2xsi8>
// GENERIC: %weights = "dsconv.constant"() <{value = dense<[[1, -2], [3, -128]]> : tensor<2x2xsi8>}> : () -> tensor<2x2xsi8>

// Values that are all the same are printed once.
%unsigned = dsconv.constant dense<[255, 255]> : tensor<2xui8>
// CHECK: %unsigned = dsconv.constant dense<255> : tensor<2xui8>
// GENERIC: %unsigned = "dsconv.constant"() <{value = dense<255> : tensor<2xui8>}> : () -> tensor<2xui8>

%bias = dsconv.constant dense<[-2147483648, 2147483647]> : tensor<2xi32>
// CHECK: %bias = dsconv.constant dense<[-2147483648, 2147483647]> : tensor<2xi32>
// GENERIC: %bias = "dsconv.constant"() <{value = dense<[-2147483648, 2147483647]> : tensor<2xi32>}> : () -> tensor<2xi32>

// Other attributes stay.
%tagged = dsconv.constant {source = "conv1/W"} dense<0> : tensor<4xi32>
// CHECK: %tagged = dsconv.constant {source = "conv1/W"} dense<0> : tensor<4xi32>
// GENERIC: %tagged = "dsconv.constant"() <{value = dense<0> : tensor<4xi32>}> {source = "conv1/W"} : () -> tensor<4xi32>
