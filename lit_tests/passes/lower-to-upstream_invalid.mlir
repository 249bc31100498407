// RUN: xdsl-opt -p lower-to-upstream --split-input-file --verify-diagnostics %s | filecheck %s

// A network without a plan of its memory.
// CHECK: network "net" has no memory plan; run plan-memory
func.func @net(%x: memref<4xi8, #dsconv.space<l2>>, %y: memref<4xi8, #dsconv.space<l2>>) {
  dsconv.layer "a" "rescale" makes tensor<1x1x2x2xsi8> in %y : memref<4xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 2, 2, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    dsconv.barrier
  }
  func.return
}

// -----

// CHECK: buffer "t" has no offset; run plan-memory
func.func @net(%x: memref<4xi8, #dsconv.space<l2>>, %y: memref<4xi8, #dsconv.space<l2>>) attributes {dsconv.l1_bytes = 24 : i64, dsconv.l2_bytes = 16 : i64, dsconv.l3_bytes = 0 : i64, dsconv.l3_image_bytes = 0 : i64} {
  dsconv.layer "a" "rescale" makes tensor<1x1x2x2xsi8> in %y : memref<4xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 2, 2, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    %t = dsconv.buffer "t" : memref<16xi8, #dsconv.space<l1>>
  }
  func.return
}

// -----

// What is not lowered far enough.
// CHECK: dsconv.constant: has no form in upstream dialects; run lower-kernels before
func.func @net(%x: i32) {
  %c = dsconv.constant dense<1> : tensor<4xsi8>
  func.return
}
