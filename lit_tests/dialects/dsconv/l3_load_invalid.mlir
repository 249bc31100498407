// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

%s, %t, %i = "test.op"() : () -> (memref<16xi8, #dsconv.space<l2>>, memref<16xi8, #dsconv.space<l3>>, index)
dsconv.l3_load %s[%i] to %t box <16> : memref<16xi8, #dsconv.space<l2>> to memref<16xi8, #dsconv.space<l3>>
// CHECK: Operation does not verify: dsconv.l3_load is between L3 and L2

// -----

%s, %t, %i = "test.op"() : () -> (memref<16xi8, #dsconv.space<l3>>, memref<16xi8, #dsconv.space<l1>>, index)
dsconv.l3_load %s[%i] to %t box <16> : memref<16xi8, #dsconv.space<l3>> to memref<16xi8, #dsconv.space<l1>>
// CHECK: Operation does not verify: dsconv.l3_load is between L3 and L2

// -----

%s, %t, %i = "test.op"() : () -> (memref<100xi8, #dsconv.space<l3>>, memref<15xi8, #dsconv.space<l2>>, index)
dsconv.l3_load %s[%i] to %t box <15> : memref<100xi8, #dsconv.space<l3>> to memref<15xi8, #dsconv.space<l2>>
// CHECK: Operation does not verify: the L2 buffer has no room for whole words of the transfer

// -----

%s, %t, %i = "test.op"() : () -> (memref<15xi8, #dsconv.space<l3>>, memref<16xi8, #dsconv.space<l2>>, index)
dsconv.l3_load %s[%i] to %t box <16> : memref<15xi8, #dsconv.space<l3>> to memref<16xi8, #dsconv.space<l2>>
// CHECK: Operation does not verify: #dsconv.box<16> is larger than one of its buffers

// -----

%s, %t, %i = "test.op"() : () -> (memref<100xi8, #dsconv.space<l3>>, memref<16xi8, #dsconv.space<l2>>, index)
dsconv.l3_load %s[%i] to %t box <2 by 22, 8> : memref<100xi8, #dsconv.space<l3>> to memref<16xi8, #dsconv.space<l2>>
// CHECK: Operation does not verify: lines in L3 begin and end at words

// -----

%s, %t, %i = "test.op"() : () -> (memref<100xi8, #dsconv.space<l3>>, memref<16xi8, #dsconv.space<l2>>, index)
dsconv.l3_load %s[%i] to %t box <2 by 24, 6> : memref<100xi8, #dsconv.space<l3>> to memref<16xi8, #dsconv.space<l2>>
// CHECK: Operation does not verify: lines in L3 begin and end at words
