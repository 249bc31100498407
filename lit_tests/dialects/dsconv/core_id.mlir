// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%core = dsconv.core_id
// CHECK: %core = dsconv.core_id
// GENERIC: %core = "dsconv.core_id"() : () -> index
