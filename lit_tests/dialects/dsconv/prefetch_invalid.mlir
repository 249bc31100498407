// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

%w, %t, %i = "test.op"() : () -> (memref<64xi8, #dsconv.space<l3>>, memref<16xi8, #dsconv.space<l1>>, index)
dsconv.prefetch %w[%i] to %t box <16> : memref<64xi8, #dsconv.space<l3>> to memref<16xi8, #dsconv.space<l1>>
// CHECK: Operation does not verify: a prefetch is from L2 to L1

// -----

%w, %t, %i = "test.op"() : () -> (memref<64xi8, #dsconv.space<l2>>, memref<16xi8, #dsconv.space<l1>>, index)
dsconv.prefetch %w[%i] to %t box <17> : memref<64xi8, #dsconv.space<l2>> to memref<16xi8, #dsconv.space<l1>>
// CHECK: Operation does not verify: #dsconv.box<17> is larger than one of its buffers
