// RUN: xdsl-opt -p prefetch-weights,plan-memory,canonicalize,cse %s | filecheck %s
// RUN: xdsl-opt -p 'prefetch-weights{l1=112},plan-memory{l1=112},canonicalize,cse' %s | filecheck %s --check-prefix=LATE

"memref.global"() <{sym_name = "b_weights", type = memref<32xi8, #dsconv.space<l2>>, initial_value = dense<2> : tensor<32xi8>, sym_visibility = "private", constant}> : () -> ()
dsconv.kernel "max_pool" @copy : (tensor<1x1x8x4xsi8, #dsconv.layout<chw>>) -> tensor<1x1x8x4xsi8, #dsconv.layout<chw>> window <kernel = [1, 1]>

// The weights of b come in the first round of a's loop; they lie at the other end of L1, and there b
// begins. With 112 bytes they have room only beside what a stores at its end, the input of a being done.
// CHECK-LABEL: func.func @net
// CHECK-SAME: dsconv.l1_bytes = 128 : i64
// LATE-LABEL: func.func @net
// LATE-SAME: dsconv.l1_bytes = 96 : i64
func.func @net(%in: memref<64xi8, #dsconv.space<l2>>, %out: memref<64xi8, #dsconv.space<l2>>) {
  %a = dsconv.buffer "a" : memref<64xi8, #dsconv.space<l2>>
  // CHECK: [[W:%w[_0-9]*]] = dsconv.buffer "b.w" at 96 : memref<32xi8, #dsconv.space<l1>>
  // CHECK-NEXT: dsconv.layer "a"
  // LATE: [[W:%w[_0-9]*]] = dsconv.buffer "b.w" at 64 : memref<32xi8, #dsconv.space<l1>>
  // LATE-NEXT: dsconv.layer "a"
  dsconv.layer "a" "max_pool" makes tensor<1x1x16x4xsi8> in %a : memref<64xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 8, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    %x = dsconv.buffer "a.x0" : memref<64xi8, #dsconv.space<l1>>
    %y = dsconv.buffer "a.y" : memref<32xi8, #dsconv.space<l1>>
    // CHECK-NEXT: %x = dsconv.buffer "a.x0" at 32
    // CHECK-NEXT: %y = dsconv.buffer "a.y" at 0
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c32 = arith.constant 32 : index
    scf.for %tile = %c0 to %c2 step %c1 {
      dsconv.barrier
      dsconv.run @copy(%x, %y) at %c0, %c0 : memref<64xi8, #dsconv.space<l1>>, memref<32xi8, #dsconv.space<l1>>
      // CHECK: dsconv.barrier
      // CHECK-NEXT: [[FIRST:%[0-9]+]] = arith.cmpi eq, %tile, %c0 : index
      // CHECK-NEXT: [[WEIGHTS:%[0-9a-z]+]] = memref.get_global @b_weights
      // CHECK-NEXT: dsconv.prefetch [[WEIGHTS]][%c0] to [[W]] box <32> when [[FIRST]] :
      // CHECK-NEXT: dsconv.run @copy
    }
    dsconv.barrier
    %store = dsconv.dma_start %y[%c0] to %a[%c32] box <32> : memref<32xi8, #dsconv.space<l1>> to memref<64xi8, #dsconv.space<l2>>
    // LATE: %store = dsconv.dma_start
    // LATE-NEXT: [[WEIGHTS:%[0-9a-z]+]] = memref.get_global @b_weights
    // LATE-NEXT: dsconv.prefetch [[WEIGHTS]][%c0] to [[W]] box <32> :
    // LATE-NEXT: dsconv.wait %store
    dsconv.wait %store
  }
  dsconv.layer "b" "pointwise" makes tensor<1x1x16x4xsi8> in %out : memref<64xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 8, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    %y = dsconv.buffer "b.y" : memref<32xi8, #dsconv.space<l1>>
    %w = dsconv.buffer "b.w" : memref<32xi8, #dsconv.space<l1>>
    // CHECK: dsconv.layer "b"
    // CHECK-NEXT: %y_1 = dsconv.buffer "b.y" at 64
    %c0 = arith.constant 0 : index
    %weights = memref.get_global @b_weights : memref<32xi8, #dsconv.space<l2>>
    %load = dsconv.dma_start %weights[%c0] to %w[%c0] box <32> {parameters} : memref<32xi8, #dsconv.space<l2>> to memref<32xi8, #dsconv.space<l1>>
    dsconv.wait %load
    // CHECK: dsconv.prefetch_wait [[W]] box <32>
    dsconv.barrier
    dsconv.run @copy(%w, %y) at %c0, %c0 : memref<32xi8, #dsconv.space<l1>>, memref<32xi8, #dsconv.space<l1>>
    dsconv.barrier
  }
  func.return
}

