// RUN: xdsl-opt -p keep-in-l1 %s | filecheck %s
// RUN: xdsl-opt -p 'keep-in-l1{l1=127}' %s | filecheck %s --check-prefix=SMALL

dsconv.kernel "max_pool" @half : (tensor<1x1x8x4xsi8, #dsconv.layout<chw>>) -> tensor<1x1x8x4xsi8, #dsconv.layout<chw>> window <kernel = [1, 1]>
dsconv.kernel "max_pool" @whole : (tensor<1x1x16x4xsi8, #dsconv.layout<chw>>) -> tensor<1x1x16x4xsi8, #dsconv.layout<chw>> window <kernel = [1, 1]>

// a makes two halves, b reads both at once: a writes them where b finds them. Nothing else reads them, so
// they have no place in L2. a needs 2 * 32 bytes for its input and 64 for what b reads.
// CHECK-LABEL: func.func @net
// SMALL-LABEL: func.func @net
// SMALL-NEXT: %a = dsconv.buffer "a" :
// SMALL-NEXT: dsconv.layer "a"
func.func @net(%in: memref<64xi8, #dsconv.space<l2>>, %out: memref<64xi8, #dsconv.space<l2>>) {
  %a = dsconv.buffer "a" : memref<64xi8, #dsconv.space<l2>>
  // CHECK-NEXT: [[KEPT:%[0-9a-z]+]] = dsconv.buffer "a.kept" : memref<64xi8, #dsconv.space<l1>>
  // CHECK-NEXT: dsconv.layer "a" "max_pool" makes tensor<1x1x16x4xsi8> in [[KEPT]] : memref<64xi8, #dsconv.space<l1>>
  dsconv.layer "a" "max_pool" makes tensor<1x1x16x4xsi8> in %a : memref<64xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 8, 4, weights, buffers = 2>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    %x = dsconv.buffer "a.x0" : memref<32xi8, #dsconv.space<l1>>
    %y = dsconv.buffer "a.y" : memref<32xi8, #dsconv.space<l1>>
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c32 = arith.constant 32 : index
    // CHECK-NOT: dsconv.buffer "a.y"
    scf.for %tile = %c0 to %c2 step %c1 {
      %x_slot = dsconv.slot %x[%tile] : memref<32xi8, #dsconv.space<l1>> to memref<32xi8, #dsconv.space<l1>>
      %y_slot = dsconv.slot %y[%tile] : memref<32xi8, #dsconv.space<l1>> to memref<32xi8, #dsconv.space<l1>>
      dsconv.barrier
      dsconv.run @half(%x_slot, %y_slot) at %c0, %c0 : memref<32xi8, #dsconv.space<l1>>, memref<32xi8, #dsconv.space<l1>>
      dsconv.barrier
      %offset = arith.muli %tile, %c32 : index
      %store = dsconv.dma_start %y_slot[%c0] to %a[%offset] box <32> : memref<32xi8, #dsconv.space<l1>> to memref<64xi8, #dsconv.space<l2>>
      dsconv.wait %store
      // CHECK: dsconv.barrier
      // CHECK-NEXT: [[OFFSET:%[0-9a-z_]+]] = arith.muli %tile, %c32 : index
      // CHECK-NEXT: [[PIECE:%[0-9a-z_]+]] = dsconv.view [[KEPT]] from [[OFFSET]] : memref<64xi8, #dsconv.space<l1>> to memref<32xi8, #dsconv.space<l1>>
      // CHECK-NEXT: dsconv.run @half(%x_slot, [[PIECE]])
      // CHECK-NEXT: dsconv.barrier
      // CHECK-NOT: dsconv.dma_start
    }
  }
  // CHECK: dsconv.layer "b" {{.*}} schedule = #dsconv.schedule<[chw, chw], inputs_in_l1 = 1>
  dsconv.layer "b" "max_pool" makes tensor<1x1x16x4xsi8> in %out : memref<64xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 16, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    %x = dsconv.buffer "b.x0" : memref<64xi8, #dsconv.space<l1>>
    %y = dsconv.buffer "b.y" : memref<64xi8, #dsconv.space<l1>>
    %c0 = arith.constant 0 : index
    %load = dsconv.dma_start %a[%c0] to %x[%c0] box <64> : memref<64xi8, #dsconv.space<l2>> to memref<64xi8, #dsconv.space<l1>>
    dsconv.wait %load
    dsconv.barrier
    dsconv.run @whole(%x, %y) at %c0, %c0 : memref<64xi8, #dsconv.space<l1>>, memref<64xi8, #dsconv.space<l1>>
    dsconv.barrier
    %store = dsconv.dma_start %y[%c0] to %out[%c0] box <64> : memref<64xi8, #dsconv.space<l1>> to memref<64xi8, #dsconv.space<l2>>
    dsconv.wait %store
    // CHECK-NEXT: %y = dsconv.buffer "b.y"
    // CHECK-NOT: dsconv.wait
    // CHECK: dsconv.run @whole([[KEPT]], %y)
    // CHECK: dsconv.dma_start %y
  }
  func.return
}

