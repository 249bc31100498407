// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%far, %near, %i, %c = "test.op"() : () -> (memref<100xi8, #dsconv.space<l3>>, memref<16xi8, #dsconv.space<l2>>, index, i1)

dsconv.l3_store %near to %far[%i] box <15> : memref<16xi8, #dsconv.space<l2>> to memref<100xi8, #dsconv.space<l3>>
// CHECK: dsconv.l3_store %near to %far[%i] box <15> : memref<16xi8, #dsconv.space<l2>> to memref<100xi8, #dsconv.space<l3>>
// GENERIC: "dsconv.l3_store"(%near, %far, %i) <{box = #dsconv.box<15>, operandSegmentSizes = array<i32: 1, 1, 1, 0>}> : (memref<16xi8, #dsconv.space<l2>>, memref<100xi8, #dsconv.space<l3>>, index) -> ()

dsconv.l3_store %near to %far[%i] box <2 by 24, 8> when %c : memref<16xi8, #dsconv.space<l2>> to memref<100xi8, #dsconv.space<l3>>
// CHECK: dsconv.l3_store %near to %far[%i] box <2 by 24, 8> when %c : memref<16xi8, #dsconv.space<l2>> to memref<100xi8, #dsconv.space<l3>>
// GENERIC: "dsconv.l3_store"(%near, %far, %i, %c) <{box = #dsconv.box<2 by 24, 8>, operandSegmentSizes = array<i32: 1, 1, 1, 1>}> : (memref<16xi8, #dsconv.space<l2>>, memref<100xi8, #dsconv.space<l3>>, index, i1) -> ()
