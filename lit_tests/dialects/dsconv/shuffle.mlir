// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%x = "test.op"() : () -> tensor<1x6x4x4xsi8>

%y = dsconv.shuffle "shuffle1"(%x) groups 2 : (tensor<1x6x4x4xsi8>) -> tensor<1x6x4x4xsi8>
// CHECK: %y = dsconv.shuffle "shuffle1"(%x) groups 2 : (tensor<1x6x4x4xsi8>) -> tensor<1x6x4x4xsi8>
// GENERIC: %y = "dsconv.shuffle"(%x) <{layer = "shuffle1", groups = 2 : i64}> : (tensor<1x6x4x4xsi8>) -> tensor<1x6x4x4xsi8>
