// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

%b = "test.op"() : () -> memref<16xi8, #dsconv.space<l1>>
dsconv.fill %b at 13 : i64 bytes 4 : i64 with 0 : i64 : memref<16xi8, #dsconv.space<l1>>
// CHECK: Operation does not verify: fill goes beyond its buffer
