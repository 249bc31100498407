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
      // CHECK: [[C0:%[0-9]+]] = arith.constant 0 : index
      // CHECK-NEXT: [[T:%[0-9]+]] = dsconv.dma_start %y[%c0] to [[IN_A]][[[C0]]] box <64> :
      // CHECK-NEXT: dsconv.wait [[T]]
      // CHECK-NEXT: dsconv.l3_store [[IN_A]] to %a[%offset] box <64> : memref<64xi8, #dsconv.space<l2>> to memref<128xi8, #dsconv.space<l3>>
      // CHECK-NEXT: dsconv.l3_wait [[IN_A]] : memref<64xi8, #dsconv.space<l2>>
      // CHECK-NEXT: }
    }
  }
  dsconv.layer "b" "pointwise" makes tensor<1x1x4x4xsi8, #dsconv.layout<hwc>> in %out : memref<16xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 2, 4, weights>, schedule = #dsconv.schedule<[hwc, hwc]>, macs = 0 : i64} {
    %x = dsconv.buffer "b.x0" : memref<32xi8, #dsconv.space<l1>>
    %odd = "test.op"() : () -> i1
    %c0 = arith.constant 0 : index
    %load = dsconv.dma_start %a[%c0] to %x[%c0] box <8 by 8, 4> when %odd : memref<128xi8, #dsconv.space<l2>> to memref<32xi8, #dsconv.space<l1>>
    "test.op"() {between} : () -> ()
    dsconv.wait %load when %odd
    // CHECK: [[C0:%[0-9]+]] = arith.constant 0 : index
    // CHECK-NEXT: dsconv.l3_load %a[{{.*}}] to [[IN_B]] box <8 by 8, 4> when %odd : memref<128xi8, #dsconv.space<l3>> to memref<32xi8, #dsconv.space<l2>>
    // CHECK-NEXT: "test.op"() {between}
    // CHECK-NEXT: dsconv.l3_wait [[IN_B]] when %odd : memref<32xi8, #dsconv.space<l2>>
    // CHECK-NEXT: [[T:%[0-9]+]] = dsconv.dma_start [[IN_B]][[[C0]]] to %x[{{.*}}] box <32> when %odd :
    // CHECK-NEXT: dsconv.wait [[T]] when %odd
    "test.op"(%x, %out) : (memref<32xi8, #dsconv.space<l1>>, memref<16xi8, #dsconv.space<l2>>) -> ()
  }
  func.return
}
// FITS-NOT: l3

// Rows of 6 bytes begin at words in L3, 8 bytes apart. Whole rows take their padding along; parts of rows take
// the words that they lie in, and a store puts its part between what was there.
// CHECK-LABEL: func.func @parts_of_words
func.func @parts_of_words(%in: memref<16xi8, #dsconv.space<l2>>, %out: memref<16xi8, #dsconv.space<l2>>) {
  %a = dsconv.buffer "a" : memref<96xi8, #dsconv.space<l2>>
  // CHECK-NEXT: %a = dsconv.buffer "a" : memref<128xi8, #dsconv.space<l3>>
  // CHECK-NEXT: [[ROWS:%[0-9]+]] = dsconv.buffer "a_in_b" : memref<16xi8, #dsconv.space<l2>>
  // CHECK-NEXT: [[PARTS:%[0-9]+]] = dsconv.buffer "a_in_a" : memref<16xi8, #dsconv.space<l2>>
  dsconv.layer "a" "rescale" makes tensor<1x4x4x6xsi8, #dsconv.layout<chw>> in %a : memref<96xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 2, 3, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    %y = dsconv.buffer "a.y" : memref<6xi8, #dsconv.space<l1>>
    %c0 = arith.constant 0 : index
    %offset = "test.op"(%in) : (memref<16xi8, #dsconv.space<l2>>) -> index
    %store = dsconv.dma_start %y[%c0] to %a[%offset] box <2 by 6, 3> : memref<6xi8, #dsconv.space<l1>> to memref<96xi8, #dsconv.space<l2>>
    dsconv.wait %store
    // CHECK: %offset = "test.op"
    // CHECK:      [[ROW:%[0-9]+]] = arith.divsi %offset, {{.*}} : index
    // CHECK:      [[BEGIN:%[0-9]+]] = arith.muli [[ROW]], {{.*}} : index
    // CHECK:      [[COLUMN:%[0-9]+]] = arith.remsi %offset, {{.*}} : index
    // CHECK:      [[FIRST:%[0-9]+]] = arith.minsi {{.*}} : index
    // CHECK-NEXT: [[FAR:%[0-9]+]] = arith.addi [[BEGIN]], [[FIRST]] : index
    // CHECK-NEXT: [[SHIFT:%[0-9]+]] = arith.subi [[COLUMN]], [[FIRST]] : index
    // CHECK-NEXT: dsconv.l3_load %a[[[FAR]]] to [[PARTS]] box <16> :
    // CHECK-NEXT: dsconv.l3_wait [[PARTS]]
    // CHECK-NEXT: [[T:%[0-9]+]] = dsconv.dma_start %y[%c0] to [[PARTS]][[[SHIFT]]] box <2 by 8, 3> :
    // CHECK-NEXT: dsconv.wait [[T]]
    // CHECK-NEXT: dsconv.l3_store [[PARTS]] to %a[[[FAR]]] box <16> :
    // CHECK-NEXT: dsconv.l3_wait [[PARTS]]
  }
  dsconv.layer "b" "rescale" makes tensor<1x1x4x4xsi8, #dsconv.layout<chw>> in %out : memref<16xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 4, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    %x = dsconv.buffer "b.x0" : memref<12xi8, #dsconv.space<l1>>
    %c0 = arith.constant 0 : index
    %c12 = arith.constant 12 : index
    %load = dsconv.dma_start %a[%c12] to %x[%c0] box <12> : memref<96xi8, #dsconv.space<l2>> to memref<12xi8, #dsconv.space<l1>>
    dsconv.wait %load
    // CHECK: dsconv.l3_load %a[{{.*}}] to [[ROWS]] box <16> :
    // CHECK-NEXT: dsconv.l3_wait [[ROWS]]
    // CHECK-NEXT: dsconv.dma_start [[ROWS]][{{.*}}] to %x[%c0{{.*}}] box <2 by 8, 6> :
    "test.op"(%x, %out) : (memref<12xi8, #dsconv.space<l1>>, memref<16xi8, #dsconv.space<l2>>) -> ()
  }
  func.return
}

// Functions without layers stay.
// CHECK-LABEL: func.func @foreign
func.func @foreign() {
  %a = dsconv.buffer "a" : memref<1000xi8, #dsconv.space<l2>>
  // CHECK-NEXT: %a = dsconv.buffer "a" : memref<1000xi8, #dsconv.space<l2>>
  func.return
}
