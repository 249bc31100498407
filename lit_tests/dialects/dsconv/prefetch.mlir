// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%w, %t, %i, %c = "test.op"() : () -> (memref<64xi8, #dsconv.space<l2>>, memref<16xi8, #dsconv.space<l1>>, index, i1)

dsconv.prefetch %w[%i] to %t box <16> : memref<64xi8, #dsconv.space<l2>> to memref<16xi8, #dsconv.space<l1>>
// CHECK: dsconv.prefetch %w[%i] to %t box <16> : memref<64xi8, #dsconv.space<l2>> to memref<16xi8, #dsconv.space<l1>>
// GENERIC: "dsconv.prefetch"(%w, %i, %t) <{box = #dsconv.box<16>, operandSegmentSizes = array<i32: 1, 1, 1, 0>}> : (memref<64xi8, #dsconv.space<l2>>, index, memref<16xi8, #dsconv.space<l1>>) -> ()

// In the first round of a loop.
dsconv.prefetch %w[%i] to %t box <16> when %c : memref<64xi8, #dsconv.space<l2>> to memref<16xi8, #dsconv.space<l1>>
// CHECK: dsconv.prefetch %w[%i] to %t box <16> when %c : memref<64xi8, #dsconv.space<l2>> to memref<16xi8, #dsconv.space<l1>>
// GENERIC: "dsconv.prefetch"(%w, %i, %t, %c) <{box = #dsconv.box<16>, operandSegmentSizes = array<i32: 1, 1, 1, 1>}> :
