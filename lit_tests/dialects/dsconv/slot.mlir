// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%t, %tile = "test.op"() : () -> (memref<32xi8, #dsconv.space<l1>>, index)

%half = dsconv.slot %t[%tile] : memref<32xi8, #dsconv.space<l1>> to memref<16xi8, #dsconv.space<l1>>
// CHECK: %half = dsconv.slot %t[%tile] : memref<32xi8, #dsconv.space<l1>> to memref<16xi8, #dsconv.space<l1>>
// GENERIC: %half = "dsconv.slot"(%t, %tile) : (memref<32xi8, #dsconv.space<l1>>, index) -> memref<16xi8, #dsconv.space<l1>>
