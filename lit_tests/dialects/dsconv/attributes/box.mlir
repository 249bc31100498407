// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s

// One line.
"test.op"() {attribute = #dsconv.box<64>} : () -> ()
// CHECK: attribute = #dsconv.box<64>}

// Two lines of 8 bytes, 32 bytes from start to start.
"test.op"() {attribute = #dsconv.box<2 by 32, 8>} : () -> ()
// CHECK: attribute = #dsconv.box<2 by 32, 8>}

// Three blocks of two lines.
"test.op"() {attribute = #dsconv.box<3 by 100, 2 by 32, 8>} : () -> ()
// CHECK: attribute = #dsconv.box<3 by 100, 2 by 32, 8>}

// Blocks of one line keep it.
"test.op"() {attribute = #dsconv.box<3 by 100, 1 by 0, 8>} : () -> ()
// CHECK: attribute = #dsconv.box<3 by 100, 1 by 0, 8>}

// Single blocks and lines are left out.
"test.op"() {attribute = #dsconv.box<1 by 0, 1 by 0, 8>} : () -> ()
// CHECK: attribute = #dsconv.box<8>}

// So is the stride of a single line.
"test.op"() {attribute = #dsconv.box<3 by 100, 1 by 4, 8>} : () -> ()
// CHECK: attribute = #dsconv.box<3 by 100, 1 by 0, 8>}

// Blocks that are not dense in the inner memory.
"test.op"() {attribute = #dsconv.box<3 by 100 to 24, 1 by 0, 16>} : () -> ()
// CHECK: attribute = #dsconv.box<3 by 100 to 24, 1 by 0, 16>}
