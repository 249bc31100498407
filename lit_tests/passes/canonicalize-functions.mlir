// RUN: xdsl-opt -p canonicalize-functions %s | filecheck %s

// Constants are folded and what nothing uses goes, in every function; declarations stay.

func.func private @declared(index) -> index
// CHECK: func.func private @declared(index) -> index

func.func @first(%x: index) -> index {
  %zero = arith.constant 0 : index
  %sum = arith.addi %x, %zero : index
  %unused = arith.muli %x, %x : index
  func.return %sum : index
}
// CHECK: func.func @first(%x: index) -> index {
// CHECK-NEXT: func.return %x : index

func.func @second() -> index {
  %two = arith.constant 2 : index
  %three = arith.constant 3 : index
  %six = arith.muli %two, %three : index
  %same = func.call @declared(%six) : (index) -> index
  func.return %same : index
}
// CHECK: func.func @second() -> index {
// CHECK-NEXT: %[[SIX:.*]] = arith.constant 6 : index
// CHECK-NEXT: func.call @declared(%[[SIX]])

// What is no function stays as it is.
"test.op"() ({
  %unused = arith.constant 1 : index
  "test.termop"() : () -> ()
}) : () -> ()
// CHECK: "test.op"() ({
// CHECK-NEXT: arith.constant 1 : index
