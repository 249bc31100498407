// RUN: xdsl-opt %s | xdsl-opt | filecheck %s

// The array that a module is mapped to; what is not said is the array's default.
builtin.module attributes {dsconv.target = #dsconv.systolic_array<rows = 8, columns = 16, row_bus = false, dataflow = "both">} {
}
// CHECK: builtin.module attributes {dsconv.target = #dsconv.systolic_array<rows = 8, columns = 16, row_bus = false, accumulator_bits = 32, dataflow = "both", drain = "overlapped", tiles = "separate">}
