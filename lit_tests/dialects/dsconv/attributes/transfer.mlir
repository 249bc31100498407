// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s

"test.op"() {attribute = !dsconv.transfer} : () -> ()
// CHECK: attribute = !dsconv.transfer}
