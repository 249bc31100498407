// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s

// Channels, rows, columns.
"test.op"() {attribute = #dsconv.tile<8, 2, 16, weights>} : () -> ()
// CHECK: attribute = #dsconv.tile<8, 2, 16, weights>}

"test.op"() {attribute = #dsconv.tile<1, 1, 1, pixels>} : () -> ()
// CHECK: attribute = #dsconv.tile<1, 1, 1, pixels>}

// Two copies of each buffer in L1.
"test.op"() {attribute = #dsconv.tile<8, 2, 16, weights, buffers = 2>} : () -> ()
// CHECK: attribute = #dsconv.tile<8, 2, 16, weights, buffers = 2>}

// One copy is not printed.
"test.op"() {attribute = #dsconv.tile<8, 2, 16, weights, buffers = 1>} : () -> ()
// CHECK: attribute = #dsconv.tile<8, 2, 16, weights>}
