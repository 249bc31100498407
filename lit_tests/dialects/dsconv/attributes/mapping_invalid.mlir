// RUN: xdsl-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

"test.op"() {mapping = #dsconv.mapping<sideways, cycles = 12>} : () -> ()
// CHECK: unknown mapping sideways; there are output_stationary, weight_stationary, block_diagonal, banded, row_bus, st_os

// -----

"test.op"() {mapping = #dsconv.mapping<banded, group = 8, cycles = 12>} : () -> ()
// CHECK: groups share a product in block_diagonal, not in banded

// -----

"test.op"() {mapping = #dsconv.mapping<block_diagonal, group = 0, cycles = 12>} : () -> ()
// CHECK: at least one group has a product, not 0

// -----

"test.op"() {mapping = #dsconv.mapping<banded, lines = columns, cycles = 12>} : () -> ()
// CHECK: banded has no lines

// -----

"test.op"() {mapping = #dsconv.mapping<row_bus, lines = diagonals, cycles = 12>} : () -> ()
// CHECK: lines are rows or columns, not diagonals

// -----

"test.op"() {mapping = #dsconv.mapping<banded, cycles = 0>} : () -> ()
// CHECK: a layer takes at least one cycle, not 0

// -----

"test.op"() {mapping = #dsconv.mapping<banded, tiles = 3>} : () -> ()
// CHECK: a mapping ends with its cycles
