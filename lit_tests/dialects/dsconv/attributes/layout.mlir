// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s

"test.op"() {attribute = #dsconv.layout<chw>} : () -> ()
// CHECK: attribute = #dsconv.layout<chw>}

"test.op"() {attribute = #dsconv.layout<hwc>} : () -> ()
// CHECK: attribute = #dsconv.layout<hwc>}
