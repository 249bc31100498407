// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

%b = "test.op"() : () -> memref<16xi8, #dsconv.space<l1>>
dsconv.fill %b at 13 bytes 4 with 0 : memref<16xi8, #dsconv.space<l1>>
// CHECK: Operation does not verify: fill goes beyond its buffer

// -----

%b = "test.op"() : () -> memref<16xi8, #dsconv.space<l1>>
dsconv.fill %b at -4 bytes 8 with 0 : memref<16xi8, #dsconv.space<l1>>
// CHECK: Operation does not verify: a fill has no negative offset, sizes or strides

// -----

%b = "test.op"() : () -> memref<16xi8, #dsconv.space<l1>>
dsconv.fill %b at 4 bytes -1 with 0 : memref<16xi8, #dsconv.space<l1>>
// CHECK: Operation does not verify: a fill has no negative offset, sizes or strides

// -----

%b = "test.op"() : () -> memref<16xi8, #dsconv.space<l1>>
dsconv.fill %b at 0 bytes 2 with 0 {lines = 3, line_stride = 8} : memref<16xi8, #dsconv.space<l1>>
// CHECK: Operation does not verify: fill goes beyond its buffer
