// RUN: xdsl-opt -p plan-memory %s | filecheck %s
// RUN: xdsl-opt -p 'plan-memory{l1=56 l2=128}' %s | filecheck %s

// L1: each layer on its own, 33 + 16 and 8 bytes, every buffer at a multiple of 8. L2: the largest, %b,
// comes first. %in is no longer needed when %b is made, so they share a place; %a is needed beside
// both, %out beside %b, but not beside %a. No plan takes less than %b and %a: 128 bytes.
// CHECK-LABEL: func.func @net
// CHECK-SAME: attributes {dsconv.l1_bytes = 56 : i64, dsconv.l2_bytes = 128 : i64, dsconv.l3_bytes = 0 : i64, dsconv.l3_image_bytes = 0 : i64, dsconv.offset = [0 : i64, 96 : i64]}
func.func @net(%in: memref<61xi8, #dsconv.space<l2>>, %out: memref<32xi8, #dsconv.space<l2>>) {
  %a = dsconv.buffer "a" : memref<32xi8, #dsconv.space<l2>>
  // CHECK-NEXT: %a = dsconv.buffer "a" at 96 : memref<32xi8, #dsconv.space<l2>>
  dsconv.layer "a" "rescale" makes tensor<1x1x4x8xsi8> in %a : memref<32xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 4, 8, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    %x = dsconv.buffer "a.x0" : memref<33xi8, #dsconv.space<l1>>
    // CHECK: %x = dsconv.buffer "a.x0" at 0 :
    %y = dsconv.buffer "a.y" : memref<16xi8, #dsconv.space<l1>>
    // CHECK-NEXT: %y = dsconv.buffer "a.y" at 40 :
    "test.op"(%in, %x, %y) : (memref<61xi8, #dsconv.space<l2>>, memref<33xi8, #dsconv.space<l1>>, memref<16xi8, #dsconv.space<l1>>) -> ()
  }
  %b = dsconv.buffer "b" : memref<96xi8, #dsconv.space<l2>>
  // CHECK: %b = dsconv.buffer "b" at 0 : memref<96xi8, #dsconv.space<l2>>
  dsconv.layer "b" "rescale" makes tensor<1x1x4x8xsi8> in %b : memref<96xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 4, 8, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    %z = dsconv.buffer "b.x0" : memref<8xi8, #dsconv.space<l1>>
    // CHECK: %z = dsconv.buffer "b.x0" at 0 :
    "test.op"(%a, %z) : (memref<32xi8, #dsconv.space<l2>>, memref<8xi8, #dsconv.space<l1>>) -> ()
  }
  dsconv.layer "c" "rescale" makes tensor<1x1x4x8xsi8> in %out : memref<32xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 4, 8, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    "test.op"(%b) : (memref<96xi8, #dsconv.space<l2>>) -> ()
  }
  func.return
}

// The output keeps its place from its layer on to the end, the input until its last layer: here both
// are needed at once with %a.
// CHECK-LABEL: func.func @late_input
// CHECK-SAME: attributes {dsconv.l1_bytes = 0 : i64, dsconv.l2_bytes = 24 : i64, dsconv.l3_bytes = 0 : i64, dsconv.l3_image_bytes = 0 : i64, dsconv.offset = [0 : i64, 16 : i64]}
func.func @late_input(%in: memref<8xi8, #dsconv.space<l2>>, %out: memref<8xi8, #dsconv.space<l2>>) {
  %a = dsconv.buffer "a" : memref<8xi8, #dsconv.space<l2>>
  // CHECK-NEXT: %a = dsconv.buffer "a" at 8 :
  dsconv.layer "a" "rescale" makes tensor<1x1x2x4xsi8> in %a : memref<8xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 2, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    "test.op"(%in) : (memref<8xi8, #dsconv.space<l2>>) -> ()
  }
  dsconv.layer "res" "add" makes tensor<1x1x2x4xsi8> in %out : memref<8xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 2, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    "test.op"(%in, %a) : (memref<8xi8, #dsconv.space<l2>>, memref<8xi8, #dsconv.space<l2>>) -> ()
  }
  func.return
}

// Functions without layers stay.
// CHECK-LABEL: func.func @foreign(%a: memref<8xi8>) {
func.func @foreign(%a: memref<8xi8>) {
  %b = dsconv.buffer "b" : memref<8xi8, #dsconv.space<l1>>
  // CHECK-NEXT: %b = dsconv.buffer "b" : memref<8xi8, #dsconv.space<l1>>
  func.return
}

// CHECK-LABEL: func.func @blocks(%c: i1) {
func.func @blocks(%c: i1) {
  cf.cond_br %c, ^one, ^two
  // CHECK-NEXT: cf.cond_br %c,
^one:
  func.return
^two:
  func.return
}
