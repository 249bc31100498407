// RUN: xdsl-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

"test.op"() {attribute = #dsconv.record<9, scale>} : () -> ()
// CHECK: a record has no field scale

// -----

"test.op"() {attribute = #dsconv.record<9, bias, shift, bias>} : () -> ()
// CHECK: a record has each field once

// -----

"test.op"() {attribute = #dsconv.record<bias>} : () -> ()
// CHECK: Expected integer literal

// -----

"test.op"() {attribute = #dsconv.record<9, low, high, bias>} : () -> ()
// CHECK: low lies right behind high in a record

// -----

"test.op"() {attribute = #dsconv.record<4, high, bias, low>} : () -> ()
// CHECK: low lies right behind high in a record

// -----

"test.op"() {attribute = #dsconv.record<-1>} : () -> ()
// CHECK: a record has 0 or more bytes of weights, not -1
