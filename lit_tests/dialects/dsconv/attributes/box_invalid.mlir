// RUN: xdsl-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

"test.op"() {attribute = #dsconv.box<1 by 1, 2 by 4, 3 by 8, 4>} : () -> ()
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
// CHECK: a box has six sizes, none of them negative

// -----

"test.op"() {attribute = #dsconv.box<>} : () -> ()
// CHECK: a box has at most blocks, lines and bytes, and at least bytes

// -----

"test.op"() {attribute = #dsconv.box<2 by 3>} : () -> ()
// CHECK: blocks and lines of a box have a stride, bytes have none

// -----

"test.op"() {attribute = #dsconv.box<4, 3>} : () -> ()
// CHECK: blocks and lines of a box have a stride, bytes have none

// -----

"test.op"() {attribute = #dsconv.box<4 by 0, 3>} : () -> ()
// CHECK: blocks and lines of a box have a stride

// -----

"test.op"() {attribute = #dsconv.box<4 by 64 to 8, 2 by 16, 8>} : () -> ()
// CHECK: blocks of a box do not overlap in the inner memory

// -----

"test.op"() {attribute = #dsconv.box<4 by 64 to 8, 4>} : () -> ()
// CHECK: the blocks of a box alone have a stride in the inner memory
