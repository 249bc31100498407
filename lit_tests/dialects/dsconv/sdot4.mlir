// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%acc, %x, %w = "test.op"() : () -> (i32, i32, i32)

%signed = dsconv.sdot4 %acc, %x, %w
// CHECK: %signed = dsconv.sdot4 %acc, %x, %w
// GENERIC: %signed = "dsconv.sdot4"(%acc, %x, %w) : (i32, i32, i32) -> i32

%mixed = dsconv.sdot4 %acc, %x unsigned, %w
// CHECK: %mixed = dsconv.sdot4 %acc, %x unsigned, %w
// GENERIC: %mixed = "dsconv.sdot4"(%acc, %x, %w) <{unsigned}> : (i32, i32, i32) -> i32
