// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

%a, %l = "test.op"() : () -> (i32, i64)
%q = dsconv.requantise %a times %a plus %l over %a : i32 "half_odd" plus 0 clip 0 to 255
// CHECK: Operation does not verify: unknown rounding half_odd; there are half_even, half_up, half_away, twice, floor

// -----

%a, %l, %s = "test.op"() : () -> (i32, i64, i16)
%q = dsconv.requantise %a times %a plus %l over %s : i16 "floor" plus 0 clip 0 to 255
// CHECK: Expected one of i32, i64, but got i16

// -----

%a, %l = "test.op"() : () -> (i32, i64)
%q = dsconv.requantise %a times %a plus %l over %l : i64 "twice" plus 0 clip 0 to 255
// CHECK: Operation does not verify: a division is rounded once
