// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

%s, %t, %i = "test.op"() : () -> (memref<16xi8, #dsconv.space<l3>>, memref<16xi8, #dsconv.space<l2>>, index)
dsconv.l3_store %s to %t[%i] box <16> : memref<16xi8, #dsconv.space<l3>> to memref<16xi8, #dsconv.space<l2>>
// CHECK: Operation does not verify: dsconv.l3_store is between L3 and L2

// -----

%s, %t, %i = "test.op"() : () -> (memref<15xi8, #dsconv.space<l2>>, memref<100xi8, #dsconv.space<l3>>, index)
dsconv.l3_store %s to %t[%i] box <15> : memref<15xi8, #dsconv.space<l2>> to memref<100xi8, #dsconv.space<l3>>
// CHECK: Operation does not verify: the L2 buffer has no room for whole words of the transfer

// -----

%s, %t, %i = "test.op"() : () -> (memref<16xi8, #dsconv.space<l2>>, memref<31xi8, #dsconv.space<l3>>, index)
dsconv.l3_store %s to %t[%i] box <2 by 24, 8> : memref<16xi8, #dsconv.space<l2>> to memref<31xi8, #dsconv.space<l3>>
// CHECK: Operation does not verify: #dsconv.box<2 by 24, 8> is larger than one of its buffers

// -----

%s, %t, %i = "test.op"() : () -> (memref<16xi8, #dsconv.space<l2>>, memref<100xi8, #dsconv.space<l3>>, index)
dsconv.l3_store %s to %t[%i] box <2 by 22, 8> : memref<16xi8, #dsconv.space<l2>> to memref<100xi8, #dsconv.space<l3>>
// CHECK: Operation does not verify: lines in L3 begin and end at words
