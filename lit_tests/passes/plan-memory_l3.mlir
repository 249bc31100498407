// RUN: xdsl-opt -p plan-memory %s | filecheck %s

// Weights in L3 come first there, each at a multiple of 8 bytes, then what activations need: 16 + 8.
"memref.global"() <{sym_name = "first_weights", type = memref<5xi8, #dsconv.space<l3>>, initial_value = dense<1> : tensor<5xi8>, sym_visibility = "private", constant}> : () -> ()
"memref.global"() <{sym_name = "second_weights", type = memref<8xi8, #dsconv.space<l3>>, initial_value = dense<1> : tensor<8xi8>, sym_visibility = "private", constant}> : () -> ()
// CHECK: sym_name = "first_weights"
// CHECK-SAME: {dsconv.offset = 0 : i64}
// CHECK: sym_name = "second_weights"
// CHECK-SAME: {dsconv.offset = 8 : i64}
// CHECK-LABEL: func.func @spilled
// CHECK-SAME: dsconv.l3_bytes = 24 : i64, dsconv.l3_image_bytes = 16 : i64,
func.func @spilled(%in: memref<8xi8, #dsconv.space<l2>>, %out: memref<8xi8, #dsconv.space<l2>>) {
  %far = dsconv.buffer "far" : memref<8xi8, #dsconv.space<l3>>
  // CHECK-NEXT: %far = dsconv.buffer "far" at 16 :
  dsconv.layer "a" "rescale" makes tensor<1x1x2x4xsi8> in %out : memref<8xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 2, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    "test.op"(%in, %far) : (memref<8xi8, #dsconv.space<l2>>, memref<8xi8, #dsconv.space<l3>>) -> ()
  }
  func.return
}
