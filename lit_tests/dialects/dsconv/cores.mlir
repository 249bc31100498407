// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%cores = dsconv.cores
// CHECK: %cores = dsconv.cores
// GENERIC: %cores = "dsconv.cores"() : () -> index
