// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s

// One product, a shift.
"test.op"() {attribute = #dsconv.narrow_requant<high = [3], addend = -8, shift = 4, clip = [-128, 127]>} : () -> ()
// CHECK: attribute = #dsconv.narrow_requant<high = [3], addend = -8, shift = 4, clip = [-128, 127]>}

// Two products, channel by channel, of a clipped accumulator.
"test.op"() {attribute = #dsconv.narrow_requant<bits = 17, high = [3, 32767], low = [-32768, 5], low_shift = 15, addend = 8, shift = 31, clip = [0, 255]>} : () -> ()
// CHECK: attribute = #dsconv.narrow_requant<bits = 17, high = [3, 32767], low = [-32768, 5], low_shift = 15, addend = 8, shift = 31, clip = [0, 255]>}

// Entries come in any order; a low of 0 and bits of 0 are left out.
"test.op"() {attribute = #dsconv.narrow_requant<clip = [0, 1], shift = 2, addend = 3, low = [0], high = [4], bits = 0>} : () -> ()
// CHECK: attribute = #dsconv.narrow_requant<high = [4], addend = 3, shift = 2, clip = [0, 1]>}

// Kernels may leave something in the low product.
"test.op"() {attribute = #dsconv.narrow_requant<high = [3], low = [7], low_shift = 9, slack = 256, addend = 8, shift = 4, clip = [0, 255]>} : () -> ()
// CHECK: attribute = #dsconv.narrow_requant<high = [3], low = [7], low_shift = 9, slack = 256, addend = 8, shift = 4, clip = [0, 255]>}

// The upper word of a product of 64 bits.
"test.op"() {attribute = #dsconv.narrow_requant<high = [0, 0], low = [2147483647, -5], low_shift = 32, addend = 8, shift = 9, clip = [0, 255]>} : () -> ()
// CHECK: attribute = #dsconv.narrow_requant<high = [0, 0], low = [2147483647, -5], low_shift = 32, addend = 8, shift = 9, clip = [0, 255]>}

// The second channel's scale is far below the first's.
"test.op"() {attribute = #dsconv.narrow_requant<high = [0, 0], low = [2147483647, 5], low_shift = 32, extra_shift = [0, 17], addend = 8, shift = 9, clip = [0, 255]>} : () -> ()
// CHECK: attribute = #dsconv.narrow_requant<high = [0, 0], low = [2147483647, 5], low_shift = 32, extra_shift = [0, 17], addend = 8, shift = 9, clip = [0, 255]>}

// Channels with addends, and shifts, of their own.
"test.op"() {attribute = #dsconv.narrow_requant<high = [30000, 5], low = [3, -4], low_shift = 15, extra_shift = [14, 20], addends = [7, -9], shift = 0, clip = [0, 255]>} : () -> ()
// CHECK: attribute = #dsconv.narrow_requant<high = [30000, 5], low = [3, -4], low_shift = 15, extra_shift = [14, 20], addends = [7, -9], shift = 0, clip = [0, 255]>}
