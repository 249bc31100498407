// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>

%part = dsconv.slice "part1"(%x) first [1, 0, 2] : (tensor<1x2x4x4xsi8>) -> tensor<1x1x3x2xsi8>
// CHECK: %part = dsconv.slice "part1"(%x) first [1, 0, 2] : (tensor<1x2x4x4xsi8>) -> tensor<1x1x3x2xsi8>
// GENERIC: %part = "dsconv.slice"(%x) <{layer = "part1", first = array<i64: 1, 0, 2>}> : (tensor<1x2x4x4xsi8>) -> tensor<1x1x3x2xsi8>

%second = dsconv.slice "part2"(%x) first [0, 1, 0] {strides = array<i64: 2, 1>} : (tensor<1x2x4x4xsi8>) -> tensor<1x2x2x4xsi8>
// CHECK: %second = dsconv.slice "part2"(%x) first [0, 1, 0] {strides = array<i64: 2, 1>} : (tensor<1x2x4x4xsi8>) -> tensor<1x2x2x4xsi8>
// GENERIC: %second = "dsconv.slice"(%x) <{layer = "part2", first = array<i64: 0, 1, 0>, strides = array<i64: 2, 1>}> : (tensor<1x2x4x4xsi8>) -> tensor<1x2x2x4xsi8>
