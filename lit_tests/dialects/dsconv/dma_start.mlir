// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%x, %t, %i, %zero, %c = "test.op"() : () -> (memref<64xi8, #dsconv.space<l2>>, memref<16xi8, #dsconv.space<l1>>, index, index, i1)

%load = dsconv.dma_start %x[%i] to %t[%zero] box <2 by 32, 2 by 8, 4> : memref<64xi8, #dsconv.space<l2>> to memref<16xi8, #dsconv.space<l1>>
// CHECK: %load = dsconv.dma_start %x[%i] to %t[%zero] box <2 by 32, 2 by 8, 4> : memref<64xi8, #dsconv.space<l2>> to memref<16xi8, #dsconv.space<l1>>
// GENERIC: %load = "dsconv.dma_start"(%x, %i, %t, %zero) <{box = #dsconv.box<2 by 32, 2 by 8, 4>, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>}> : (memref<64xi8, #dsconv.space<l2>>, index, memref<16xi8, #dsconv.space<l1>>, index) -> !dsconv.transfer

%store = dsconv.dma_start %t[%zero] to %x[%i] box <16> : memref<16xi8, #dsconv.space<l1>> to memref<64xi8, #dsconv.space<l2>>
// CHECK: %store = dsconv.dma_start %t[%zero] to %x[%i] box <16> : memref<16xi8, #dsconv.space<l1>> to memref<64xi8, #dsconv.space<l2>>
// GENERIC: %store = "dsconv.dma_start"(%t, %zero, %x, %i) <{box = #dsconv.box<16>, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>}> : (memref<16xi8, #dsconv.space<l1>>, index, memref<64xi8, #dsconv.space<l2>>, index) -> !dsconv.transfer

// Where a condition holds, and of weights.
%weights = dsconv.dma_start %x[%i] to %t[%zero] box <16> when %c {parameters} : memref<64xi8, #dsconv.space<l2>> to memref<16xi8, #dsconv.space<l1>>
// CHECK: %weights = dsconv.dma_start %x[%i] to %t[%zero] box <16> when %c {parameters} : memref<64xi8, #dsconv.space<l2>> to memref<16xi8, #dsconv.space<l1>>
// GENERIC: %weights = "dsconv.dma_start"(%x, %i, %t, %zero, %c) <{box = #dsconv.box<16>, parameters, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1>}> : (memref<64xi8, #dsconv.space<l2>>, index, memref<16xi8, #dsconv.space<l1>>, index, i1) -> !dsconv.transfer
