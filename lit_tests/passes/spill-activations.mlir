// RUN: xdsl-opt -p 'spill-activations{l2=100}' %s | filecheck %s
// RUN: xdsl-opt -p 'spill-activations{l2=144}' %s | filecheck %s --check-prefix=FITS
// RUN: xdsl-opt -p spill-activations %s | filecheck %s --check-prefix=FITS

// 128 bytes of activation between the layers, 16 before and behind. In L3, a tile of it is in L2 at a time.
// A store passes from L1 to the buffer in L2 and on to L3; a load starts from L3, and takes the rest of
// its way where it was waited for. Conditions stay.
// CHECK-LABEL: func.func @net
func.func @net(%in: memref<16xi8, #dsconv.space<l2>>, %out: memref<16xi8, #dsconv.space<l2>>) {
  %a = dsconv.buffer "a" : memref<128xi8, #dsconv.space<l2>>
  // CHECK-NEXT: %a = dsconv.buffer "a" : memref<128xi8, #dsconv.space<l3>>
  // CHECK-NEXT: [[IN_B:%[0-9]+]] = dsconv.buffer "a_in_b" : memref<32xi8, #dsconv.space<l2>>
  // CHECK-NEXT: [[IN_A:%[0-9]+]] = dsconv.buffer "a_in_a" : memref<64xi8, #dsconv.space<l2>>
  // CHECK-NEXT: dsconv.layer "a" {{.*}} in %a : memref<128xi8, #dsconv.space<l3>>
  dsconv.layer "a" "pointwise" makes tensor<1x8x4x4xsi8, #dsconv.layout<hwc>> in %a : memref<128xi8, #dsconv.space<l2>> attributes {tile = "8x2x4", schedule = "hwc/hwc", macs = 0 : i64} {
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
      // CHECK: [[C0:%[0-9]+]] = arith.constant 0 : index
      // CHECK-NEXT: [[T:%[0-9]+]] = dsconv.dma_start %y[%c0] to [[IN_A]][[[C0]]] box <64> :
      // CHECK-NEXT: dsconv.wait [[T]]
      // CHECK-NEXT: dsconv.l3_store [[IN_A]] to %a[%offset] box <64> : memref<64xi8, #dsconv.space<l2>> to memref<128xi8, #dsconv.space<l3>>
      // CHECK-NEXT: dsconv.l3_wait [[IN_A]] : memref<64xi8, #dsconv.space<l2>>
      // CHECK-NEXT: }
    }
  }
  dsconv.layer "b" "pointwise" makes tensor<1x1x4x4xsi8, #dsconv.layout<hwc>> in %out : memref<16xi8, #dsconv.space<l2>> attributes {tile = "1x2x4", schedule = "hwc/hwc", macs = 0 : i64} {
    %x = dsconv.buffer "b.x0" : memref<32xi8, #dsconv.space<l1>>
    %c0, %odd = "test.op"() : () -> (index, i1)
    %load = dsconv.dma_start %a[%c0] to %x[%c0] box <8 by 8, 4> when %odd : memref<128xi8, #dsconv.space<l2>> to memref<32xi8, #dsconv.space<l1>>
    "test.op"() {between} : () -> ()
    dsconv.wait %load when %odd
    // CHECK: dsconv.l3_load %a[{{.*}}] to [[IN_B]] box <8 by 8, 4> when %odd : memref<128xi8, #dsconv.space<l3>> to memref<32xi8, #dsconv.space<l2>>
    // CHECK-NEXT: "test.op"() {between}
    // CHECK-NEXT: dsconv.l3_wait [[IN_B]] when %odd : memref<32xi8, #dsconv.space<l2>>
    // CHECK-NEXT: [[C0:%[0-9]+]] = arith.constant 0 : index
    // CHECK-NEXT: [[T:%[0-9]+]] = dsconv.dma_start [[IN_B]][[[C0]]] to %x[{{.*}}] box <32> when %odd :
    // CHECK-NEXT: dsconv.wait [[T]] when %odd
    "test.op"(%x, %out) : (memref<32xi8, #dsconv.space<l1>>, memref<16xi8, #dsconv.space<l2>>) -> ()
  }
  func.return
}
// FITS-NOT: l3

// Functions without layers stay.
// CHECK-LABEL: func.func @foreign
func.func @foreign() {
  %a = dsconv.buffer "a" : memref<1000xi8, #dsconv.space<l2>>
  // CHECK-NEXT: %a = dsconv.buffer "a" : memref<1000xi8, #dsconv.space<l2>>
  func.return
}
