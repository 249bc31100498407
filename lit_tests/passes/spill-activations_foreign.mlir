// RUN: xdsl-opt %s > %t.mlir
// RUN: xdsl-opt -p 'spill-activations{l2=100}' %s | diff %t.mlir -

// What others use stays in L2, as a whole or in a transfer.
func.func @net(%in: memref<16xi8, #dsconv.space<l2>>, %out: memref<16xi8, #dsconv.space<l2>>) {
  %a = dsconv.buffer "a" : memref<128xi8, #dsconv.space<l2>>
  dsconv.layer "a" "pointwise" makes tensor<1x8x4x4xsi8, #dsconv.layout<hwc>> in %a : memref<128xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<8, 2, 4, weights>, schedule = #dsconv.schedule<[hwc, hwc]>, macs = 0 : i64} {
    %y = dsconv.buffer "a.y" : memref<64xi8, #dsconv.space<l1>>
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c64 = arith.constant 64 : index
    scf.for %tile = %c0 to %c2 step %c1 {
      "test.op"(%in, %y) : (memref<16xi8, #dsconv.space<l2>>, memref<64xi8, #dsconv.space<l1>>) -> ()
      %offset = arith.muli %tile, %c64 : index
      %store = dsconv.dma_start %y[%c0] to %a[%offset] box <64> : memref<64xi8, #dsconv.space<l1>> to memref<128xi8, #dsconv.space<l2>>
      dsconv.wait %store
    }
  }
  "test.op"(%a) : (memref<128xi8, #dsconv.space<l2>>) -> ()
  dsconv.layer "b" "pointwise" makes tensor<1x1x4x4xsi8, #dsconv.layout<hwc>> in %out : memref<16xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 2, 4, weights>, schedule = #dsconv.schedule<[hwc, hwc]>, macs = 0 : i64} {
    %x = dsconv.buffer "b.x0" : memref<32xi8, #dsconv.space<l1>>
    %odd = "test.op"() : () -> i1
    %c0 = arith.constant 0 : index
    %load = dsconv.dma_start %a[%c0] to %x[%c0] box <8 by 8, 4> when %odd : memref<128xi8, #dsconv.space<l2>> to memref<32xi8, #dsconv.space<l1>>
    "test.op"() {between} : () -> ()
    dsconv.wait %load when %odd
    "test.op"(%x, %out) : (memref<32xi8, #dsconv.space<l1>>, memref<16xi8, #dsconv.space<l2>>) -> ()
  }
  func.return
}


func.func @transfer(%in: memref<16xi8, #dsconv.space<l2>>, %out: memref<16xi8, #dsconv.space<l2>>) {
  %a = dsconv.buffer "a" : memref<128xi8, #dsconv.space<l2>>
  dsconv.layer "a" "pointwise" makes tensor<1x8x4x4xsi8, #dsconv.layout<hwc>> in %a : memref<128xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<8, 2, 4, weights>, schedule = #dsconv.schedule<[hwc, hwc]>, macs = 0 : i64} {
    %y = dsconv.buffer "a.y" : memref<64xi8, #dsconv.space<l1>>
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c64 = arith.constant 64 : index
    scf.for %tile = %c0 to %c2 step %c1 {
      "test.op"(%in, %y) : (memref<16xi8, #dsconv.space<l2>>, memref<64xi8, #dsconv.space<l1>>) -> ()
      %offset = arith.muli %tile, %c64 : index
      %store = dsconv.dma_start %y[%c0] to %a[%offset] box <64> : memref<64xi8, #dsconv.space<l1>> to memref<128xi8, #dsconv.space<l2>>
      dsconv.wait %store
      "test.op"(%store) : (!dsconv.transfer) -> ()
    }
  }
  dsconv.layer "b" "pointwise" makes tensor<1x1x4x4xsi8, #dsconv.layout<hwc>> in %out : memref<16xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 2, 4, weights>, schedule = #dsconv.schedule<[hwc, hwc]>, macs = 0 : i64} {
    %x = dsconv.buffer "b.x0" : memref<32xi8, #dsconv.space<l1>>
    %odd = "test.op"() : () -> i1
    %c0 = arith.constant 0 : index
    %load = dsconv.dma_start %a[%c0] to %x[%c0] box <8 by 8, 4> when %odd : memref<128xi8, #dsconv.space<l2>> to memref<32xi8, #dsconv.space<l1>>
    "test.op"() {between} : () -> ()
    dsconv.wait %load when %odd
    "test.op"(%x, %out) : (memref<32xi8, #dsconv.space<l1>>, memref<16xi8, #dsconv.space<l2>>) -> ()
  }
  func.return
}

