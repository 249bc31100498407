// RUN: xdsl-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

"test.op"() {attribute = #dsconv.schedule<[chw]>} : () -> ()
// CHECK: a schedule has two layouts or more, each chw or hwc, got ['chw']

// -----

"test.op"() {attribute = #dsconv.schedule<[chw, nchw]>} : () -> ()
// CHECK: a schedule has two layouts or more, each chw or hwc, got ['chw', 'nchw']

// -----

"test.op"() {attribute = #dsconv.schedule<[chw, chw], columns = [depthwise, pointwise]>} : () -> ()
// CHECK: a fused layer goes along rows or channels

// -----

"test.op"() {attribute = #dsconv.schedule<[chw, chw], rows = []>} : () -> ()
// CHECK: an axis goes with a chain of layers, and a chain with an axis

// -----

"test.op"() {attribute = #dsconv.schedule<[chw, chw], buffers = 3>} : () -> ()
// CHECK: a schedule has 1 or 2 buffers, not 3

// -----

"test.op"() {attribute = #dsconv.schedule<[chw, chw], inputs_in_l1 = -1>} : () -> ()
// CHECK: the number of inputs in L1 is not negative
