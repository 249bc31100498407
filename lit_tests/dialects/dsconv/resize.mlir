// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>

%larger = dsconv.resize "up1"(%x) : (tensor<1x2x4x4xsi8>) -> tensor<1x2x8x12xsi8>
// CHECK: %larger = dsconv.resize "up1"(%x) : (tensor<1x2x4x4xsi8>) -> tensor<1x2x8x12xsi8>
// GENERIC: %larger = "dsconv.resize"(%x) <{layer = "up1"}> : (tensor<1x2x4x4xsi8>) -> tensor<1x2x8x12xsi8>