// What a layer further on reads, too, is stored as before; only the load goes.
// CHECK-LABEL: func.func @residual
func.func @residual(%in: memref<64xi8, #dsconv.space<l2>>, %out: memref<64xi8, #dsconv.space<l2>>) {
  %a = dsconv.buffer "a" : memref<64xi8, #dsconv.space<l2>>
  // CHECK: [[KEPT:%[0-9a-z]+]] = dsconv.buffer "a.kept"
  dsconv.layer "a" "max_pool" makes tensor<1x1x16x4xsi8> in %a : memref<64xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 16, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    %y = dsconv.buffer "a.y" : memref<64xi8, #dsconv.space<l1>>
    %c0 = arith.constant 0 : index
    dsconv.run @whole(%y, %y) at %c0, %c0 : memref<64xi8, #dsconv.space<l1>>, memref<64xi8, #dsconv.space<l1>>
    dsconv.barrier
    %store = dsconv.dma_start %y[%c0] to %a[%c0] box <64> : memref<64xi8, #dsconv.space<l1>> to memref<64xi8, #dsconv.space<l2>>
    dsconv.wait %store
    // CHECK: dsconv.barrier
    // CHECK: [[PIECE:%[0-9a-z_]+]] = dsconv.view [[KEPT]] from
    // CHECK-NEXT: %store = dsconv.dma_start [[PIECE]][%c0] to %a[%c0] box <64> :
  }
  // CHECK: dsconv.layer "b"
  dsconv.layer "b" "max_pool" makes tensor<1x1x16x4xsi8> in %out : memref<64xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 16, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    %x = dsconv.buffer "b.x0" : memref<64xi8, #dsconv.space<l1>>
    %c0 = arith.constant 0 : index
    %load = dsconv.dma_start %a[%c0] to %x[%c0] box <64> : memref<64xi8, #dsconv.space<l2>> to memref<64xi8, #dsconv.space<l1>>
    dsconv.wait %load
    dsconv.run @whole(%x, %x) at %c0, %c0 : memref<64xi8, #dsconv.space<l1>>, memref<64xi8, #dsconv.space<l1>>
    // CHECK-NOT: dsconv.dma_start
    // CHECK: dsconv.run @whole([[KEPT]], [[KEPT]])
  }
  dsconv.layer "c" "max_pool" makes tensor<1x1x16x4xsi8> in %out : memref<64xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 16, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    %x = dsconv.buffer "c.x0" : memref<64xi8, #dsconv.space<l1>>
    %c0 = arith.constant 0 : index
    %load = dsconv.dma_start %a[%c0] to %x[%c0] box <64> : memref<64xi8, #dsconv.space<l2>> to memref<64xi8, #dsconv.space<l1>>
    dsconv.wait %load
    // CHECK: dsconv.dma_start %a[
  }
  func.return
}

