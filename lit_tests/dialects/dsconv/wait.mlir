// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%transfer, %c = "test.op"() : () -> (!dsconv.transfer, i1)

dsconv.wait %transfer
// CHECK: dsconv.wait %transfer
// GENERIC: "dsconv.wait"(%transfer) : (!dsconv.transfer) -> ()

dsconv.wait %transfer when %c
// CHECK: dsconv.wait %transfer when %c
// GENERIC: "dsconv.wait"(%transfer, %c) : (!dsconv.transfer, i1) -> ()
