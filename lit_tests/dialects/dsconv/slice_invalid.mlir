// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.slice "part1"(%x) first [1, 0, 2] : (tensor<1x2x4x4xsi8>) -> tensor<1x2x3x2xsi8>
// CHECK: Operation does not verify: a part 2x3x2 from [1, 0, 2] is not within 2x4x4

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.slice "part1"(%x) first [-1, 0, 2] : (tensor<1x2x4x4xsi8>) -> tensor<1x1x3x2xsi8>
// CHECK: Operation does not verify: a part 1x3x2 from [-1, 0, 2] is not within 2x4x4

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.slice "part1"(%x) first [0, 0] : (tensor<1x2x4x4xsi8>) -> tensor<1x1x3x2xsi8>
// CHECK: Operation does not verify: a part 1x3x2 from [0, 0] is not within 2x4x4

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.slice "part1"(%x) first [0, 0, 0] : (tensor<1x2x4x4xsi8>) -> tensor<1x1x3x2xui8>
// CHECK: Operation does not verify: inputs and result of dsconv.slice have the same elements

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.slice "part1"(%x) first [0, 1, 0] {strides = array<i64: 3, 1>} : (tensor<1x2x4x4xsi8>) -> tensor<1x2x2x4xsi8>
// CHECK: Operation does not verify: a part 2x4x4 from [0, 1, 0] is not within 2x4x4

// -----

%x = "test.op"() : () -> tensor<1x2x4x4xsi8>
%y = dsconv.slice "part1"(%x) first [0, 0, 0] {strides = array<i64: 0, 1>} : (tensor<1x2x4x4xsi8>) -> tensor<1x2x2x4xsi8>
// CHECK: Operation does not verify: a slice has a stride of rows and one of columns, at least 1
