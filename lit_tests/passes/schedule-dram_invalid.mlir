// RUN: xdsl-opt -p schedule-dram %s --split-input-file --verify-diagnostics | filecheck %s

func.func @net(%x: tensor<1x4x2x2xsi8>) -> tensor<1x4x2x2xsi8> {
  %y = dsconv.max_pool "pool"(%x) window <kernel = [1, 1]> : (tensor<1x4x2x2xsi8>) -> tensor<1x4x2x2xsi8>
  func.return %y : tensor<1x4x2x2xsi8>
}
// CHECK: schedule-dram needs an accelerator; write dsconv.target = #dsconv.accelerator<...> to the module

// -----

builtin.module attributes {dsconv.target = #dsconv.accelerator<entries = 40, entry_bits = 8, partial_bits = 32, copies = 1, channel_block = 4, line_bytes = 64, macs_per_cycle = 1, clock_mhz = 1.0, dram = "DDR3-1333">} {
  func.func @small(%x: tensor<1x4x4x4xsi8>) -> tensor<1x16x4x4xsi8> {
    %w = dsconv.constant dense<1> : tensor<16x4x3x3xsi8>
    %b = dsconv.constant dense<0> : tensor<16xi32>
    %y = dsconv.conv2d "conv"(%x, %w, %b) window <kernel = [3, 3], pads = [1, 1, 1, 1]> requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x4x4x4xsi8>, tensor<16x4x3x3xsi8>, tensor<16xi32>) -> tensor<1x16x4x4xsi8>
    func.return %y : tensor<1x16x4x4xsi8>
  }
}
// 36 inputs, 4 x 36 weights, 4 outputs
// CHECK: layer "conv" needs 184 entries on chip with its smallest tile, the buffer has 40; give it more, or fewer copies

// -----

builtin.module attributes {dsconv.target = #dsconv.accelerator<entries = 40, entry_bits = 8, partial_bits = 32, copies = 1, channel_block = 4, line_bytes = 64, macs_per_cycle = 1, clock_mhz = 1.0, dram = "DDR3-1333">} {
  func.func @shuffled(%x: tensor<1x4x2x2xsi8>) -> tensor<1x4x2x2xsi8> {
    %y = dsconv.shuffle "shuffle"(%x) groups 2 : (tensor<1x4x2x2xsi8>) -> tensor<1x4x2x2xsi8>
    func.return %y : tensor<1x4x2x2xsi8>
  }
}
// CHECK: layer "shuffle" is of kind shuffle; an accelerator behind DRAM has units for dense and depthwise convolutions, pools, additions, products and rescalings
