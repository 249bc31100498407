// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

%b = dsconv.buffer "b" : memref<16xi8>
// CHECK: Operation does not verify: expected a buffer with a memory space, got memref<16xi8>

// -----

%b = dsconv.buffer "b" : memref<16xi8, 1 : i64>
// CHECK: Operation does not verify: expected a buffer with a memory space, got memref<16xi8, 1 : i64>

// -----

%b = dsconv.buffer "b" at -8 : i64 : memref<16xi8, #dsconv.space<l1>>
// CHECK: Operation does not verify: an offset is not negative
