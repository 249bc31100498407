// RUN: xdsl-opt -p lower-to-accelerator %s --split-input-file --verify-diagnostics | filecheck %s

func.func @net(%x: tensor<1x4x2x2xsi8>) -> tensor<1x4x2x2xsi8> {
  %y = dsconv.max_pool "pool"(%x) window <kernel = [1, 1]> : (tensor<1x4x2x2xsi8>) -> tensor<1x4x2x2xsi8>
  func.return %y : tensor<1x4x2x2xsi8>
}
// CHECK: lower-to-accelerator needs an accelerator; write dsconv.target = #dsconv.accelerator<...> to the module

// -----

builtin.module attributes {dsconv.target = #dsconv.accelerator<entries = 40, entry_bits = 8, partial_bits = 32, copies = 1, channel_block = 4, line_bytes = 64, macs_per_cycle = 1, clock_mhz = 1.0, dram = "DDR3-1333">} {
  func.func @net(%x: tensor<1x4x2x2xsi8>) -> tensor<1x4x2x2xsi8> {
    %y = dsconv.max_pool "pool"(%x) window <kernel = [1, 1]> : (tensor<1x4x2x2xsi8>) -> tensor<1x4x2x2xsi8>
    func.return %y : tensor<1x4x2x2xsi8>
  }
}
// CHECK: layer "pool" has no tile; run schedule-dram before

// -----

builtin.module attributes {dsconv.target = #dsconv.accelerator<entries = 40, entry_bits = 8, partial_bits = 32, copies = 1, channel_block = 4, line_bytes = 64, macs_per_cycle = 1, clock_mhz = 1.0, dram = "DDR3-1333">} {
  func.func @net(%x: tensor<1x4x2x2xsi8>) -> tensor<1x4x2x2xsi8> {
    %y = dsconv.max_pool "pool"(%x) window <kernel = [1, 1]> {tile = #dsconv.tile<4, 1, 1, weights>} : (tensor<1x4x2x2xsi8>) -> tensor<1x4x2x2xsi8>
    func.return %y : tensor<1x4x2x2xsi8>
  }
}
// CHECK: layer "pool": an accelerator behind DRAM has tile loops in order raster, scan, scan_pixels, not weights

// -----

builtin.module attributes {dsconv.target = #dsconv.accelerator<entries = 40, entry_bits = 8, partial_bits = 32, copies = 1, channel_block = 4, line_bytes = 64, macs_per_cycle = 1, clock_mhz = 1.0, dram = "DDR3-1333">} {
  func.func @net(%x: tensor<1x4x2x2xsi8>) -> tensor<1x4x2x2xsi8> {
    %z = "test.op"(%x) : (tensor<1x4x2x2xsi8>) -> tensor<1x4x2x2xsi8>
    %y = dsconv.max_pool "pool"(%z) window <kernel = [1, 1]> {tile = #dsconv.tile<4, 1, 1, scan>} : (tensor<1x4x2x2xsi8>) -> tensor<1x4x2x2xsi8>
    func.return %y : tensor<1x4x2x2xsi8>
  }
}
// CHECK: test.op in network "net" is nothing an accelerator does
