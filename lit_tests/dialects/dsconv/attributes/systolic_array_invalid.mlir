// RUN: xdsl-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

"test.op"() {attribute = #dsconv.systolic_array<rows = 8>} : () -> ()
// CHECK: dsconv.systolic_array needs its columns: a whole number

// -----

"test.op"() {attribute = #dsconv.systolic_array<rows = 8, columns = 8, row_bus = 1>} : () -> ()
// CHECK: dsconv.systolic_array.row_bus is 1; expected true or false

// -----

"test.op"() {attribute = #dsconv.systolic_array<rows = 8, columns = 8, dataflow = "neither">} : () -> ()
// CHECK: dsconv.systolic_array.dataflow is 'neither'; expected output_stationary or weight_stationary or both

// -----

"test.op"() {attribute = #dsconv.systolic_array<rows = 0, columns = 8>} : () -> ()
// CHECK: an array has at least one row and one column, not 0x8
