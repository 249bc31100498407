// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

%b, %i = "test.op"() : () -> (memref<16xi8, #dsconv.space<l1>>, index)
%w = dsconv.load_word %b[%i] : memref<16xi8, #dsconv.space<l1>> -> i16
// CHECK: Expected one of i32, i64, but got i16
