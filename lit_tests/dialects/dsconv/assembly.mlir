// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

dsconv.assembly "xpulp" for @dw_kernel "  add a0, a1, a2\0A  ret"
// CHECK: dsconv.assembly "xpulp" for @dw_kernel "  add a0, a1, a2\0A  ret"
// GENERIC: "dsconv.assembly"() <{isa = "xpulp", kernel = @dw_kernel, text = "  add a0, a1, a2\0A  ret"}> : () -> ()
