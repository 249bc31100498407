// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%w, %t = "test.op"() : () -> (memref<64xi8, #dsconv.space<l2>>, memref<16xi8, #dsconv.space<l1>>)

dsconv.prefetch_wait %t box <16> : memref<16xi8, #dsconv.space<l1>>
// CHECK: dsconv.prefetch_wait %t box <16> : memref<16xi8, #dsconv.space<l1>>
// GENERIC: "dsconv.prefetch_wait"(%t) <{box = #dsconv.box<16>}> : (memref<16xi8, #dsconv.space<l1>>) -> ()

// Of weights that lie in a buffer, which they need up to here.
dsconv.prefetch_wait %t from %w : memref<64xi8, #dsconv.space<l2>> box <16> : memref<16xi8, #dsconv.space<l1>>
// CHECK: dsconv.prefetch_wait %t from %w : memref<64xi8, #dsconv.space<l2>> box <16> : memref<16xi8, #dsconv.space<l1>>
