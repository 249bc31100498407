// RUN: xdsl-opt -p 'map-array{rows=64 columns=64}' %s | filecheck %s
// RUN: xdsl-opt -p 'map-array{rows=64 columns=64 row_bus=false}' %s | filecheck %s --check-prefix PLAIN
// RUN: xdsl-opt -p 'map-array{rows=64 columns=64 paper=true}' %s | filecheck %s --check-prefix PAPER
// RUN: xdsl-opt -p 'map-array{rows=64 columns=64 paper=true row_bus=false}' %s | filecheck %s --check-prefix NO-BUS
// RUN: xdsl-opt -p 'map-array{rows=16 columns=16 tiles=pipelined}' %s | filecheck %s --check-prefix PIPELINED
// RUN: xdsl-opt -p 'map-array{rows=16 columns=16 dataflow=weight_stationary drain=serial}' %s | filecheck %s --check-prefix WEIGHTS

// 196 pixels times 32 kernels over 16 terms: three tiles of 64 pixels, 16 + 64 + 32 - 1 cycles each, and one of 4.
// On 16x16, 13 tiles of pixels by two of kernels follow each other: 26 * 16 terms, and 4 + 16 - 1 cycles at the end.
// Weights that stay are loaded for two tiles of kernels: 16 + 196 + 31 cycles each.
func.func @pointwise(%x: tensor<1x16x14x14xsi8>, %w: tensor<32x16xsi8>, %b: tensor<32xi32>) -> tensor<1x32x14x14xsi8> {
  %c = dsconv.constant dense<1> : tensor<32x16xsi8>
  %y = dsconv.pointwise "pw"(%x, %c, %b) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x16x14x14xsi8>, tensor<32x16xsi8>, tensor<32xi32>) -> tensor<1x32x14x14xsi8>
  func.return %y : tensor<1x32x14x14xsi8>
}
// CHECK-LABEL: @pointwise
// CHECK: mapping = #dsconv.mapping<output_stationary, cycles = 384>
// PAPER-LABEL: @pointwise
// PAPER: mapping = #dsconv.mapping<output_stationary, cycles = 384>
// PIPELINED-LABEL: @pointwise
// PIPELINED: mapping = #dsconv.mapping<output_stationary, cycles = 435>
// WEIGHTS-LABEL: @pointwise
// WEIGHTS: mapping = #dsconv.mapping<weight_stationary, cycles = 486>

// 64 channels of 14 lines are 14 full rows of tiles. On the bus each shifts in 14 + 3 - 1 places for each of 3 lines
// of the kernel, and multiplies once more: 14 * (3 * 16 + 1).
// Without it: all 64 channels in one product of 64 * 9 terms, three tiles of 64 pixels and one of 4.
// The paper has one column: 64 channels times (3 * (9 + 64) + 9 + 4).
func.func @depthwise(%x: tensor<1x64x14x14xsi8>, %b: tensor<64xi32>) -> tensor<1x64x14x14xsi8> {
  %c = dsconv.constant dense<1> : tensor<64x1x3x3xsi8>
  %y = dsconv.depthwise "dw"(%x, %c, %b) window <kernel = [3, 3], pads = [1, 1, 1, 1]> requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x64x14x14xsi8>, tensor<64x1x3x3xsi8>, tensor<64xi32>) -> tensor<1x64x14x14xsi8>
  func.return %y : tensor<1x64x14x14xsi8>
}
// CHECK-LABEL: @depthwise
// CHECK: mapping = #dsconv.mapping<row_bus, lines = rows, cycles = 686>
// PLAIN-LABEL: @depthwise
// PLAIN: mapping = #dsconv.mapping<block_diagonal, group = 64, cycles = 2752>
// PAPER-LABEL: @depthwise
// PAPER: mapping = #dsconv.mapping<output_stationary, cycles = 14848>

// 14 rows of tiles again; the paper's form shifts in 64 + 3 places, whatever the line's length.
func.func @axial(%x: tensor<1x64x14x14xsi8>, %b: tensor<64xi32>) -> tensor<1x64x14x14xsi8> {
  %c = dsconv.constant dense<1> : tensor<64x1x3x1xsi8>
  %y = dsconv.depthwise "columns"(%x, %c, %b) window <kernel = [3, 1], pads = [1, 0, 1, 0]> requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x64x14x14xsi8>, tensor<64x1x3x1xsi8>, tensor<64xi32>) -> tensor<1x64x14x14xsi8>
  func.return %y : tensor<1x64x14x14xsi8>
}
// CHECK-LABEL: @axial
// CHECK: mapping = #dsconv.mapping<row_bus, lines = columns, cycles = 238>
// PAPER-LABEL: @axial
// PAPER: mapping = #dsconv.mapping<st_os, lines = columns, cycles = 938>
// NO-BUS-LABEL: @axial
// NO-BUS: mapping = #dsconv.mapping<output_stationary,

// One large map: lines of it on the rows of the array.
func.func @lines(%x: tensor<1x2x64x64xsi8>, %b: tensor<2xi32>) -> tensor<1x2x64x64xsi8> {
  %c = dsconv.constant dense<1> : tensor<2x1x3x3xsi8>
  %y = dsconv.depthwise "dw"(%x, %c, %b) window <kernel = [3, 3], pads = [1, 1, 1, 1]> requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x2x64x64xsi8>, tensor<2x1x3x3xsi8>, tensor<2xi32>) -> tensor<1x2x64x64xsi8>
  func.return %y : tensor<1x2x64x64xsi8>
}
// PLAIN-LABEL: @lines
// PLAIN: mapping = #dsconv.mapping<banded, cycles = 650>

// Layers without weights run beside the array.
func.func @beside(%x: tensor<1x2x4x4xsi8>) -> tensor<1x2x2x2xsi8> {
  %y = dsconv.max_pool "max"(%x) window <kernel = [2, 2], strides = [2, 2]> : (tensor<1x2x4x4xsi8>) -> tensor<1x2x2x2xsi8>
  func.return %y : tensor<1x2x2x2xsi8>
}
// CHECK-LABEL: @beside
// CHECK-NOT: mapping
