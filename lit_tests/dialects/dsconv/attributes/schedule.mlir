// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s

// Layouts of input and output.
"test.op"() {attribute = #dsconv.schedule<[chw, hwc]>} : () -> ()
// CHECK: attribute = #dsconv.schedule<[chw, hwc]>}

// A fused layer goes along an axis through a chain; a layout lies between its layers.
"test.op"() {attribute = #dsconv.schedule<[chw, hwc, chw], rows = [depthwise, pointwise]>} : () -> ()
// CHECK: attribute = #dsconv.schedule<[chw, hwc, chw], rows = [depthwise, pointwise]>}

// What L1 holds: two copies of each buffer, and an input from before.
"test.op"() {attribute = #dsconv.schedule<[hwc, hwc], inputs_in_l1 = 1, buffers = 2>} : () -> ()
// CHECK: attribute = #dsconv.schedule<[hwc, hwc], buffers = 2, inputs_in_l1 = 1>}
