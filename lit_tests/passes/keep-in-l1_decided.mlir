// RUN: xdsl-opt -p keep-in-l1 %s | filecheck %s

// What the search decided for a layer holds: there is room in both, but in the first nothing stays.
// CHECK-LABEL: func.func @net
// CHECK-NEXT: %a = dsconv.buffer "a" : memref<64xi8, #dsconv.space<l2>>
// CHECK: %load = dsconv.dma_start %a
// CHECK-LABEL: func.func @decided
// CHECK-NEXT: dsconv.buffer "a.kept" : memref<64xi8, #dsconv.space<l1>>
// CHECK-NOT: dsconv.dma_start %a
dsconv.kernel "max_pool" @half : (tensor<1x1x8x4xsi8, #dsconv.layout<chw>>) -> tensor<1x1x8x4xsi8, #dsconv.layout<chw>> window <kernel = [1, 1]>
dsconv.kernel "max_pool" @whole : (tensor<1x1x16x4xsi8, #dsconv.layout<chw>>) -> tensor<1x1x16x4xsi8, #dsconv.layout<chw>> window <kernel = [1, 1]>
func.func @net(%in: memref<64xi8, #dsconv.space<l2>>, %out: memref<64xi8, #dsconv.space<l2>>) {
  %a = dsconv.buffer "a" : memref<64xi8, #dsconv.space<l2>>
  dsconv.layer "a" "max_pool" makes tensor<1x1x16x4xsi8> in %a : memref<64xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 8, 4, weights, buffers = 2>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    %x = dsconv.buffer "a.x0" : memref<32xi8, #dsconv.space<l1>>
    %y = dsconv.buffer "a.y" : memref<32xi8, #dsconv.space<l1>>
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c32 = arith.constant 32 : index
    scf.for %tile = %c0 to %c2 step %c1 {
      %x_slot = dsconv.slot %x[%tile] : memref<32xi8, #dsconv.space<l1>> to memref<32xi8, #dsconv.space<l1>>
      %y_slot = dsconv.slot %y[%tile] : memref<32xi8, #dsconv.space<l1>> to memref<32xi8, #dsconv.space<l1>>
      dsconv.barrier
      dsconv.run @half(%x_slot, %y_slot) at %c0, %c0 : memref<32xi8, #dsconv.space<l1>>, memref<32xi8, #dsconv.space<l1>>
      dsconv.barrier
      %offset = arith.muli %tile, %c32 : index
      %store = dsconv.dma_start %y_slot[%c0] to %a[%offset] box <32> : memref<32xi8, #dsconv.space<l1>> to memref<64xi8, #dsconv.space<l2>>
      dsconv.wait %store
    }
  }
  dsconv.layer "b" "max_pool" makes tensor<1x1x16x4xsi8> in %out : memref<64xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 16, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64, dsconv.resident_inputs = array<i64>} {
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
  }
  func.return
}
func.func @decided(%in: memref<64xi8, #dsconv.space<l2>>, %out: memref<64xi8, #dsconv.space<l2>>) {
  %a = dsconv.buffer "a" : memref<64xi8, #dsconv.space<l2>>
  dsconv.layer "a" "max_pool" makes tensor<1x1x16x4xsi8> in %a : memref<64xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 8, 4, weights, buffers = 2>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    %x = dsconv.buffer "a.x0" : memref<32xi8, #dsconv.space<l1>>
    %y = dsconv.buffer "a.y" : memref<32xi8, #dsconv.space<l1>>
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c32 = arith.constant 32 : index
    scf.for %tile = %c0 to %c2 step %c1 {
      %x_slot = dsconv.slot %x[%tile] : memref<32xi8, #dsconv.space<l1>> to memref<32xi8, #dsconv.space<l1>>
      %y_slot = dsconv.slot %y[%tile] : memref<32xi8, #dsconv.space<l1>> to memref<32xi8, #dsconv.space<l1>>
      dsconv.barrier
      dsconv.run @half(%x_slot, %y_slot) at %c0, %c0 : memref<32xi8, #dsconv.space<l1>>, memref<32xi8, #dsconv.space<l1>>
      dsconv.barrier
      %offset = arith.muli %tile, %c32 : index
      %store = dsconv.dma_start %y_slot[%c0] to %a[%offset] box <32> : memref<32xi8, #dsconv.space<l1>> to memref<64xi8, #dsconv.space<l2>>
      dsconv.wait %store
    }
  }
  dsconv.layer "b" "max_pool" makes tensor<1x1x16x4xsi8> in %out : memref<64xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 16, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64, dsconv.resident_inputs = array<i64: 0>} {
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
  }
  func.return
}
