// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s

// Rounding is to even where nothing is said.
"test.op"() {attribute = #dsconv.requant<multiplier = [3], shift = [4], clip = [-128, 127]>} : () -> ()
// CHECK: attribute = #dsconv.requant<multiplier = [3], shift = [4], half_even, clip = [-128, 127]>}

"test.op"() {attribute = #dsconv.requant<multiplier = [3], shift = [4], half_up, clip = [-128, 127]>} : () -> ()
// CHECK: attribute = #dsconv.requant<multiplier = [3], shift = [4], half_up, clip = [-128, 127]>}

"test.op"() {attribute = #dsconv.requant<multiplier = [3], shift = [4], floor, clip = [-128, 127]>} : () -> ()
// CHECK: attribute = #dsconv.requant<multiplier = [3], shift = [4], floor, clip = [-128, 127]>}

// A divisor that is a power of two is a shift.
"test.op"() {attribute = #dsconv.requant<multiplier = [3], divisor = [16, 1], floor, clip = [0, 255]>} : () -> ()
// CHECK: attribute = #dsconv.requant<multiplier = [3], shift = [4, 0], floor, clip = [0, 255]>}

// One that is not makes all of them divisors.
"test.op"() {attribute = #dsconv.requant<multiplier = [3], divisor = [16, 255], floor, clip = [0, 255]>} : () -> ()
// CHECK: attribute = #dsconv.requant<multiplier = [3], divisor = [16, 255], floor, clip = [0, 255]>}

// An addend and a zero point of 0 are left out.
"test.op"() {attribute = #dsconv.requant<multiplier = [1, 2], addend = [0], shift = [4], half_even, zero_point = 0, clip = [0, 255]>} : () -> ()
// CHECK: attribute = #dsconv.requant<multiplier = [1, 2], shift = [4], half_even, clip = [0, 255]>}

// Entries come in any order.
"test.op"() {attribute = #dsconv.requant<clip = [-8, 7], floor, zero_point = -3, shift = [62], addend = [-5, 6], multiplier = [2147483647, -2147483647]>} : () -> ()
// CHECK: attribute = #dsconv.requant<multiplier = [2147483647, -2147483647], addend = [-5, 6], shift = [62], floor, zero_point = -3, clip = [-8, 7]>}

"test.op"() {attribute = #dsconv.requant<multiplier = [1073741825], shift = [40], twice, clip = [-8, 7]>} : () -> ()
// CHECK: attribute = #dsconv.requant<multiplier = [1073741825], shift = [40], twice, clip = [-8, 7]>}
