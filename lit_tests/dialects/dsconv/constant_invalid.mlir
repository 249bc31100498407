// RUN: xdsl-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

%c = "dsconv.constant"() {value = dense<1> : tensor<2xi32>} : () -> tensor<3xi32>
// CHECK: Operation does not verify: value is a tensor<2xi32>, result a tensor<3xi32>

// -----

%c = dsconv.constant dense<1> : vector<2xi32>
// CHECK: Operation does not verify: result 'result' at position 0 does not verify:
// CHECK-NEXT: vector<2xi32> should be of base attribute tensor

// -----

%c = dsconv.constant 1 : i32
// CHECK: a dsconv.constant is dense<...> : tensor<...>

// -----

%c = dsconv.constant dense<1> : tensor<2xi16>
// CHECK: Operation does not verify: a constant has elements si8, ui8, i32 or i64, got i16
