// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%acc, %multiplier, %addend, %shift, %divisor = "test.op"() : () -> (i32, i32, i64, i32, i64)

%shifted = dsconv.requantise %acc times %multiplier plus %addend over %shift : i32 "half_even" plus -3 clip -128 to 127
// CHECK: %shifted = dsconv.requantise %acc times %multiplier plus %addend over %shift : i32 "half_even" plus -3 clip -128 to 127
// GENERIC: %shifted = "dsconv.requantise"(%acc, %multiplier, %addend, %shift) <{rounding = "half_even", zero_point = -3 : i32, low = -128 : i32, high = 127 : i32}> : (i32, i32, i64, i32) -> i32

%divided = dsconv.requantise %acc times %multiplier plus %addend over %divisor : i64 "floor" plus 0 clip 0 to 255
// CHECK: %divided = dsconv.requantise %acc times %multiplier plus %addend over %divisor : i64 "floor" plus 0 clip 0 to 255
// GENERIC: %divided = "dsconv.requantise"(%acc, %multiplier, %addend, %divisor) <{rounding = "floor", zero_point = 0 : i32, low = 0 : i32, high = 255 : i32}> : (i32, i32, i64, i64) -> i32
