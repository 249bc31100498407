// RUN: xdsl-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

"test.op"() {attribute = #dsconv.cluster<name = "mine", l1 = 57344, l2 = 0, core = {count = 8, isa = "xpulp", stack_bytes = 1008, taken_branch_stalls = 2, jump_stalls = 1}, l3 = {loaded_bytes_per_cycle = 1.0, stored_bytes_per_cycle = 0.8, transfer_cycles = 165, transfers_in_flight = 8}, icache = {bytes = 512, line_bytes = 16, miss_cycles = 2, shared_bytes = 4096}, energy = {cycle = 430, byte = 20, l3_byte = 880}>} : () -> ()
// CHECK: dsconv.cluster needs its dma: a table of bytes_per_cycle

// -----

"test.op"() {attribute = #dsconv.cluster<name = "mine", l1 = 57344, l2 = 0, core = {count = 8, isa = "xpulp", stack_bytes = 1008, taken_branch_stalls = 2, jump_stalls = 1}, dma = {bytes_per_cycle = 8}, l3 = {loaded_bytes_per_cycle = 1.0, stored_bytes_per_cycle = 0.8, transfer_cycles = 165, transfers_in_flight = 8}, icache = {bytes = 512, line_bytes = 16, miss_cycles = 2, shared_bytes = 4096}, energy = {cycle = 430}>} : () -> ()
// CHECK: dsconv.cluster.energy needs its byte: a whole number

// -----

"test.op"() {attribute = #dsconv.cluster<name = "mine", l1 = 57344, l2 = 0, core = {count = 8, isa = "xpulp", stack_bytes = 1008, taken_branch_stalls = 2, jump_stalls = 1}, dma = {bytes_per_cycle = 8}, l3 = {loaded_bytes_per_cycle = 1.0, stored_bytes_per_cycle = 0.8, transfer_cycles = 165, transfers_in_flight = 8}, icache = {bytes = 512, lines = 16, miss_cycles = 2}, energy = {cycle = 430, byte = 20, l3_byte = 880}>} : () -> ()
// CHECK: dsconv.cluster.icache has no key lines; there are bytes, line_bytes, miss_cycles

// -----

"test.op"() {attribute = #dsconv.cluster<name = "mine", l1 = "all", l2 = 0, core = {count = 8, isa = "xpulp", stack_bytes = 1008, taken_branch_stalls = 2, jump_stalls = 1}, dma = {bytes_per_cycle = 8}, l3 = {loaded_bytes_per_cycle = 1.0, stored_bytes_per_cycle = 0.8, transfer_cycles = 165, transfers_in_flight = 8}, icache = {bytes = 512, line_bytes = 16, miss_cycles = 2, shared_bytes = 4096}, energy = {cycle = 430, byte = 20, l3_byte = 880}>} : () -> ()
// CHECK: dsconv.cluster.l1 is 'all'; expected a whole number

// -----

"test.op"() {attribute = #dsconv.cluster<name = "mine", l1 = 0.5, l2 = 0, core = {count = 8, isa = "xpulp", stack_bytes = 1008, taken_branch_stalls = 2, jump_stalls = 1}, dma = {bytes_per_cycle = 8}, l3 = {loaded_bytes_per_cycle = 1.0, stored_bytes_per_cycle = 0.8, transfer_cycles = 165, transfers_in_flight = 8}, icache = {bytes = 512, line_bytes = 16, miss_cycles = 2, shared_bytes = 4096}, energy = {cycle = 430, byte = 20, l3_byte = 880}>} : () -> ()
// CHECK: dsconv.cluster.l1 is 0.5; expected a whole number

// -----

"test.op"() {attribute = #dsconv.cluster<name = "mine", l1 = 57344, l2 = -1, core = {count = 8, isa = "xpulp", stack_bytes = 1008, taken_branch_stalls = 2, jump_stalls = 1}, dma = {bytes_per_cycle = 8}, l3 = {loaded_bytes_per_cycle = 1.0, stored_bytes_per_cycle = 0.8, transfer_cycles = 165, transfers_in_flight = 8}, icache = {bytes = 512, line_bytes = 16, miss_cycles = 2, shared_bytes = 4096}, energy = {cycle = 430, byte = 20, l3_byte = 880}>} : () -> ()
// CHECK: dsconv.cluster.l2 is -1; expected a number of at least 0

// -----

"test.op"() {attribute = #dsconv.cluster<name = "mine", l1 = 57344, l2 = 0, core = {count = 8, isa = "xpulp", stack_bytes = 1008, taken_branch_stalls = 2, jump_stalls = 1}, dma = 8, l3 = {loaded_bytes_per_cycle = 1.0, stored_bytes_per_cycle = 0.8, transfer_cycles = 165, transfers_in_flight = 8}, icache = {bytes = 512, line_bytes = 16, miss_cycles = 2, shared_bytes = 4096}, energy = {cycle = 430, byte = 20, l3_byte = 880}>} : () -> ()
// CHECK: dsconv.cluster.dma is not a table but 8

// -----

"test.op"() {attribute = #dsconv.cluster<name = "mine", l1 = 57344, l1 = 5, core = {count = 8, isa = "xpulp", stack_bytes = 1008, taken_branch_stalls = 2, jump_stalls = 1}, dma = {bytes_per_cycle = 8}, l3 = {loaded_bytes_per_cycle = 1.0, stored_bytes_per_cycle = 0.8, transfer_cycles = 165, transfers_in_flight = 8}, icache = {bytes = 512, line_bytes = 16, miss_cycles = 2, shared_bytes = 4096}, energy = {cycle = 430, byte = 20, l3_byte = 880}>} : () -> ()
// CHECK: dsconv.cluster has l1 twice

// -----

"test.op"() {attribute = #dsconv.cluster<name = "mine", l1 = 57344, l2 = 0, core = {count = 17, isa = "xpulp", stack_bytes = 1008, taken_branch_stalls = 2, jump_stalls = 1}, dma = {bytes_per_cycle = 8}, l3 = {loaded_bytes_per_cycle = 1.0, stored_bytes_per_cycle = 0.8, transfer_cycles = 165, transfers_in_flight = 8}, icache = {bytes = 512, line_bytes = 16, miss_cycles = 2, shared_bytes = 4096}, energy = {cycle = 430, byte = 20, l3_byte = 880}>} : () -> ()
// CHECK: dsconv.cluster.core.count is 17; expected 1 to 16

// -----

"test.op"() {attribute = #dsconv.cluster<name = "mine", l1 = 57344, l2 = 0, core = {count = 0, isa = "xpulp", stack_bytes = 1008, taken_branch_stalls = 2, jump_stalls = 1}, dma = {bytes_per_cycle = 8}, l3 = {loaded_bytes_per_cycle = 1.0, stored_bytes_per_cycle = 0.8, transfer_cycles = 165, transfers_in_flight = 8}, icache = {bytes = 512, line_bytes = 16, miss_cycles = 2, shared_bytes = 4096}, energy = {cycle = 430, byte = 20, l3_byte = 880}>} : () -> ()
// CHECK: dsconv.cluster.core.count is 0; expected 1 to 16

// -----

"test.op"() {attribute = #dsconv.cluster<name = "mine", l1 = 57344, l2 = 0, core = {count = 8, isa = "xpulp", stack_bytes = 1008, taken_branch_stalls = 2, jump_stalls = 1}, dma = {bytes_per_cycle = 0}, l3 = {loaded_bytes_per_cycle = 1.0, stored_bytes_per_cycle = 0.8, transfer_cycles = 165, transfers_in_flight = 8}, icache = {bytes = 512, line_bytes = 16, miss_cycles = 2, shared_bytes = 4096}, energy = {cycle = 430, byte = 20, l3_byte = 880}>} : () -> ()
// CHECK: dsconv.cluster.dma.bytes_per_cycle is 0; expected more than 0
