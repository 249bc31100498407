// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

%t = "test.op"() : () -> i32
"dsconv.wait"(%t) : (i32) -> ()
// CHECK: Operation does not verify: operand 'transfer' at position 0 does not verify:
// CHECK-NEXT: i32 should be of base attribute dsconv.transfer
