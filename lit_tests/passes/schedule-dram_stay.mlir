// RUN: xdsl-opt -p 'schedule-dram' %s | filecheck %s

// What the second chain reads, and adds again, stays on chip from the first one.
builtin.module attributes {dsconv.target = #dsconv.accelerator<entries = 700, entry_bits = 8, partial_bits = 32, copies = 1, channel_block = 8, line_bytes = 4, macs_per_cycle = 1, clock_mhz = 1.0, dram = "DDR3-1333">} {
  func.func @net(%x: tensor<1x4x8x8xsi8>) -> tensor<1x8x4x4xsi8> {
    %w1 = dsconv.constant dense<1> : tensor<4x1x3x3xsi8>
    %b1 = dsconv.constant dense<0> : tensor<4xi32>
    %w2 = dsconv.constant dense<1> : tensor<8x4xsi8>
    %b2 = dsconv.constant dense<0> : tensor<8xi32>
    %w3 = dsconv.constant dense<1> : tensor<8x8x3x3xsi8>
    %v1 = dsconv.depthwise "dw"(%x, %w1, %b1) window <kernel = [3, 3], strides = [2, 2], pads = [1, 1, 1, 1]> requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x4x8x8xsi8>, tensor<4x1x3x3xsi8>, tensor<4xi32>) -> tensor<1x4x4x4xsi8>
    %v2 = dsconv.pointwise "pw1"(%v1, %w2, %b2) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x4x4x4xsi8>, tensor<8x4xsi8>, tensor<8xi32>) -> tensor<1x8x4x4xsi8>
    %v3 = dsconv.conv2d "pw2"(%v2, %w3, %b2) window <kernel = [3, 3], strides = [1, 1], pads = [1, 1, 1, 1]> requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x8x4x4xsi8>, tensor<8x8x3x3xsi8>, tensor<8xi32>) -> tensor<1x8x4x4xsi8>
    %y = dsconv.add "add"(%v3, %v2) requant <multiplier = [1], shift = [1], half_even, clip = [-128, 127]> {multipliers = array<i32: 1, 1>, zero_points = array<i32: 0, 0>} : (tensor<1x8x4x4xsi8>, tensor<1x8x4x4xsi8>) -> tensor<1x8x4x4xsi8>
    func.return %y : tensor<1x8x4x4xsi8>
  }
}

// CHECK: dsconv.fused "pw1" along "channels" attributes {tile = #dsconv.tile<8, 4, 4, scan_pixels, depth = 4>} {
// CHECK: dsconv.fused "add" along "channels" attributes {dsconv.resident_inputs = array<i64: 0>, tile = #dsconv.tile<8, 2, 4, scan, depth = 4>} {
