// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

dsconv.barrier
// CHECK: dsconv.barrier
// GENERIC: "dsconv.barrier"() : () -> ()
