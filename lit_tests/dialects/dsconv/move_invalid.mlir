// RUN: xdsl-opt %s --verify-diagnostics --split-input-file | filecheck %s

%b, %i = "test.op"() : () -> (memref<16xi8, #dsconv.space<l1>>, index)
dsconv.move %b[%i] to %b[%i] bytes 0 : memref<16xi8, #dsconv.space<l1>> to memref<16xi8, #dsconv.space<l1>>
// CHECK: a move has lines of at least a byte that do not overlap

// -----

%b, %i = "test.op"() : () -> (memref<16xi8, #dsconv.space<l1>>, index)
dsconv.move %b[%i] to %b[%i] bytes 4 {lines = 2, line_stride = 3} : memref<16xi8, #dsconv.space<l1>> to memref<16xi8, #dsconv.space<l1>>
// CHECK: a move has lines of at least a byte that do not overlap

// -----

%a, %b, %i = "test.op"() : () -> (memref<16xi8, #dsconv.space<l2>>, memref<16xi8, #dsconv.space<l1>>, index)
dsconv.move %a[%i] to %b[%i] bytes 4 : memref<16xi8, #dsconv.space<l2>> to memref<16xi8, #dsconv.space<l1>>
// CHECK: a move is within L1

// -----

%b, %i = "test.op"() : () -> (memref<16xi8, #dsconv.space<l1>>, index)
dsconv.move %b[%i] to %b[%i] bytes 4 {lines = 3, line_stride = 8} : memref<16xi8, #dsconv.space<l1>> to memref<16xi8, #dsconv.space<l1>>
// CHECK: move goes beyond one of its buffers
