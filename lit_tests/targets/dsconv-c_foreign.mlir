// RUN: xdsl-opt -t dsconv-c --split-input-file --verify-diagnostics %s | filecheck %s

// What has no C form is an error that names it. The network of each case is the same.

func.func @kernel(%y: memref<8xi8, #dsconv.space<l1>>, %row: index, %column: index) {
  %word = dsconv.load_word %y[%row] : memref<8xi8, #dsconv.space<l1>> -> i32
  %mask = arith.constant 12 : i32
  %masked = arith.andi %word, %mask : i32
  %byte = arith.trunci %masked : i32 to i8
  memref.store %byte, %y[%column] : memref<8xi8, #dsconv.space<l1>>
  func.return
}
func.func @network(%x: memref<8xi8, #dsconv.space<l2>>, %y: memref<8xi8, #dsconv.space<l2>>) attributes {dsconv.l1_bytes = 8 : i64, dsconv.l2_bytes = 16 : i64, dsconv.l3_bytes = 0 : i64, dsconv.l3_image_bytes = 0 : i64, dsconv.offset = [0 : i64, 8 : i64]} {
  dsconv.layer "a" "rescale" makes tensor<1x1x2x4xsi8> in %y : memref<8xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 2, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    dsconv.barrier
  }
  func.return
}
// CHECK: y[column] = (uint8_t)((int32_t)dsc_load_word(y + row) & 12);

// -----

func.func @network(%x: memref<8xi8, #dsconv.space<l2>>, %y: memref<8xi8, #dsconv.space<l2>>) attributes {dsconv.l1_bytes = 8 : i64, dsconv.l2_bytes = 16 : i64, dsconv.l3_bytes = 0 : i64, dsconv.l3_image_bytes = 0 : i64, dsconv.offset = [0 : i64, 8 : i64]} {
  dsconv.layer "a" "rescale" makes tensor<1x1x2x4xsi8> in %y : memref<8xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 2, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    dsconv.barrier
  }
  func.return
}
"test.op"() : () -> ()
// CHECK: test.op has no C form; lower it before dsconv-c

// -----

func.func @kernel(%y: memref<8xi8, #dsconv.space<l1>>, %row: index) -> index {
  func.return %row : index
}
func.func @network(%x: memref<8xi8, #dsconv.space<l2>>, %y: memref<8xi8, #dsconv.space<l2>>) attributes {dsconv.l1_bytes = 8 : i64, dsconv.l2_bytes = 16 : i64, dsconv.l3_bytes = 0 : i64, dsconv.l3_image_bytes = 0 : i64, dsconv.offset = [0 : i64, 8 : i64]} {
  dsconv.layer "a" "rescale" makes tensor<1x1x2x4xsi8> in %y : memref<8xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 2, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    dsconv.barrier
  }
  func.return
}
// CHECK: function "kernel" returns a value; kernels write to their buffers

// -----

func.func @kernel(%y: memref<8xi8, #dsconv.space<l1>>, %scale: f32) {
  func.return
}
func.func @network(%x: memref<8xi8, #dsconv.space<l2>>, %y: memref<8xi8, #dsconv.space<l2>>) attributes {dsconv.l1_bytes = 8 : i64, dsconv.l2_bytes = 16 : i64, dsconv.l3_bytes = 0 : i64, dsconv.l3_image_bytes = 0 : i64, dsconv.offset = [0 : i64, 8 : i64]} {
  dsconv.layer "a" "rescale" makes tensor<1x1x2x4xsi8> in %y : memref<8xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 2, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    dsconv.barrier
  }
  func.return
}
// CHECK: function "kernel" takes a f32; kernels take buffers, indices and i32

// -----

func.func @kernel(%y: memref<8xi32, #dsconv.space<l1>>, %row: index) {
  %word = arith.constant 12 : i32
  memref.store %word, %y[%row] : memref<8xi32, #dsconv.space<l1>>
  func.return
}
func.func @network(%x: memref<8xi8, #dsconv.space<l2>>, %y: memref<8xi8, #dsconv.space<l2>>) attributes {dsconv.l1_bytes = 8 : i64, dsconv.l2_bytes = 16 : i64, dsconv.l3_bytes = 0 : i64, dsconv.l3_image_bytes = 0 : i64, dsconv.offset = [0 : i64, 8 : i64]} {
  dsconv.layer "a" "rescale" makes tensor<1x1x2x4xsi8> in %y : memref<8xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 2, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    dsconv.barrier
  }
  func.return
}
// CHECK: memref.store of memref<8xi32, #dsconv.space<l1>> has no C form; lower it before dsconv-c

// -----

func.func @kernel(%y: memref<8xi8, #dsconv.space<l1>>) {
  %from = arith.constant 0 : i64
  %to = arith.constant 8 : i64
  %step = arith.constant 1 : i64
  scf.for %i = %from to %to step %step : i64 {
    dsconv.barrier
  }
  func.return
}
func.func @network(%x: memref<8xi8, #dsconv.space<l2>>, %y: memref<8xi8, #dsconv.space<l2>>) attributes {dsconv.l1_bytes = 8 : i64, dsconv.l2_bytes = 16 : i64, dsconv.l3_bytes = 0 : i64, dsconv.l3_image_bytes = 0 : i64, dsconv.offset = [0 : i64, 8 : i64]} {
  dsconv.layer "a" "rescale" makes tensor<1x1x2x4xsi8> in %y : memref<8xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 2, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    dsconv.barrier
  }
  func.return
}
// CHECK: scf.for over i64 has no C form; lower it before dsconv-c

// -----

func.func private @elsewhere()
func.func @network(%x: memref<8xi8, #dsconv.space<l2>>, %y: memref<8xi8, #dsconv.space<l2>>) attributes {dsconv.l1_bytes = 8 : i64, dsconv.l2_bytes = 16 : i64, dsconv.l3_bytes = 0 : i64, dsconv.l3_image_bytes = 0 : i64, dsconv.offset = [0 : i64, 8 : i64]} {
  dsconv.layer "a" "rescale" makes tensor<1x1x2x4xsi8> in %y : memref<8xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 2, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    dsconv.barrier
    func.call @elsewhere() : () -> ()
  }
  func.return
}
// CHECK: func.call of @elsewhere, which is no kernel with a body, has no C form; lower it before dsconv-c
