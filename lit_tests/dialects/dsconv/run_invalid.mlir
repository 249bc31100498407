// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

%b, %i = "test.op"() : () -> (memref<16xi8, #dsconv.space<l1>>, i32)
"dsconv.run"(%b, %i, %i) {kernel = @k} : (memref<16xi8, #dsconv.space<l1>>, i32, i32) -> ()
// CHECK: Operation does not verify: operand 'row' at position 1 does not verify:
// CHECK-NEXT: i32 should be of base attribute index
