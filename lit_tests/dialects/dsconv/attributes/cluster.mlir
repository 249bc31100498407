// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s

// What a module is compiled for. L1 and L2: bytes for tensors; rates in bytes a cycle; energies in pJ.
builtin.module attributes {dsconv.target = #dsconv.cluster<
    name = "mine", l1 = 57344, l2 = 491520,
    core = {count = 3, isa = "xpulp", stack_bytes = 1008, taken_branch_stalls = 2, jump_stalls = 1},
    dma = {bytes_per_cycle = 8},
    l3 = {loaded_bytes_per_cycle = 1, stored_bytes_per_cycle = 0.8, transfer_cycles = 165, transfers_in_flight = 8},
    icache = {bytes = 512, line_bytes = 16, miss_cycles = 2, shared_bytes = 4096},
    energy = {cycle = 430, byte = 20, l3_byte = 880}>} {
}
// CHECK:      builtin.module attributes {dsconv.target = #dsconv.cluster<name = "mine", l1 = 57344, l2 = 491520,
// CHECK-SAME: core = {count = 3, isa = "xpulp", stack_bytes = 1008, taken_branch_stalls = 2, jump_stalls = 1}, dma = {bytes_per_cycle = 8},
// CHECK-SAME: l3 = {loaded_bytes_per_cycle = 1.0, stored_bytes_per_cycle = 0.8, transfer_cycles = 165, transfers_in_flight = 8},
// CHECK-SAME: icache = {bytes = 512, line_bytes = 16, miss_cycles = 2, shared_bytes = 4096}, energy = {cycle = 430, byte = 20, l3_byte = 880}>}
