// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%transfer = "test.op"() : () -> !dsconv.transfer

dsconv.wait %transfer
// CHECK: dsconv.wait %transfer
// GENERIC: "dsconv.wait"(%transfer) : (!dsconv.transfer) -> ()