// Weights that come from L3 are fetched at the layer's end, behind the start of its last store: core 0
// waits for them there. Their buffer in L2 is needed until they have arrived in L1.
// CHECK-LABEL: func.func @streamed
func.func @streamed(%in: memref<32xi8, #dsconv.space<l2>>, %out: memref<32xi8, #dsconv.space<l2>>) {
  %near = dsconv.buffer "near" : memref<32xi8, #dsconv.space<l2>>
  %far = dsconv.buffer "far" : memref<32xi8, #dsconv.space<l3>>
  %zero = arith.constant 0 : index
  dsconv.l3_load %far[%zero] to %near box <32> : memref<32xi8, #dsconv.space<l3>> to memref<32xi8, #dsconv.space<l2>>
  dsconv.layer "a" "max_pool" makes tensor<1x1x8x4xsi8> in %in : memref<32xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 8, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    %y = dsconv.buffer "a.y" : memref<32xi8, #dsconv.space<l1>>
    %c0 = arith.constant 0 : index
    dsconv.run @copy(%y, %y) at %c0, %c0 : memref<32xi8, #dsconv.space<l1>>, memref<32xi8, #dsconv.space<l1>>
    dsconv.barrier
    %store = dsconv.dma_start %y[%c0] to %in[%c0] box <32> : memref<32xi8, #dsconv.space<l1>> to memref<32xi8, #dsconv.space<l2>>
    dsconv.wait %store
    // CHECK: dsconv.run
    // CHECK-NEXT: dsconv.barrier
    // CHECK-NEXT: %store = dsconv.dma_start
    // CHECK-NEXT: dsconv.l3_wait %near : memref<32xi8, #dsconv.space<l2>>
    // CHECK-NEXT: dsconv.prefetch %near[%zero] to %w box <32> :
    // CHECK-NEXT: dsconv.wait %store
  }
  dsconv.layer "b" "pointwise" makes tensor<1x1x8x4xsi8> in %out : memref<32xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 8, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    %w = dsconv.buffer "b.w" : memref<32xi8, #dsconv.space<l1>>
    %c0 = arith.constant 0 : index
    dsconv.l3_wait %near : memref<32xi8, #dsconv.space<l2>>
    %load = dsconv.dma_start %near[%c0] to %w[%c0] box <32> {parameters} : memref<32xi8, #dsconv.space<l2>> to memref<32xi8, #dsconv.space<l1>>
    dsconv.wait %load
    // CHECK: dsconv.layer "b"
    // CHECK-NOT: dsconv.l3_wait
    // CHECK: dsconv.prefetch_wait %w from %near : memref<32xi8, #dsconv.space<l2>> box <32> :
    dsconv.run @copy(%w, %w) at %c0, %c0 : memref<32xi8, #dsconv.space<l1>>, memref<32xi8, #dsconv.space<l1>>
  }
  func.return
}

// Those that only start to come from L3 behind a are loaded where they were.
// CHECK-LABEL: func.func @too_late
func.func @too_late(%in: memref<32xi8, #dsconv.space<l2>>, %out: memref<32xi8, #dsconv.space<l2>>) {
  %near = dsconv.buffer "near" : memref<32xi8, #dsconv.space<l2>>
  %far = dsconv.buffer "far" : memref<32xi8, #dsconv.space<l3>>
  %zero = arith.constant 0 : index
  dsconv.layer "a" "max_pool" makes tensor<1x1x8x4xsi8> in %in : memref<32xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 8, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    %y = dsconv.buffer "a.y" : memref<32xi8, #dsconv.space<l1>>
    %c0 = arith.constant 0 : index
    dsconv.run @copy(%y, %y) at %c0, %c0 : memref<32xi8, #dsconv.space<l1>>, memref<32xi8, #dsconv.space<l1>>
    dsconv.barrier
    %store = dsconv.dma_start %y[%c0] to %in[%c0] box <32> : memref<32xi8, #dsconv.space<l1>> to memref<32xi8, #dsconv.space<l2>>
    dsconv.wait %store
  }
  // CHECK-NOT: dsconv.prefetch
  dsconv.l3_load %far[%zero] to %near box <32> : memref<32xi8, #dsconv.space<l3>> to memref<32xi8, #dsconv.space<l2>>
  dsconv.layer "b" "pointwise" makes tensor<1x1x8x4xsi8> in %out : memref<32xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 8, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    %w = dsconv.buffer "b.w" : memref<32xi8, #dsconv.space<l1>>
    %c0 = arith.constant 0 : index
    dsconv.l3_wait %near : memref<32xi8, #dsconv.space<l2>>
    %load = dsconv.dma_start %near[%c0] to %w[%c0] box <32> {parameters} : memref<32xi8, #dsconv.space<l2>> to memref<32xi8, #dsconv.space<l1>>
    dsconv.wait %load
    dsconv.run @copy(%w, %w) at %c0, %c0 : memref<32xi8, #dsconv.space<l1>>, memref<32xi8, #dsconv.space<l1>>
  }
  func.return
}
