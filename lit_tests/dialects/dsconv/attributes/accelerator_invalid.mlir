// RUN: xdsl-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

"test.op"() {target = #dsconv.accelerator<entries = 64, entry_bits = 12, partial_bits = 32, copies = 2, channel_block = 16, line_bytes = 64, macs_per_cycle = 256, clock_mhz = 200.0, dram = "DDR3-1333">} : () -> ()
// CHECK: an entry is whole bytes, not 12 bits

// -----

"test.op"() {target = #dsconv.accelerator<entries = 64, entry_bits = 16, partial_bits = 32, copies = 3, channel_block = 16, line_bytes = 64, macs_per_cycle = 256, clock_mhz = 200.0, dram = "DDR3-1333">} : () -> ()
// CHECK: a buffer has 1 or 2 copies, not 3

// -----

"test.op"() {target = #dsconv.accelerator<entries = 64, entry_bits = 16, partial_bits = 32, copies = 2, channel_block = 16, line_bytes = 63, macs_per_cycle = 256, clock_mhz = 200.0, dram = "DDR3-1333">} : () -> ()
// CHECK: a line has whole entries of 2 bytes, not 63 bytes

// -----

"test.op"() {target = #dsconv.accelerator<entries = 64, entry_bits = 16, partial_bits = 32, copies = 2, channel_block = 0, line_bytes = 64, macs_per_cycle = 256, clock_mhz = 200.0, dram = "DDR3-1333">} : () -> ()
// CHECK: channel_block is 0; expected more than 0
