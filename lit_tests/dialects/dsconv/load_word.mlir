// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%t, %i = "test.op"() : () -> (memref<16xi8, #dsconv.space<l1>>, index)

%word = dsconv.load_word %t[%i] : memref<16xi8, #dsconv.space<l1>> -> i32
// CHECK: %word = dsconv.load_word %t[%i] : memref<16xi8, #dsconv.space<l1>> -> i32
// GENERIC: %word = "dsconv.load_word"(%t, %i) : (memref<16xi8, #dsconv.space<l1>>, index) -> i32

%double = dsconv.load_word %t[%i] : memref<16xi8, #dsconv.space<l1>> -> i64
// CHECK: %double = dsconv.load_word %t[%i] : memref<16xi8, #dsconv.space<l1>> -> i64
// GENERIC: %double = "dsconv.load_word"(%t, %i) : (memref<16xi8, #dsconv.space<l1>>, index) -> i64
