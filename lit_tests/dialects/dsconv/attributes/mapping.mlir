// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s

"test.op"() {mapping = #dsconv.mapping<output_stationary, cycles = 12>} : () -> ()
// CHECK: mapping = #dsconv.mapping<output_stationary, cycles = 12>}

"test.op"() {mapping = #dsconv.mapping<weight_stationary, cycles = 12>} : () -> ()
// CHECK: mapping = #dsconv.mapping<weight_stationary, cycles = 12>}

// Eight channels share a product.
"test.op"() {mapping = #dsconv.mapping<block_diagonal, group = 8, cycles = 12>} : () -> ()
// CHECK: mapping = #dsconv.mapping<block_diagonal, group = 8, cycles = 12>}

"test.op"() {mapping = #dsconv.mapping<banded, cycles = 12>} : () -> ()
// CHECK: mapping = #dsconv.mapping<banded, cycles = 12>}

// A row of the array computes a row, or a column, of the map.
"test.op"() {mapping = #dsconv.mapping<row_bus, lines = rows, cycles = 12>} : () -> ()
// CHECK: mapping = #dsconv.mapping<row_bus, lines = rows, cycles = 12>}

"test.op"() {mapping = #dsconv.mapping<st_os, lines = columns, cycles = 12>} : () -> ()
// CHECK: mapping = #dsconv.mapping<st_os, lines = columns, cycles = 12>}
