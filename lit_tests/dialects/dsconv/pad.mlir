// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>

%padded = dsconv.pad "pad1"(%x) pads [1, 0, 2, 3] value -5 : (tensor<1x2x4x4xsi8>) -> tensor<1x2x7x7xsi8, #dsconv.layout<hwc>>
// CHECK: %padded = dsconv.pad "pad1"(%x) pads [1, 0, 2, 3] value -5 : (tensor<1x2x4x4xsi8>) -> tensor<1x2x7x7xsi8, #dsconv.layout<hwc>>
// GENERIC: %padded = "dsconv.pad"(%x) <{layer = "pad1", pads = array<i64: 1, 0, 2, 3>, value = -5 : i32}> : (tensor<1x2x4x4xsi8>) -> tensor<1x2x7x7xsi8, #dsconv.layout<hwc>>
