// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

%b = dsconv.buffer "b" : memref<16xi8>
// CHECK: Operation does not verify: expected a buffer with a memory space, got memref<16xi8>

// -----

%b = dsconv.buffer "b" : memref<16xi8, 1 : i64>
// CHECK: Operation does not verify: expected a buffer with a memory space, got memref<16xi8, 1 : i64>

// -----

%b = dsconv.buffer "b" at -8 : memref<16xi8, #dsconv.space<l1>>
// CHECK: Operation does not verify: an offset is not negative

// -----

%b = dsconv.buffer "b" : memref<2x2xi32, #dsconv.space<l1>>
// CHECK: Operation does not verify: expected a buffer of flat bytes, got memref<2x2xi32, #dsconv.space<l1>>

// -----

%b = dsconv.buffer "b" : memref<4xi32, #dsconv.space<l1>>
// CHECK: Operation does not verify: expected a buffer of flat bytes, got memref<4xi32, #dsconv.space<l1>>

// -----

%b = dsconv.buffer "b" : memref<?xi8, #dsconv.space<l1>>
// CHECK: Operation does not verify: a buffer has a static size, got memref<?xi8, #dsconv.space<l1>>
