// RUN: xdsl-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

"test.op"() {attribute = !dsconv.transfer<l1>} : () -> ()
// CHECK: attribute expected

// -----

"test.op"() {attribute = #dsconv.transfer} : () -> ()
// CHECK: 'dsconv.transfer' is not registered
