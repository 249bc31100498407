// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

dsconv.assembly "mips" for @kernel "  nop"
// CHECK: assembly is for xpulp, not "mips"

// -----

// C alone has no assembly
dsconv.assembly "portable" for @kernel "  nop"
// CHECK: assembly is for xpulp, not "portable"
