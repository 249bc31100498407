// RUN: xdsl-opt -p map-array %s --split-input-file --verify-diagnostics | filecheck %s --check-prefix NONE
// RUN: xdsl-opt -p 'map-array{rows=4 columns=4 accumulator_bits=16}' %s --split-input-file --verify-diagnostics | filecheck %s
// RUN: xdsl-opt -p 'map-array{rows=0 columns=4}' %s --split-input-file --verify-diagnostics | filecheck %s --check-prefix ROWS
// RUN: xdsl-opt -p 'map-array{rows=4 columns=4 accumulator_bits=4}' %s --split-input-file --verify-diagnostics | filecheck %s --check-prefix BITS
// RUN: xdsl-opt -p 'map-array{rows=4 columns=4 dataflow=weight_stationary paper=true}' %s --split-input-file --verify-diagnostics | filecheck %s --check-prefix PAPER
// RUN: xdsl-opt -p 'map-array{rows=4 columns=4 tiles=pipelined dataflow=both}' %s --split-input-file --verify-diagnostics | filecheck %s --check-prefix HELD
// RUN: xdsl-opt -p 'map-array{rows=4 columns=4 tiles=pipelined drain=serial}' %s --split-input-file --verify-diagnostics | filecheck %s --check-prefix DRAIN

// 4 * 127 * 128 = 65024
func.func @wide(%x: tensor<1x4x2x2xsi8>, %b: tensor<1xi32>) -> tensor<1x1x2x2xsi8> {
  %c = dsconv.constant dense<127> : tensor<1x4xsi8>
  %y = dsconv.pointwise "pw"(%x, %c, %b) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x4x2x2xsi8>, tensor<1x4xsi8>, tensor<1xi32>) -> tensor<1x1x2x2xsi8>
  func.return %y : tensor<1x1x2x2xsi8>
}
// CHECK: layer "pw": its sums take up to 17 bits, the accumulators of the array have 16; give it wider ones
// NONE: map-array needs its rows: a whole number
// ROWS: an array has at least one row and one column, not 0x4
// BITS: an accumulator has 8 to 64 bits, not 4
// PAPER: the paper's array is output stationary; this one is not
// DRAIN: tiles do not follow each other on an array that is drained between them: give drain=overlapped or tiles=separate
// HELD: weights that stay are loaded between tiles: give tiles=separate or dataflow=output_stationary
