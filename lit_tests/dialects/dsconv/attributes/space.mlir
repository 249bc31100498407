// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s

"test.op"() {attribute = #dsconv.space<l1>} : () -> ()
// CHECK: attribute = #dsconv.space<l1>}

"test.op"() {attribute = #dsconv.space<l2>} : () -> ()
// CHECK: attribute = #dsconv.space<l2>}

"test.op"() {attribute = #dsconv.space<l3>} : () -> ()
// CHECK: attribute = #dsconv.space<l3>}
