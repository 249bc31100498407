// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

%a, %l = "test.op"() : () -> (i32, i64)
%q = dsconv.requantise %a times %a plus %l over %a : i32 "half_odd" plus 0 : i32 clip 0 : i32 to 255 : i32
// CHECK: Operation does not verify: unknown rounding half_odd

// -----

%a, %l, %s = "test.op"() : () -> (i32, i64, i16)
%q = dsconv.requantise %a times %a plus %l over %s : i16 "floor" plus 0 : i32 clip 0 : i32 to 255 : i32
// CHECK: Expected one of i32, i64, but got i16
