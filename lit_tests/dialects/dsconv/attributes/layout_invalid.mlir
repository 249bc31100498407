// RUN: xdsl-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

"test.op"() {attribute = #dsconv.layout<nchw>} : () -> ()
// CHECK: Expected `chw`, or `hwc`.

// -----

"test.op"() {attribute = #dsconv.layout} : () -> ()
// CHECK: '<' expected
