// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s

// Strides and dilations of 1 and pads of 0 are left out.
"test.op"() {attribute = #dsconv.window<kernel = [3, 5], strides = [1, 1], pads = [0, 0, 0, 0], dilations = [1, 1]>} : () -> ()
// CHECK: attribute = #dsconv.window<kernel = [3, 5]>}

"test.op"() {attribute = #dsconv.window<kernel = [1, 2], strides = [1, 2]>} : () -> ()
// CHECK: attribute = #dsconv.window<kernel = [1, 2], strides = [1, 2]>}

// Pads: top, left, bottom, right.
"test.op"() {attribute = #dsconv.window<kernel = [3, 3], pads = [0, 1, 2, 3]>} : () -> ()
// CHECK: attribute = #dsconv.window<kernel = [3, 3], pads = [0, 1, 2, 3]>}

// Entries after the kernel come in any order.
"test.op"() {attribute = #dsconv.window<kernel = [3, 3], dilations = [2, 1], pads = [1, 1, 1, 1], strides = [2, 3]>} : () -> ()
// CHECK: attribute = #dsconv.window<kernel = [3, 3], strides = [2, 3], pads = [1, 1, 1, 1], dilations = [2, 1]>}
