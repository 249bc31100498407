// RUN: xdsl-opt %s | xdsl-opt | filecheck %s

"test.op"() {target = #dsconv.accelerator<entries = 65536, entry_bits = 16, partial_bits = 32, copies = 2, channel_block = 16, line_bytes = 64, macs_per_cycle = 256, clock_mhz = 200.0, dram = "DDR3-1333">} : () -> ()
// CHECK: "test.op"() {target = #dsconv.accelerator<entries = 65536, entry_bits = 16, partial_bits = 32, copies = 2, channel_block = 16, line_bytes = 64, macs_per_cycle = 256, clock_mhz = 200.0, dram = "DDR3-1333">} : () -> ()
