// RUN: xdsl-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

"test.op"() {attribute = #dsconv.window<strides = [1, 1]>} : () -> ()
// CHECK: a window needs its kernel

// -----

"test.op"() {attribute = #dsconv.window<kernel = [3, 3], dilation = [1, 1]>} : () -> ()
// CHECK: a window has no dilation

// -----

"test.op"() {attribute = #dsconv.window<kernel = 3>} : () -> ()
// CHECK: '[' expected

// -----

"test.op"() {attribute = #dsconv.window<kernel = [3]>} : () -> ()
// CHECK: a window has 2 kernel sizes, 2 strides, 4 pads and 2 dilations, not 1, 2, 4, 2

// -----

"test.op"() {attribute = #dsconv.window<kernel = [3, 3], strides = [1, 1, 1]>} : () -> ()
// CHECK: a window has 2 kernel sizes, 2 strides, 4 pads and 2 dilations, not 2, 3, 4, 2

// -----

"test.op"() {attribute = #dsconv.window<kernel = [3, 3], pads = [1, 1]>} : () -> ()
// CHECK: a window has 2 kernel sizes, 2 strides, 4 pads and 2 dilations, not 2, 2, 2, 2

// -----

"test.op"() {attribute = #dsconv.window<kernel = [3, 3], dilations = [1]>} : () -> ()
// CHECK: a window has 2 kernel sizes, 2 strides, 4 pads and 2 dilations, not 2, 2, 4, 1

// -----

"test.op"() {attribute = #dsconv.window<kernel = [0, 3]>} : () -> ()
// CHECK: kernel, strides and dilations of a window are at least 1

// -----

"test.op"() {attribute = #dsconv.window<kernel = [3, 3], strides = [1, 0]>} : () -> ()
// CHECK: kernel, strides and dilations of a window are at least 1

// -----

"test.op"() {attribute = #dsconv.window<kernel = [3, 3], dilations = [0, 1]>} : () -> ()
// CHECK: kernel, strides and dilations of a window are at least 1

// -----

"test.op"() {attribute = #dsconv.window<kernel = [3, 3], pads = [0, -1, 0, 0]>} : () -> ()
// CHECK: pads of a window are not negative, got [0, -1, 0, 0]

// -----

"test.op"() {attribute = #dsconv.window<kernel = [3, 3], pads = [1, 1, 1, 1], pads = [0, 0, 0, 0]>} : () -> ()
// CHECK: a window has pads twice

// -----

"test.op"() {attribute = #dsconv.window<kernel = [3, 9223372036854775808]>} : () -> ()
// CHECK: 9223372036854775808 does not fit 64 bits
