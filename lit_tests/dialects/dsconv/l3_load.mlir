// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%far, %near, %i, %c = "test.op"() : () -> (memref<100xi8, #dsconv.space<l3>>, memref<16xi8, #dsconv.space<l2>>, index, i1)

// 15 bytes take 16 in L2: whole words.
dsconv.l3_load %far[%i] to %near box <15> : memref<100xi8, #dsconv.space<l3>> to memref<16xi8, #dsconv.space<l2>>
// CHECK: dsconv.l3_load %far[%i] to %near box <15> : memref<100xi8, #dsconv.space<l3>> to memref<16xi8, #dsconv.space<l2>>
// GENERIC: "dsconv.l3_load"(%far, %near, %i) <{box = #dsconv.box<15>, operandSegmentSizes = array<i32: 1, 1, 1, 0>}> : (memref<100xi8, #dsconv.space<l3>>, memref<16xi8, #dsconv.space<l2>>, index) -> ()

dsconv.l3_load %far[%i] to %near box <2 by 24, 8> when %c : memref<100xi8, #dsconv.space<l3>> to memref<16xi8, #dsconv.space<l2>>
// CHECK: dsconv.l3_load %far[%i] to %near box <2 by 24, 8> when %c : memref<100xi8, #dsconv.space<l3>> to memref<16xi8, #dsconv.space<l2>>
// GENERIC: "dsconv.l3_load"(%far, %near, %i, %c) <{box = #dsconv.box<2 by 24, 8>, operandSegmentSizes = array<i32: 1, 1, 1, 1>}> : (memref<100xi8, #dsconv.space<l3>>, memref<16xi8, #dsconv.space<l2>>, index, i1) -> ()
