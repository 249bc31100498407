// RUN: xdsl-opt %s > %t.mlir
// RUN: xdsl-opt -p 'double-buffer' %s | diff %t.mlir -

// A loop that holds anything else than transfers, kernels and fills is left alone, and so is a layer whose
// buffers somebody else uses as a whole.
dsconv.kernel "max_pool" @max : (tensor<1x4x2x3xsi8, #dsconv.layout<hwc>>) -> tensor<1x4x1x3xsi8, #dsconv.layout<hwc>> window <kernel = [2, 1], pads = [1, 0, 0, 0]> {pad_value = -128 : i64}
func.func @pipelined(%in: memref<48xi8, #dsconv.space<l2>>, %out: memref<48xi8, #dsconv.space<l2>>) {
  dsconv.layer "max" "max_pool" makes tensor<1x4x4x3xsi8> in %out : memref<48xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<4, 1, 3, weights, buffers = 2>, schedule = #dsconv.schedule<[hwc, hwc]>, macs = 0 : i64} {
    %x = dsconv.buffer "max.x0" : memref<32xi8, #dsconv.space<l1>>
    %y = dsconv.buffer "max.y" : memref<12xi8, #dsconv.space<l1>>
    dsconv.fill %x at 24 bytes 4 with -128 : memref<32xi8, #dsconv.space<l1>>
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c4 = arith.constant 4 : index
    %c12 = arith.constant 12 : index
    scf.for %tile = %c0 to %c4 step %c1 {
      %offset = arith.muli %tile, %c12 : index
      %slot = dsconv.slot %x[%tile] : memref<32xi8, #dsconv.space<l1>> to memref<32xi8, #dsconv.space<l1>>
      %load = dsconv.dma_start %in[%offset] to %slot[%c0] box <24> : memref<48xi8, #dsconv.space<l2>> to memref<32xi8, #dsconv.space<l1>>
      dsconv.wait %load
      "test.op"(%slot) {inside} : (memref<32xi8, #dsconv.space<l1>>) -> ()
      %result = dsconv.slot %y[%tile] : memref<12xi8, #dsconv.space<l1>> to memref<12xi8, #dsconv.space<l1>>
      dsconv.barrier
      dsconv.run @max(%slot, %result) at %c0, %c0 : memref<32xi8, #dsconv.space<l1>>, memref<12xi8, #dsconv.space<l1>>
      dsconv.barrier
      %store = dsconv.dma_start %result[%c0] to %out[%offset] box <12> : memref<12xi8, #dsconv.space<l1>> to memref<48xi8, #dsconv.space<l2>>
      dsconv.wait %store
    }
  }
  func.return
}


func.func @beside(%in: memref<48xi8, #dsconv.space<l2>>, %out: memref<48xi8, #dsconv.space<l2>>) {
  dsconv.layer "max" "max_pool" makes tensor<1x4x4x3xsi8> in %out : memref<48xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<4, 1, 3, weights, buffers = 2>, schedule = #dsconv.schedule<[hwc, hwc]>, macs = 0 : i64} {
    %x = dsconv.buffer "max.x0" : memref<32xi8, #dsconv.space<l1>>
    %y = dsconv.buffer "max.y" : memref<12xi8, #dsconv.space<l1>>
    "test.op"(%x) {whole_buffer} : (memref<32xi8, #dsconv.space<l1>>) -> ()
    dsconv.fill %x at 24 bytes 4 with -128 : memref<32xi8, #dsconv.space<l1>>
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c4 = arith.constant 4 : index
    %c12 = arith.constant 12 : index
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
  }
  func.return
}

