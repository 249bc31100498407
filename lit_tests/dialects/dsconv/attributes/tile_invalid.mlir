// RUN: xdsl-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

"test.op"() {attribute = #dsconv.tile<2, 3, weights>} : () -> ()
// CHECK: Expected integer literal

// -----

"test.op"() {attribute = #dsconv.tile<2, 3, 4>} : () -> ()
// CHECK: Expected ','

// -----

"test.op"() {attribute = #dsconv.tile<2, 0, 4, weights>} : () -> ()
// CHECK: a tile has channels, rows and columns, each at least 1

// -----

"test.op"() {attribute = #dsconv.tile<2, 3, 4, rows>} : () -> ()
// CHECK: outermost is one of weights, pixels

// -----

"test.op"() {attribute = #dsconv.tile<2, 3, 4, weights, buffers = 3>} : () -> ()
// CHECK: a tile has 1 or 2 buffers, not 3
