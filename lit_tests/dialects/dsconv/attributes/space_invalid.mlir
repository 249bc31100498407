// RUN: xdsl-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

"test.op"() {attribute = #dsconv.space<l4>} : () -> ()
// CHECK: Expected `l1`, `l2`, or `l3`.

// -----

"test.op"() {attribute = #dsconv.space} : () -> ()
// CHECK: '<' expected
