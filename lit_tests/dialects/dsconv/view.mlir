// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s

%t, %offset = "test.op"() : () -> (memref<32xi8, #dsconv.space<l1>>, index)

%rest = dsconv.view %t from %offset : memref<32xi8, #dsconv.space<l1>> to memref<12xi8, #dsconv.space<l1>>
// CHECK: %rest = dsconv.view %t from %offset : memref<32xi8, #dsconv.space<l1>> to memref<12xi8, #dsconv.space<l1>>
