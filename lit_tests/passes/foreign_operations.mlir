// RUN: xdsl-opt -p fold-pads %s | filecheck %s
// RUN: xdsl-opt -p fold-weight-zero-points %s | filecheck %s
// RUN: xdsl-opt -p join-depthwise %s | filecheck %s
// RUN: xdsl-opt -p narrow-requant %s | filecheck %s
// RUN: xdsl-opt -p fuse-dsconv %s | filecheck %s
// RUN: xdsl-opt -p 'select-schedule{l1=4000}' %s | filecheck %s
// RUN: xdsl-opt -p select-layout %s | filecheck %s
// RUN: xdsl-opt -p 'tile-l1{l1=4000}' %s | filecheck %s
// RUN: xdsl-opt -p elide-copies %s | filecheck %s
// RUN: xdsl-opt -p plan-memory,lower-kernels-to-xpulp,lower-kernels,double-buffer,prefetch-weights,keep-in-l1 %s | filecheck %s

// Operations of others beside, inside and between layers stay where they are, whatever the pass. What they
// read is not fused and keeps its type, and so does what a caller gives and takes.
// CHECK: func.func @of_others(%n: index) -> index {
// CHECK-NEXT: %m = arith.addi %n, %n : index
// CHECK-NEXT: "test.op"(%m) ({
// CHECK-NEXT: "test.op"() {inner} : () -> ()
// CHECK-NEXT: "test.termop"() : () -> ()
// CHECK-NEXT: }) {inside} : (index) -> ()
// CHECK-NEXT: func.return %m : index
// CHECK-NEXT: }
func.func @of_others(%n: index) -> index {
  %m = arith.addi %n, %n : index
  "test.op"(%m) ({
    "test.op"() {inner} : () -> ()
    "test.termop"() : () -> ()
  }) {inside} : (index) -> ()
  func.return %m : index
}
// CHECK-NEXT: "test.op"() {beside} : () -> ()
"test.op"() {beside} : () -> ()

// CHECK: func.func @net
// CHECK-SAME: attributes {test.network}
// CHECK: dsconv.pad
// CHECK: dsconv.pointwise "pw"
// CHECK-SAME: test.layer
// CHECK-SAME: -> tensor<1x8x6x6xsi8>
// CHECK: "test.op"({{.*}}) {between} : (tensor<1x8x6x6xsi8>) -> ()
// CHECK: scf.if
// CHECK-NEXT: "test.op"() {in_a_branch} : () -> ()
// CHECK: dsconv.depthwise "dw"
// CHECK: func.return
func.func @net(%x: tensor<1x8x4x4xsi8, #dsconv.layout<hwc>>, %if: i1) -> tensor<1x8x6x6xsi8, #dsconv.layout<hwc>> attributes {test.network} {
  %w = dsconv.constant dense<1> : tensor<8x8xsi8>
  %v = dsconv.constant dense<1> : tensor<8x1x3x3xsi8>
  %b = dsconv.constant dense<0> : tensor<8xi32>
  %p = dsconv.pad "pad"(%x) pads [1, 1, 1, 1] value 0 : (tensor<1x8x4x4xsi8, #dsconv.layout<hwc>>) -> tensor<1x8x6x6xsi8>
  "test.op"(%p) {reads_the_pad} : (tensor<1x8x6x6xsi8>) -> ()
  %0 = dsconv.pointwise "pw"(%p, %w, %b) requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> {test.layer} : (tensor<1x8x6x6xsi8>, tensor<8x8xsi8>, tensor<8xi32>) -> tensor<1x8x6x6xsi8>
  "test.op"(%0) {between} : (tensor<1x8x6x6xsi8>) -> ()
  scf.if %if {
    "test.op"() {in_a_branch} : () -> ()
  }
  %1 = dsconv.depthwise "dw"(%0, %v, %b) window <kernel = [3, 3], pads = [1, 1, 1, 1]> requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x8x6x6xsi8>, tensor<8x1x3x3xsi8>, tensor<8xi32>) -> tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>
  func.return %1 : tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>
}

// A network that another function calls.
// CHECK: func.func @caller
// CHECK: func.call @net
// CHECK-SAME: (tensor<1x8x4x4xsi8, #dsconv.layout<hwc>>, i1) -> tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>
func.func @caller(%x: tensor<1x8x4x4xsi8, #dsconv.layout<hwc>>, %if: i1) -> tensor<1x8x6x6xsi8, #dsconv.layout<hwc>> {
  %y = func.call @net(%x, %if) : (tensor<1x8x4x4xsi8, #dsconv.layout<hwc>>, i1) -> tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>
  func.return %y : tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>
}