// Rows of two planes are not dense in CHW: they go through L2.
// CHECK-LABEL: func.func @scattered
// CHECK-NOT: .kept
func.func @scattered(%in: memref<64xi8, #dsconv.space<l2>>, %out: memref<64xi8, #dsconv.space<l2>>) {
  %a = dsconv.buffer "a" : memref<64xi8, #dsconv.space<l2>>
  dsconv.layer "a" "max_pool" makes tensor<1x2x8x4xsi8> in %a : memref<64xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<2, 4, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    %y = dsconv.buffer "a.y" : memref<32xi8, #dsconv.space<l1>>
    %c0 = arith.constant 0 : index
    %store = dsconv.dma_start %y[%c0] to %a[%c0] box <2 by 32, 16> : memref<32xi8, #dsconv.space<l1>> to memref<64xi8, #dsconv.space<l2>>
    dsconv.wait %store
  }
  dsconv.layer "b" "max_pool" makes tensor<1x1x16x4xsi8> in %out : memref<64xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 16, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    %x = dsconv.buffer "b.x0" : memref<64xi8, #dsconv.space<l1>>
    %c0 = arith.constant 0 : index
    %load = dsconv.dma_start %a[%c0] to %x[%c0] box <64> : memref<64xi8, #dsconv.space<l2>> to memref<64xi8, #dsconv.space<l1>>
    dsconv.wait %load
  }
  func.return
}

// b reads halves, too: it finds them where a writes them.
// CHECK-LABEL: func.func @pieces
func.func @pieces(%in: memref<64xi8, #dsconv.space<l2>>, %out: memref<64xi8, #dsconv.space<l2>>) {
  %a = dsconv.buffer "a" : memref<64xi8, #dsconv.space<l2>>
  // CHECK-NEXT: [[KEPT:%[0-9a-z]+]] = dsconv.buffer "a.kept" : memref<64xi8, #dsconv.space<l1>>
  dsconv.layer "a" "max_pool" makes tensor<1x1x16x4xsi8> in %a : memref<64xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 16, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    %y = dsconv.buffer "a.y" : memref<64xi8, #dsconv.space<l1>>
    %c0 = arith.constant 0 : index
    dsconv.run @whole(%y, %y) at %c0, %c0 : memref<64xi8, #dsconv.space<l1>>, memref<64xi8, #dsconv.space<l1>>
    dsconv.barrier
    %store = dsconv.dma_start %y[%c0] to %a[%c0] box <64> : memref<64xi8, #dsconv.space<l1>> to memref<64xi8, #dsconv.space<l2>>
    dsconv.wait %store
  }
  dsconv.layer "b" "max_pool" makes tensor<1x1x16x4xsi8> in %out : memref<64xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 8, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    // CHECK: dsconv.layer "b" {{.*}} schedule = #dsconv.schedule<[chw, chw], inputs_in_l1 = 1>
    // CHECK-NEXT: %y = dsconv.buffer "b.y"
    %x = dsconv.buffer "b.x0" : memref<32xi8, #dsconv.space<l1>>
    %y = dsconv.buffer "b.y" : memref<32xi8, #dsconv.space<l1>>
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c32 = arith.constant 32 : index
    scf.for %tile = %c0 to %c2 step %c1 {
      %offset = arith.muli %tile, %c32 : index
      %load = dsconv.dma_start %a[%offset] to %x[%c0] box <32> : memref<64xi8, #dsconv.space<l2>> to memref<32xi8, #dsconv.space<l1>>
      dsconv.wait %load
      dsconv.run @half(%x, %y) at %c0, %c0 : memref<32xi8, #dsconv.space<l1>>, memref<32xi8, #dsconv.space<l1>>
      // CHECK: scf.for %tile
      // CHECK-NOT: dsconv.dma_start
      // CHECK: [[OFFSET:%[0-9a-z_]+]] = arith.muli %tile, %c32
      // CHECK: [[PIECE:%[0-9a-z_]+]] = dsconv.view [[KEPT]] from [[OFFSET]]
      // CHECK-NEXT: dsconv.run @half([[PIECE]], %y)
    }
  }
  func.return
}
