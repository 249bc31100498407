// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%t = "test.op"() : () -> memref<16xi8, #dsconv.space<l1>>

// Up to the last byte.
dsconv.fill %t at 12 bytes 4 with -128 : memref<16xi8, #dsconv.space<l1>>
// CHECK: dsconv.fill %t at 12 bytes 4 with -128 : memref<16xi8, #dsconv.space<l1>>
// GENERIC: "dsconv.fill"(%t) <{offset = 12 : i64, size = 4 : i64, value = -128 : i64}> : (memref<16xi8, #dsconv.space<l1>>) -> ()

// Three lines, in the last tile only.
%last = "test.op"() : () -> i1
dsconv.fill %t at 1 bytes 2 with 7 when %last {lines = 3, line_stride = 5} : memref<16xi8, #dsconv.space<l1>>
// CHECK: dsconv.fill %t at 1 bytes 2 with 7 when %last {lines = 3 : i64, line_stride = 5 : i64} : memref<16xi8, #dsconv.space<l1>>
