// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

%t, %i = "test.op"() : () -> (memref<32xi8, #dsconv.space<l1>>, index)
%v = dsconv.view %t from %i : memref<32xi8, #dsconv.space<l1>> to memref<12xi8, #dsconv.space<l2>>
// CHECK: Operation does not verify: a view lies in the memory space of its buffer

// -----

%t, %i = "test.op"() : () -> (memref<32xi8, #dsconv.space<l1>>, index)
%v = dsconv.view %t from %i : memref<32xi8, #dsconv.space<l1>> to memref<33xi8, #dsconv.space<l1>>
// CHECK: Operation does not verify: a view of 33 bytes is larger than its buffer, 32 bytes
