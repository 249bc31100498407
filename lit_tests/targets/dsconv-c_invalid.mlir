// RUN: xdsl-opt -t dsconv-c --split-input-file --verify-diagnostics %s | filecheck %s

func.func @foreign() {
  func.return
}
// CHECK: dsconv-c needs one network of lowered layers, found 0; run lower-to-tiles, plan-memory and lower-kernels before

// -----

func.func @one(%x: memref<8xi8, #dsconv.space<l2>>) {
  dsconv.layer "a" "rescale" makes tensor<1x1x2x4xsi8> in %x : memref<8xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 2, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    dsconv.barrier
  }
  func.return
}
func.func @two(%x: memref<8xi8, #dsconv.space<l2>>) {
  dsconv.layer "a" "rescale" makes tensor<1x1x2x4xsi8> in %x : memref<8xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 2, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    dsconv.barrier
  }
  func.return
}
// CHECK: dsconv-c needs one network of lowered layers, found 2; run lower-to-tiles, plan-memory and lower-kernels before

// -----

func.func @unplanned(%a: memref<8xi8, #dsconv.space<l2>>, %x: memref<8xi8, #dsconv.space<l2>>) {
  dsconv.layer "a" "rescale" makes tensor<1x1x2x4xsi8> in %x : memref<8xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 2, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    dsconv.barrier
  }
  func.return
}
// CHECK: network "unplanned" has no memory plan; run plan-memory

// -----

func.func @without_offsets(%a: memref<8xi8, #dsconv.space<l2>>, %x: memref<8xi8, #dsconv.space<l2>>) attributes {dsconv.l1_bytes = 8 : i64, dsconv.l2_bytes = 8 : i64, dsconv.l3_bytes = 0 : i64, dsconv.l3_image_bytes = 0 : i64} {
  dsconv.layer "a" "rescale" makes tensor<1x1x2x4xsi8> in %x : memref<8xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 2, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    dsconv.barrier
  }
  func.return
}
// CHECK: network "without_offsets" has no memory plan; run plan-memory

// -----

func.func @unplaced(%x: memref<8xi8, #dsconv.space<l2>>, %y: memref<8xi8, #dsconv.space<l2>>) attributes {dsconv.l1_bytes = 8 : i64, dsconv.l2_bytes = 16 : i64, dsconv.l3_bytes = 0 : i64, dsconv.l3_image_bytes = 0 : i64, dsconv.offset = [0 : i64, 8 : i64]} {
  dsconv.layer "a" "rescale" makes tensor<1x1x2x4xsi8> in %y : memref<8xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 2, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    %t = dsconv.buffer "a.x0" : memref<8xi8, #dsconv.space<l1>>
  }
  func.return
}
// CHECK: buffer "a.x0" has no offset; run plan-memory before dsconv-c

// -----

func.func @no_input(%y: memref<8xi8, #dsconv.space<l2>>) attributes {dsconv.l1_bytes = 8 : i64, dsconv.l2_bytes = 8 : i64, dsconv.l3_bytes = 0 : i64, dsconv.l3_image_bytes = 0 : i64, dsconv.offset = [0 : i64]} {
  dsconv.layer "a" "rescale" makes tensor<1x1x2x4xsi8> in %y : memref<8xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 2, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    dsconv.barrier
  }
  func.return
}
// CHECK: network "no_input" has no input

// -----

// A kernel that is not lowered.
func.func @running(%x: memref<8xi8, #dsconv.space<l2>>, %y: memref<8xi8, #dsconv.space<l2>>) attributes {dsconv.l1_bytes = 8 : i64, dsconv.l2_bytes = 16 : i64, dsconv.l3_bytes = 0 : i64, dsconv.l3_image_bytes = 0 : i64, dsconv.offset = [0 : i64, 8 : i64]} {
  dsconv.layer "a" "rescale" makes tensor<1x1x2x4xsi8> in %y : memref<8xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 2, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    %t = dsconv.buffer "a.x0" at 0 : memref<8xi8, #dsconv.space<l1>>
    %i = arith.constant 0 : index
    dsconv.run @kernel(%t) at %i, %i : memref<8xi8, #dsconv.space<l1>>
  }
  func.return
}
// CHECK: dsconv.run has no C form; lower it before dsconv-c

// -----

func.func @foreign(%x: memref<8xi8, #dsconv.space<l2>>, %y: memref<8xi8, #dsconv.space<l2>>) attributes {dsconv.l1_bytes = 8 : i64, dsconv.l2_bytes = 16 : i64, dsconv.l3_bytes = 0 : i64, dsconv.l3_image_bytes = 0 : i64, dsconv.offset = [0 : i64, 8 : i64]} {
  dsconv.layer "a" "rescale" makes tensor<1x1x2x4xsi8> in %y : memref<8xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 2, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    "test.op"() : () -> ()
  }
  func.return
}
// CHECK: test.op has no C form; lower it before dsconv-c
