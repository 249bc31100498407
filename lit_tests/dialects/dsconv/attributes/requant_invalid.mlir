// RUN: xdsl-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

"test.op"() {attribute = #dsconv.requant<shift = [1], clip = [0, 1]>} : () -> ()
// CHECK: a requantisation needs its multiplier

// -----

"test.op"() {attribute = #dsconv.requant<multiplier = [1], clip = [0, 1]>} : () -> ()
// CHECK: a requantisation needs its divisor or its shift, one of them

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

// -----

"test.op"() {attribute = #dsconv.requant<multiplier = [1], shift = [1], divisor = [2], clip = [0, 1]>} : () -> ()
// CHECK: a requantisation needs its divisor or its shift, one of them

// -----

"test.op"() {attribute = #dsconv.requant<multiplier = [1], shift = [-1], clip = [0, 1]>} : () -> ()
// CHECK: a shift is from 0 to 62, got [-1]

// -----

"test.op"() {attribute = #dsconv.requant<multiplier = [1], shift = [1, 64], clip = [0, 1]>} : () -> ()
// CHECK: a shift is from 0 to 62, got [1, 64]

// -----

"test.op"() {attribute = #dsconv.requant<multiplier = [1], shift = [1], clip = [0]>} : () -> ()
// CHECK: a clip range has a smallest and a largest result

// -----

"test.op"() {attribute = #dsconv.requant<multiplier = [1], shift = [1], multiplier = [2], clip = [0, 1]>} : () -> ()
// CHECK: a requantisation has multiplier twice

// -----

"test.op"() {attribute = #dsconv.requant<multiplier = [1], shift = [1], half_odd, clip = [0, 1]>} : () -> ()
// CHECK: a requantisation has no half_odd; there are multiplier, addend, shift, divisor, clip, zero_point, half_even, half_up, half_away, twice, floor

// -----

"test.op"() {attribute = #dsconv.requant<multiplier = [1], shift = [1], floor, half_up, clip = [0, 1]>} : () -> ()
// CHECK: a requantisation rounds one way, not half_up and floor

// -----

"test.op"() {attribute = #dsconv.requant<multiplier = [9223372036854775808], shift = [1], clip = [0, 1]>} : () -> ()
// CHECK: 9223372036854775808 does not fit 64 bits

// -----

"test.op"() {attribute = #dsconv.requant<multiplier = [1], divisor = [48], twice, clip = [0, 1]>} : () -> ()
// CHECK: a requantisation that rounds twice divides by a power of two
