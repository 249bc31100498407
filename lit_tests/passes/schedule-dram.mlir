// RUN: xdsl-opt -p 'schedule-dram{schedule=raster}' %s | filecheck %s --check-prefix RASTER
// RUN: xdsl-opt -p 'schedule-dram{schedule=scan}' %s | filecheck %s --check-prefix SCAN
// RUN: xdsl-opt -p 'schedule-dram{schedule=pairs}' %s | filecheck %s --check-prefix PAIRS
// RUN: xdsl-opt -p 'schedule-dram{schedule=blocks}' %s | filecheck %s --check-prefix BLOCKS
// RUN: xdsl-opt -p 'schedule-dram' %s | filecheck %s --check-prefix BEST

// 700 entries on chip: a map of 8x8 pixels with 8 channels fits, one with 24 channels does not
builtin.module attributes {dsconv.target = #dsconv.accelerator<entries = 700, entry_bits = 8, partial_bits = 8, copies = 1, channel_block = 8, line_bytes = 4, macs_per_cycle = 1, clock_mhz = 1.0, dram = "DDR3-1333">} {
  func.func @net(%x: tensor<1x8x8x8xsi8>) -> tensor<1x4x8x8xsi8> {
    %w1 = dsconv.constant dense<1> : tensor<24x8xsi8>
    %b1 = dsconv.constant dense<0> : tensor<24xi32>
    %w2 = dsconv.constant dense<1> : tensor<24x1x3x3xsi8>
    %w3 = dsconv.constant dense<1> : tensor<4x24xsi8>
    %b3 = dsconv.constant dense<0> : tensor<4xi32>
    %v1 = dsconv.pointwise "expand"(%x, %w1, %b1) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x8x8x8xsi8>, tensor<24x8xsi8>, tensor<24xi32>) -> tensor<1x24x8x8xsi8>
    %v2 = dsconv.depthwise "dw"(%v1, %w2, %b1) window <kernel = [3, 3], pads = [1, 1, 1, 1]> requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x24x8x8xsi8>, tensor<24x1x3x3xsi8>, tensor<24xi32>) -> tensor<1x24x8x8xsi8>
    %y = dsconv.pointwise "project"(%v2, %w3, %b3) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x24x8x8xsi8>, tensor<4x24xsi8>, tensor<4xi32>) -> tensor<1x4x8x8xsi8>
    func.return %y : tensor<1x4x8x8xsi8>
  }

  func.func @foreign(%x: i32) -> i32 {
    func.return %x : i32
  }
}

// Every tile loads its operands; the sums of 24 x 12 outputs stay while 8 input channels are added up.
// RASTER: dsconv.pointwise "expand"
// RASTER-SAME: tile = #dsconv.tile<24, 3, 4, raster, depth = 8>
// RASTER: dsconv.depthwise "dw"
// RASTER-SAME: tile = #dsconv.tile<24, 2, 2, raster>
// RASTER: dsconv.pointwise "project"
// RASTER-SAME: tile = #dsconv.tile<4, 4, 8, raster, depth = 8>

// A strip of whole rows keeps those that the next one reads, too; so 16 channels at a time move least.
// SCAN: dsconv.pointwise "expand"
// SCAN-SAME: tile = #dsconv.tile<24, 3, 4, scan, depth = 8>
// SCAN: dsconv.depthwise "dw"
// SCAN-SAME: tile = #dsconv.tile<16, 1, 8, scan>
// SCAN: dsconv.pointwise "project"
// SCAN-SAME: tile = #dsconv.tile<4, 2, 8, scan, depth = 24>

// PAIRS: dsconv.pointwise "expand"
// PAIRS: dsconv.fused "project" along "channels" attributes {tile = #dsconv.tile<4, 3, 8, scan_pixels, depth = 8>}
// PAIRS-NEXT: dsconv.depthwise "dw"
// PAIRS-NEXT: dsconv.pointwise "project"

// Two of the 24 channels between the layers at a time; partial sums of four rows stay for all of them.
// BLOCKS: dsconv.fused "project" along "channels" attributes {tile = #dsconv.tile<4, 4, 8, scan_pixels, depth = 2>}
// BLOCKS-NEXT: dsconv.pointwise "expand"
// BLOCKS-NEXT: dsconv.depthwise "dw"
// BLOCKS-NEXT: dsconv.pointwise "project"

// BEST: dsconv.fused "project" along "channels"
// BEST: func.func @foreign(%x: i32) -> i32 {
// BEST-NEXT: func.return %x : i32
