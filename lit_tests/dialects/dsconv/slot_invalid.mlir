// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

%t, %i = "test.op"() : () -> (memref<32xi8, #dsconv.space<l1>>, index)
%s = dsconv.slot %t[%i] : memref<32xi8, #dsconv.space<l1>> to memref<12xi8, #dsconv.space<l1>>
// CHECK: Operation does not verify: a buffer of 32 bytes has no equal parts of 12

// -----

%t, %i = "test.op"() : () -> (memref<32xi8, #dsconv.space<l1>>, index)
%s = dsconv.slot %t[%i] : memref<32xi8, #dsconv.space<l1>> to memref<16xi8, #dsconv.space<l2>>
// CHECK: Operation does not verify: a slot lies in the memory space of its buffer

// -----

%t, %i = "test.op"() : () -> (memref<32xi8, #dsconv.space<l1>>, index)
%s = dsconv.slot %t[%i] : memref<32xi8, #dsconv.space<l1>> to memref<0xi8, #dsconv.space<l1>>
// CHECK: Operation does not verify: a buffer of 32 bytes has no equal parts of 0
