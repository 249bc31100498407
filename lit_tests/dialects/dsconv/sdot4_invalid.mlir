// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

%a, %l = "test.op"() : () -> (i32, i64)
%s = "dsconv.sdot4"(%a, %l, %a) : (i32, i64, i32) -> i32
// CHECK: Operation does not verify: operand 'x' at position 1 does not verify:
// CHECK-NEXT: Expected attribute i32 but got i64
