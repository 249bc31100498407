// RUN: xdsl-opt -p double-buffer,canonicalize,cse %s | filecheck %s

dsconv.kernel "max_pool" @max : (tensor<1x4x2x3xsi8, #dsconv.layout<hwc>>) -> tensor<1x4x1x3xsi8, #dsconv.layout<hwc>> window <kernel = [2, 1], pads = [1, 0, 0, 0]> {pad_value = -128 : i64}

// Four tiles of one row: two slots for each buffer that the loop uses by version, each with its pad
// pixel. Tile 0 is loaded before the loop; in it, tile n+1 is loaded and tile n-1 stored while tile n is
// computed, behind one barrier; the last one is stored behind the loop.
// CHECK-LABEL: func.func @pipelined
func.func @pipelined(%in: memref<48xi8, #dsconv.space<l2>>, %out: memref<48xi8, #dsconv.space<l2>>) {
  // CHECK-NEXT: dsconv.layer "max" {{.*}} attributes {tile = #dsconv.tile<4, 1, 3, weights, buffers = 2>, schedule = #dsconv.schedule<[hwc, hwc], buffers = 2>, macs = 0 : i64} {
  dsconv.layer "max" "max_pool" makes tensor<1x4x4x3xsi8> in %out : memref<48xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<4, 1, 3, weights, buffers = 2>, schedule = #dsconv.schedule<[hwc, hwc]>, macs = 0 : i64} {
    %x = dsconv.buffer "max.x0" : memref<32xi8, #dsconv.space<l1>>
    %y = dsconv.buffer "max.y" : memref<12xi8, #dsconv.space<l1>>
    // CHECK-NEXT: %x = dsconv.buffer "max.x0" : memref<64xi8, #dsconv.space<l1>>
    // CHECK-NEXT: %y = dsconv.buffer "max.y" : memref<24xi8, #dsconv.space<l1>>
    dsconv.fill %x at 24 bytes 4 with -128 : memref<32xi8, #dsconv.space<l1>>
    // CHECK-NEXT: dsconv.fill %x at 24 bytes 4 with -128 :
    // CHECK-NEXT: dsconv.fill %x at 56 bytes 4 with -128 :
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c4 = arith.constant 4 : index
    %c12 = arith.constant 12 : index
    // CHECK: %slot = dsconv.slot %x[%c0]
    // CHECK-NEXT: [[T:%[0-9]+]] = dsconv.dma_start %in[%c0] to %slot[%c0] box <24> :
    // CHECK-NEXT: dsconv.wait [[T]]
    scf.for %tile = %c0 to %c4 step %c1 {
      %offset = arith.muli %tile, %c12 : index
      %slot = dsconv.slot %x[%tile] : memref<32xi8, #dsconv.space<l1>> to memref<32xi8, #dsconv.space<l1>>
      %load = dsconv.dma_start %in[%offset] to %slot[%c0] box <24> : memref<48xi8, #dsconv.space<l2>> to memref<32xi8, #dsconv.space<l1>>
      dsconv.wait %load
      %result = dsconv.slot %y[%tile] : memref<12xi8, #dsconv.space<l1>> to memref<12xi8, #dsconv.space<l1>>
      dsconv.barrier
      dsconv.run @max(%slot, %result) at %c0, %c0 : memref<32xi8, #dsconv.space<l1>>, memref<12xi8, #dsconv.space<l1>>
      dsconv.barrier
      %store = dsconv.dma_start %result[%c0] to %out[%offset] box <12> : memref<12xi8, #dsconv.space<l1>> to memref<48xi8, #dsconv.space<l2>>
      dsconv.wait %store
    }
    // CHECK: scf.for %tile = %c0 to [[TILES:%[0-9]+]] step [[ONE:%[0-9]+]] {
    // CHECK-NEXT: %next_tile = arith.addi %tile, [[ONE]] : index
    // CHECK-NEXT: [[BEFORE:%[0-9]+]] = arith.subi %tile, [[ONE]] : index
    // CHECK-NEXT: %previous_tile = arith.maxsi [[BEFORE]], %c0 : index
    // CHECK-NEXT: %has_next = arith.cmpi slt, %tile, [[LAST:%[0-9]+]] : index
    // CHECK-NEXT: %has_previous = arith.cmpi slt, %c0, %tile : index
    // CHECK-NEXT: dsconv.barrier
    // CHECK-NEXT: %offset = arith.muli %next_tile, %c12 : index
    // CHECK-NEXT: %slot_1 = dsconv.slot %x[%next_tile]
    // CHECK-NEXT: [[LOAD:%[0-9]+]] = dsconv.dma_start %in[%offset] to %slot_1[%c0] box <24> when %has_next :
    // CHECK-NEXT: %result = dsconv.slot %y[%previous_tile]
    // CHECK-NEXT: %offset_1 = arith.muli %previous_tile, %c12 : index
    // CHECK-NEXT: [[STORE:%[0-9]+]] = dsconv.dma_start %result[%c0] to %out[%offset_1] box <12> when %has_previous :
    // CHECK-NEXT: %slot_2 = dsconv.slot %x[%tile]
    // CHECK-NEXT: %result_1 = dsconv.slot %y[%tile]
    // CHECK-NEXT: dsconv.run @max(%slot_2, %result_1)
    // CHECK-NEXT: dsconv.wait [[LOAD]] when %has_next
    // CHECK-NEXT: dsconv.wait [[STORE]] when %has_previous
    // CHECK-NEXT: }
    // CHECK-NEXT: dsconv.barrier
    // CHECK-NEXT: %result_2 = dsconv.slot %y[[[LAST]]]
    // CHECK-NEXT: %offset_2 = arith.constant 36 : index
    // CHECK-NEXT: [[STORE_2:%[0-9]+]] = dsconv.dma_start %result_2[%c0] to %out[%offset_2] box <12> :
    // CHECK-NEXT: dsconv.wait [[STORE_2]]
  }
  func.return
}

// A layer that is planned with one buffer stays.
// CHECK-LABEL: func.func @single
func.func @single(%in: memref<8xi8, #dsconv.space<l2>>) {
  dsconv.layer "one" "rescale" makes tensor<1x1x2x4xsi8> in %in : memref<8xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 1, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    // CHECK-NEXT: dsconv.layer "one" {{.*}} attributes {tile = #dsconv.tile<1, 1, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    %x = dsconv.buffer "one.x0" : memref<8xi8, #dsconv.space<l1>>
    // CHECK-NEXT: %x = dsconv.buffer "one.x0" : memref<8xi8, #dsconv.space<l1>>
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    scf.for %tile = %c0 to %c2 step %c1 {
      // CHECK: scf.for %tile
      %slot = dsconv.slot %x[%tile] : memref<8xi8, #dsconv.space<l1>> to memref<8xi8, #dsconv.space<l1>>
      "test.op"(%slot) : (memref<8xi8, #dsconv.space<l1>>) -> ()
      // CHECK-NEXT: %slot = dsconv.slot %x[%tile]
      // CHECK-NEXT: "test.op"(%slot)
    }
  }
  func.return
}
