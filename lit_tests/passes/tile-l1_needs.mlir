// RUN: xdsl-opt -p 'tile-l1{l1=1 sizes=100,100,100}' --split-input-file --verify-diagnostics %s | filecheck %s

// What a whole layer takes in L1, every buffer at a multiple of 8 bytes.

// 3x6x5 inputs and a pad pixel of 3 bytes: 96. 4 records of 27 + 1 weights and the bias: 128. 4x3x5 outputs: 64.
func.func @net(%x: tensor<1x3x6x5xsi8>) -> tensor<1x4x3x5xsi8> {
  %w = dsconv.constant dense<1> : tensor<4x3x3x3xsi8>
  %b = dsconv.constant dense<1> : tensor<4xi32>
  %y = dsconv.conv2d "c"(%x, %w, %b) window <kernel = [3, 3], strides = [2, 1], pads = [1, 1, 0, 1]> requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x3x6x5xsi8>, tensor<4x3x3x3xsi8>, tensor<4xi32>) -> tensor<1x4x3x5xsi8>
  func.return %y : tensor<1x4x3x5xsi8>
}
// CHECK: layer "c" (conv2d) does not fit L1: it needs 288 bytes, 1 are there; give at least 288 bytes of L1 for tiles

// -----

// 8x4x4 inputs and a pad pixel of 8 bytes: 136. 8 records of 9 + 3 weights, the bias and its multiplier: 160. 128 outputs.
func.func @net(%x: tensor<1x8x4x4xsi8>) -> tensor<1x8x4x4xsi8> {
  %w = dsconv.constant dense<1> : tensor<8x1x3x3xsi8>
  %b = dsconv.constant dense<1> : tensor<8xi32>
  %y = dsconv.depthwise "dw"(%x, %w, %b) window <kernel = [3, 3], pads = [1, 1, 1, 1]> requant <multiplier = [1, 2, 3, 4, 5, 6, 7, 8], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x8x4x4xsi8>, tensor<8x1x3x3xsi8>, tensor<8xi32>) -> tensor<1x8x4x4xsi8>
  func.return %y : tensor<1x8x4x4xsi8>
}
// CHECK: layer "dw" (depthwise) does not fit L1: it needs 424 bytes,

// -----

// 32 inputs, 12 records of 32 weights and the bias: 432, 12 outputs: 16.
func.func @net(%x: tensor<1x2x4x4xsi8>) -> tensor<1x12x1x1xsi8> {
  %w = dsconv.constant dense<1> : tensor<12x32xsi8>
  %b = dsconv.constant dense<1> : tensor<12xi32>
  %y = dsconv.linear "fc"(%x, %w, %b) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>, tensor<12x32xsi8>, tensor<12xi32>) -> tensor<1x12x1x1xsi8>
  func.return %y : tensor<1x12x1x1xsi8>
}
// CHECK: layer "fc" (linear) does not fit L1: it needs 480 bytes,

// -----

// Two inputs and the outputs, 9 bytes each, 16 with what follows.
func.func @net(%x: tensor<1x1x3x3xsi8>) -> tensor<1x1x3x3xsi8> {
  %y = dsconv.add "res"(%x, %x) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> {multipliers = array<i32: 1, 1>, zero_points = array<i32: 0, 0>} : (tensor<1x1x3x3xsi8>, tensor<1x1x3x3xsi8>) -> tensor<1x1x3x3xsi8>
  func.return %y : tensor<1x1x3x3xsi8>
}
// CHECK: layer "res" (add) does not fit L1: it needs 48 bytes,

// -----

// 2x16x9 inputs: 288. 2x8x7 outputs: 112.
func.func @net(%x: tensor<1x2x16x9xsi8>) -> tensor<1x2x8x7xsi8> {
  %y = dsconv.max_pool "pool"(%x) window <kernel = [2, 3], strides = [2, 1]> : (tensor<1x2x16x9xsi8>) -> tensor<1x2x8x7xsi8>
  func.return %y : tensor<1x2x8x7xsi8>
}
// CHECK: layer "pool" (max_pool) does not fit L1: it needs 400 bytes,

// -----

// 2x4x4 inputs: 32. 2 outputs: 8.
func.func @net(%x: tensor<1x2x4x4xsi8>) -> tensor<1x2x1x1xsi8> {
  %y = dsconv.avg_pool "avg"(%x) window <kernel = [4, 4]> requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>) -> tensor<1x2x1x1xsi8>
  func.return %y : tensor<1x2x1x1xsi8>
}
// CHECK: layer "avg" (avg_pool) does not fit L1: it needs 40 bytes,
