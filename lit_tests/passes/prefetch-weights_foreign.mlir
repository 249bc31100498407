// RUN: xdsl-opt %s > %t.mlir
// RUN: xdsl-opt -p 'prefetch-weights' %s | diff %t.mlir -

// Weights do not come early across an operation of others, nor into a buffer that others use.
"memref.global"() <{sym_name = "b_weights", type = memref<32xi8, #dsconv.space<l2>>, initial_value = dense<2> : tensor<32xi8>, sym_visibility = "private", constant}> : () -> ()
dsconv.kernel "max_pool" @copy : (tensor<1x1x8x4xsi8, #dsconv.layout<chw>>) -> tensor<1x1x8x4xsi8, #dsconv.layout<chw>> window <kernel = [1, 1]>
func.func @net(%in: memref<64xi8, #dsconv.space<l2>>, %out: memref<64xi8, #dsconv.space<l2>>) {
  %a = dsconv.buffer "a" : memref<64xi8, #dsconv.space<l2>>
  dsconv.layer "a" "max_pool" makes tensor<1x1x16x4xsi8> in %a : memref<64xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 8, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    %x = dsconv.buffer "a.x0" : memref<64xi8, #dsconv.space<l1>>
    %y = dsconv.buffer "a.y" : memref<32xi8, #dsconv.space<l1>>
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c32 = arith.constant 32 : index
    scf.for %tile = %c0 to %c2 step %c1 {
      dsconv.barrier
      dsconv.run @copy(%x, %y) at %c0, %c0 : memref<64xi8, #dsconv.space<l1>>, memref<32xi8, #dsconv.space<l1>>
    }
    dsconv.barrier
    %store = dsconv.dma_start %y[%c0] to %a[%c32] box <32> : memref<32xi8, #dsconv.space<l1>> to memref<64xi8, #dsconv.space<l2>>
    dsconv.wait %store
  }
  "test.op"() {between} : () -> ()
  dsconv.layer "b" "pointwise" makes tensor<1x1x16x4xsi8> in %out : memref<64xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 8, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    %y = dsconv.buffer "b.y" : memref<32xi8, #dsconv.space<l1>>
    %w = dsconv.buffer "b.w" : memref<32xi8, #dsconv.space<l1>>
    %c0 = arith.constant 0 : index
    %weights = memref.get_global @b_weights : memref<32xi8, #dsconv.space<l2>>
    %load = dsconv.dma_start %weights[%c0] to %w[%c0] box <32> {parameters} : memref<32xi8, #dsconv.space<l2>> to memref<32xi8, #dsconv.space<l1>>
    dsconv.wait %load
    dsconv.barrier
    dsconv.run @copy(%w, %y) at %c0, %c0 : memref<32xi8, #dsconv.space<l1>>, memref<32xi8, #dsconv.space<l1>>
    dsconv.barrier
  }
  func.return
}


func.func @before(%in: memref<64xi8, #dsconv.space<l2>>, %out: memref<64xi8, #dsconv.space<l2>>) {
  %a = dsconv.buffer "a" : memref<64xi8, #dsconv.space<l2>>
  dsconv.layer "a" "max_pool" makes tensor<1x1x16x4xsi8> in %a : memref<64xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 8, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    %x = dsconv.buffer "a.x0" : memref<64xi8, #dsconv.space<l1>>
    %y = dsconv.buffer "a.y" : memref<32xi8, #dsconv.space<l1>>
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c32 = arith.constant 32 : index
    scf.for %tile = %c0 to %c2 step %c1 {
      dsconv.barrier
      dsconv.run @copy(%x, %y) at %c0, %c0 : memref<64xi8, #dsconv.space<l1>>, memref<32xi8, #dsconv.space<l1>>
    }
    dsconv.barrier
    %store = dsconv.dma_start %y[%c0] to %a[%c32] box <32> : memref<32xi8, #dsconv.space<l1>> to memref<64xi8, #dsconv.space<l2>>
    dsconv.wait %store
  }
  dsconv.layer "b" "pointwise" makes tensor<1x1x16x4xsi8> in %out : memref<64xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 8, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    %y = dsconv.buffer "b.y" : memref<32xi8, #dsconv.space<l1>>
    %w = dsconv.buffer "b.w" : memref<32xi8, #dsconv.space<l1>>
    %c0 = arith.constant 0 : index
    %weights = memref.get_global @b_weights : memref<32xi8, #dsconv.space<l2>>
    "test.op"() {before_the_load} : () -> ()
    %load = dsconv.dma_start %weights[%c0] to %w[%c0] box <32> {parameters} : memref<32xi8, #dsconv.space<l2>> to memref<32xi8, #dsconv.space<l1>>
    dsconv.wait %load
    dsconv.barrier
    dsconv.run @copy(%w, %y) at %c0, %c0 : memref<32xi8, #dsconv.space<l1>>, memref<32xi8, #dsconv.space<l1>>
    dsconv.barrier
  }
  func.return
}


func.func @used(%in: memref<64xi8, #dsconv.space<l2>>, %out: memref<64xi8, #dsconv.space<l2>>) {
  %a = dsconv.buffer "a" : memref<64xi8, #dsconv.space<l2>>
  dsconv.layer "a" "max_pool" makes tensor<1x1x16x4xsi8> in %a : memref<64xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 8, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    %x = dsconv.buffer "a.x0" : memref<64xi8, #dsconv.space<l1>>
    %y = dsconv.buffer "a.y" : memref<32xi8, #dsconv.space<l1>>
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c32 = arith.constant 32 : index
    scf.for %tile = %c0 to %c2 step %c1 {
      dsconv.barrier
      dsconv.run @copy(%x, %y) at %c0, %c0 : memref<64xi8, #dsconv.space<l1>>, memref<32xi8, #dsconv.space<l1>>
    }
    dsconv.barrier
    %store = dsconv.dma_start %y[%c0] to %a[%c32] box <32> : memref<32xi8, #dsconv.space<l1>> to memref<64xi8, #dsconv.space<l2>>
    dsconv.wait %store
  }
  dsconv.layer "b" "pointwise" makes tensor<1x1x16x4xsi8> in %out : memref<64xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 8, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    %y = dsconv.buffer "b.y" : memref<32xi8, #dsconv.space<l1>>
    %w = dsconv.buffer "b.w" : memref<32xi8, #dsconv.space<l1>>
    %c0 = arith.constant 0 : index
    %weights = memref.get_global @b_weights : memref<32xi8, #dsconv.space<l2>>
    %load = dsconv.dma_start %weights[%c0] to %w[%c0] box <32> {parameters} : memref<32xi8, #dsconv.space<l2>> to memref<32xi8, #dsconv.space<l1>>
    dsconv.wait %load
    "test.op"(%w) : (memref<32xi8, #dsconv.space<l1>>) -> ()
    dsconv.barrier
    dsconv.run @copy(%w, %y) at %c0, %c0 : memref<32xi8, #dsconv.space<l1>>, memref<32xi8, #dsconv.space<l1>>
    dsconv.barrier
  }
  func.return
}

