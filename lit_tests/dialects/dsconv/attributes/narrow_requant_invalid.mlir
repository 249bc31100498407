// RUN: xdsl-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

"test.op"() {attribute = #dsconv.narrow_requant<high = [1], shift = 1, clip = [0, 1]>} : () -> ()
// CHECK: a narrow requantisation needs its addend

// -----

"test.op"() {attribute = #dsconv.narrow_requant<high = [1], addend = 0, shift = 1, clip = [0, 1], divisor = 3>} : () -> ()
// CHECK: a narrow requantisation has no divisor

// -----

"test.op"() {attribute = #dsconv.narrow_requant<high = [1, 2], low = [3], low_shift = 1, addend = 0, shift = 1, clip = [0, 1]>} : () -> ()
// CHECK: high and low of a narrow requantisation have one value or one per channel, not 2 and 1

// -----

"test.op"() {attribute = #dsconv.narrow_requant<high = [32768], addend = 0, shift = 1, clip = [0, 1]>} : () -> ()
// CHECK: high and low fit 16 bits with their sign

// -----

"test.op"() {attribute = #dsconv.narrow_requant<high = [1], low = [3], addend = 0, shift = 1, clip = [0, 1]>} : () -> ()
// CHECK: a low needs its low_shift

// -----

"test.op"() {attribute = #dsconv.narrow_requant<high = [1], addend = 0, shift = 32, clip = [0, 1]>} : () -> ()
// CHECK: a shift of 32 bits is from 0 to 31

// -----

"test.op"() {attribute = #dsconv.narrow_requant<bits = 1, high = [1], addend = 0, shift = 1, clip = [0, 1]>} : () -> ()
// CHECK: accumulators are clipped to 2 to 32 bits, not 1

// -----

"test.op"() {attribute = #dsconv.narrow_requant<high = [1], addend = 2147483648, shift = 1, clip = [0, 1]>} : () -> ()
// CHECK: an addend fits 32 bits with its sign

// -----

"test.op"() {attribute = #dsconv.narrow_requant<high = [1], addend = 0, shift = 1, clip = [1, 0]>} : () -> ()
// CHECK: clip range is empty: [1, 0]

// -----

"test.op"() {attribute = #dsconv.narrow_requant<high = [1], addend = 0, shift = 1, clip = [0]>} : () -> ()
// CHECK: a clip range has a smallest and a largest result

// -----

"test.op"() {attribute = #dsconv.narrow_requant<high = [1], addend = 0, shift = 1, shift = 2, clip = [0, 1]>} : () -> ()
// CHECK: a narrow requantisation has shift twice

// -----

"test.op"() {attribute = #dsconv.narrow_requant<high = [1], low = [3], low_shift = 32, addend = 0, shift = 1, clip = [0, 1]>} : () -> ()
// CHECK: with a low_shift of 32, low fits 32 bits and high is 0

// -----

"test.op"() {attribute = #dsconv.narrow_requant<high = [0], low = [2147483648], low_shift = 32, addend = 0, shift = 1, clip = [0, 1]>} : () -> ()
// CHECK: with a low_shift of 32, low fits 32 bits and high is 0

// -----

"test.op"() {attribute = #dsconv.narrow_requant<high = [0], low = [1], low_shift = 33, addend = 0, shift = 1, clip = [0, 1]>} : () -> ()
// CHECK: a shift of 32 bits is from 0 to 31

// -----

"test.op"() {attribute = #dsconv.narrow_requant<high = [0, 0], low = [1, 2], low_shift = 32, extra_shift = [1], addend = 0, shift = 1, clip = [0, 1]>} : () -> ()
// CHECK: there are as many values of extra_shift as of high

// -----

"test.op"() {attribute = #dsconv.narrow_requant<high = [1], low = [1], low_shift = 2, extra_shift = [1], addend = 0, shift = 1, clip = [0, 1]>} : () -> ()
// CHECK: an extra_shift goes with a low_shift of 32 or a shift of 0

// -----

"test.op"() {attribute = #dsconv.narrow_requant<high = [1, 2, 3], addends = [1, 2], shift = 1, clip = [0, 1]>} : () -> ()
// CHECK: there is one addend, or as many as of high

// -----

"test.op"() {attribute = #dsconv.narrow_requant<high = [1, 2], addend = 1, addends = [1, 2], shift = 1, clip = [0, 1]>} : () -> ()
// CHECK: a narrow requantisation needs its addend, or its addends

// -----

"test.op"() {attribute = #dsconv.narrow_requant<high = [0], low = [1], low_shift = 32, extra_shift = [-1], addend = 0, shift = 1, clip = [0, 1]>} : () -> ()
// CHECK: a shift of 32 bits is from 0 to 31
