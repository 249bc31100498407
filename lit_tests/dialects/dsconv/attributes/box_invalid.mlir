// RUN: xdsl-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

"test.op"() {attribute = #dsconv.box<1, 2, 3, 4>} : () -> ()
// CHECK: a box has at most blocks, lines and bytes

// -----

"test.op"() {attribute = #dsconv.box<0>} : () -> ()
// CHECK: a box moves at least one byte

// -----

"test.op"() {attribute = #dsconv.box<2 by 8, 0>} : () -> ()
// CHECK: a box moves at least one byte

// -----

"test.op"() {attribute = #dsconv.box<0 by 64, 2 by 8, 4>} : () -> ()
// CHECK: a box moves at least one byte

// -----

"test.op"() {attribute = #dsconv.box<2 by -8, 4>} : () -> ()
// CHECK: a box has five sizes, none of them negative
