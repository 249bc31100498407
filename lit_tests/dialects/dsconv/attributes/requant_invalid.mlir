// RUN: xdsl-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

"test.op"() {attribute = #dsconv.requant<shift = [1], clip = [0, 1]>} : () -> ()
// CHECK: a requantisation needs its multiplier

// -----

"test.op"() {attribute = #dsconv.requant<multiplier = [1], clip = [0, 1]>} : () -> ()
// CHECK: a requantisation needs its divisor

// -----

"test.op"() {attribute = #dsconv.requant<multiplier = [1], shift = [1]>} : () -> ()
// CHECK: a requantisation needs its clip

// -----

"test.op"() {attribute = #dsconv.requant<multiplier = [1], shift = [1], offset = [3], clip = [0, 1]>} : () -> ()
// CHECK: a requantisation has no offset

// -----

"test.op"() {attribute = #dsconv.requant<multiplier = [1, 2], shift = [1, 2, 3], clip = [0, 1]>} : () -> ()
// CHECK: multiplier, addend and divisor of a requantisation have one value or one per channel, not [2, 3]

// -----

"test.op"() {attribute = #dsconv.requant<multiplier = [], shift = [1], clip = [0, 1]>} : () -> ()
// CHECK: multiplier, addend and divisor of a requantisation have one value or one per channel, not [0]

// -----

"test.op"() {attribute = #dsconv.requant<multiplier = [1], divisor = [2, 0], clip = [0, 1]>} : () -> ()
// CHECK: a divisor is positive, got 0

// -----

"test.op"() {attribute = #dsconv.requant<multiplier = [1], divisor = [-4], clip = [0, 1]>} : () -> ()
// CHECK: a divisor is positive, got -4

// -----

"test.op"() {attribute = #dsconv.requant<multiplier = [2147483648], shift = [1], clip = [0, 1]>} : () -> ()
// CHECK: a multiplier fits 32 bits with its sign

// -----

"test.op"() {attribute = #dsconv.requant<multiplier = [-2147483648], shift = [1], clip = [0, 1]>} : () -> ()
// CHECK: a multiplier fits 32 bits with its sign

// -----

"test.op"() {attribute = #dsconv.requant<multiplier = [1], shift = [1], clip = [1, 0]>} : () -> ()
// CHECK: clip range is empty: [1, 0]
