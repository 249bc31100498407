// RUN: xdsl-opt -p 'map-array{rows=16 columns=16}' %s | filecheck %s
// RUN: xdsl-opt -p 'map-array{rows=16 columns=16 objective=transfers}' %s | filecheck %s --check-prefix TRANSFERS
// RUN: xdsl-opt -p 'map-array{rows=16 columns=16 objective=energy}' %s | filecheck %s --check-prefix ENERGY
// RUN: xdsl-opt -p 'map-array{rows=16 columns=16 row_bus=false}' %s | filecheck %s --check-prefix PLAIN

// One output pixel and 16 kernels of 2000 terms. Over the buses each row of the array has its own weights and its own
// inputs, 16 * (2000 + 2000) bytes, in 2000 + 1 cycles. As a matrix product one row of inputs serves all kernels,
// 2000 * (1 + 16) bytes, in 2000 + 1 + 16 - 1 cycles: less than 2 % more.
func.func @linear(%x: tensor<1x2000x1x1xsi8>, %b: tensor<16xi32>) -> tensor<1x16x1x1xsi8> {
  %c = dsconv.constant dense<1> : tensor<16x2000xsi8>
  %y = dsconv.linear "fc"(%x, %c, %b) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x2000x1x1xsi8>, tensor<16x2000xsi8>, tensor<16xi32>) -> tensor<1x16x1x1xsi8>
  func.return %y : tensor<1x16x1x1xsi8>
}
// CHECK: mapping = #dsconv.mapping<row_bus, lines = rows, cycles = 2001>
// TRANSFERS: mapping = #dsconv.mapping<output_stationary, cycles = 2016>
// ENERGY: mapping = #dsconv.mapping<output_stationary, cycles = 2016>
// PLAIN: mapping = #dsconv.mapping<output_stationary, cycles = 2016>
