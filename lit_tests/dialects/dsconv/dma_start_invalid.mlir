// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

%s, %t, %i = "test.op"() : () -> (memref<16xi8, #dsconv.space<l1>>, memref<16xi8, #dsconv.space<l1>>, index)
%transfer = dsconv.dma_start %s[%i] to %t[%i] box <16> : memref<16xi8, #dsconv.space<l1>> to memref<16xi8, #dsconv.space<l1>>
// CHECK: Operation does not verify: a transfer is between L1 and an outer memory

// -----

%s, %t, %i = "test.op"() : () -> (memref<16xi8, #dsconv.space<l2>>, memref<16xi8, #dsconv.space<l3>>, index)
%transfer = dsconv.dma_start %s[%i] to %t[%i] box <16> : memref<16xi8, #dsconv.space<l2>> to memref<16xi8, #dsconv.space<l3>>
// CHECK: Operation does not verify: a transfer is between L1 and an outer memory

// -----

%s, %t, %i = "test.op"() : () -> (memref<16xi8>, memref<16xi8, #dsconv.space<l1>>, index)
%transfer = dsconv.dma_start %s[%i] to %t[%i] box <16> : memref<16xi8> to memref<16xi8, #dsconv.space<l1>>
// CHECK: Operation does not verify: expected a buffer with a memory space, got memref<16xi8>

// -----

%s, %t, %i = "test.op"() : () -> (memref<64xi8, #dsconv.space<l2>>, memref<16xi8, #dsconv.space<l1>>, index)
%transfer = dsconv.dma_start %s[%i] to %t[%i] box <17> : memref<64xi8, #dsconv.space<l2>> to memref<16xi8, #dsconv.space<l1>>
// CHECK: Operation does not verify: #dsconv.box<17> is larger than one of its buffers

// -----

// 2 * 8 bytes fit the 16 bytes of L1, but reach to byte 100 + 8 of the outer memory.
%s, %t, %i = "test.op"() : () -> (memref<107xi8, #dsconv.space<l2>>, memref<16xi8, #dsconv.space<l1>>, index)
%transfer = dsconv.dma_start %s[%i] to %t[%i] box <2 by 100, 8> : memref<107xi8, #dsconv.space<l2>> to memref<16xi8, #dsconv.space<l1>>
// CHECK: Operation does not verify: #dsconv.box<2 by 100, 8> is larger than one of its buffers

// -----

// The same on the way back.
%s, %t, %i = "test.op"() : () -> (memref<16xi8, #dsconv.space<l1>>, memref<107xi8, #dsconv.space<l2>>, index)
%transfer = dsconv.dma_start %s[%i] to %t[%i] box <2 by 100, 8> : memref<16xi8, #dsconv.space<l1>> to memref<107xi8, #dsconv.space<l2>>
// CHECK: Operation does not verify: #dsconv.box<2 by 100, 8> is larger than one of its buffers

// -----

%x, %t, %i = "test.op"() : () -> (memref<16xi8, #dsconv.space<l2>>, memref<16xi8, #dsconv.space<l1>>, index)
dsconv.layer "conv1" "conv2d" makes tensor<1x1x4x4xsi8> in %x : memref<16xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 4, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
  %0 = dsconv.dma_start %x[%i] to %t[%i] box <17> : memref<16xi8, #dsconv.space<l2>> to memref<16xi8, #dsconv.space<l1>>
}
// CHECK: Operation does not verify: #dsconv.box<17> of layer "conv1" is larger than one of its buffers
