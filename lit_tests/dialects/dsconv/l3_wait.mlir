// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%near, %c = "test.op"() : () -> (memref<16xi8, #dsconv.space<l2>>, i1)

dsconv.l3_wait %near : memref<16xi8, #dsconv.space<l2>>
// CHECK: dsconv.l3_wait %near : memref<16xi8, #dsconv.space<l2>>
// GENERIC: "dsconv.l3_wait"(%near) : (memref<16xi8, #dsconv.space<l2>>) -> ()

dsconv.l3_wait %near when %c : memref<16xi8, #dsconv.space<l2>>
// CHECK: dsconv.l3_wait %near when %c : memref<16xi8, #dsconv.space<l2>>
// GENERIC: "dsconv.l3_wait"(%near, %c) : (memref<16xi8, #dsconv.space<l2>>, i1) -> ()
