// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s

// Nothing but weights.
"test.op"() {attribute = #dsconv.record<9>} : () -> ()
// CHECK: attribute = #dsconv.record<9>}

// Fields keep their order.
"test.op"() {attribute = #dsconv.record<16, bias, multiplier, shift>} : () -> ()
// CHECK: attribute = #dsconv.record<16, bias, multiplier, shift>}

// Every field there is.
"test.op"() {attribute = #dsconv.record<0, divisor, addend, shift, multiplier, weight_zero_point, bias>} : () -> ()
// CHECK: attribute = #dsconv.record<0, divisor, addend, shift, multiplier, weight_zero_point, bias>}

// Both factors of a narrow requantisation, one behind the other.
"test.op"() {attribute = #dsconv.record<16, bias, high, low>} : () -> ()
// CHECK: attribute = #dsconv.record<16, bias, high, low>}

// A narrow multiplier is two fields of 16 bits.
"test.op"() {attribute = #dsconv.record<4, bias, high, low>} : () -> ()
// CHECK: attribute = #dsconv.record<4, bias, high, low>}
