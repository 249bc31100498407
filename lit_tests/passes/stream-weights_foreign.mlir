// RUN: xdsl-opt -p 'stream-weights{l2=80}' %s | filecheck %s

// Weights that others use, too, stay in L2; room for them is left there.
"memref.global"() <{sym_name = "a_weights", type = memref<32xi8, #dsconv.space<l2>>, initial_value = dense<1> : tensor<32xi8>, sym_visibility = "private", constant}> : () -> ()
"memref.global"() <{sym_name = "b_weights", type = memref<32xi8, #dsconv.space<l2>>, initial_value = dense<2> : tensor<32xi8>, sym_visibility = "private", constant}> : () -> ()
"memref.global"() <{sym_name = "c_weights", type = memref<32xi8, #dsconv.space<l2>>, initial_value = dense<3> : tensor<32xi8>, sym_visibility = "private", constant}> : () -> ()
// CHECK: sym_name = "a_weights", type = memref<32xi8, #dsconv.space<l2>>
// CHECK-NEXT: sym_name = "b_weights", type = memref<32xi8, #dsconv.space<l3>>
// CHECK-NEXT: sym_name = "c_weights", type = memref<32xi8, #dsconv.space<l3>>
func.func @of_others() -> memref<32xi8, #dsconv.space<l2>> {
  %w = memref.get_global @a_weights : memref<32xi8, #dsconv.space<l2>>
  func.return %w : memref<32xi8, #dsconv.space<l2>>
}
func.func @net(%in: memref<8xi8, #dsconv.space<l2>>, %out: memref<8xi8, #dsconv.space<l2>>) {
  dsconv.layer "a" "pointwise" makes tensor<1x1x2x4xsi8> in %out : memref<8xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 2, 4, weights>, schedule = #dsconv.schedule<[hwc, hwc]>, macs = 0 : i64, estimate = 1000 : i64} {
    %w = memref.get_global @a_weights : memref<32xi8, #dsconv.space<l2>>
    "test.op"(%in, %w) : (memref<8xi8, #dsconv.space<l2>>, memref<32xi8, #dsconv.space<l2>>) -> ()
  }
  dsconv.layer "b" "pointwise" makes tensor<1x1x2x4xsi8> in %out : memref<8xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 2, 4, weights>, schedule = #dsconv.schedule<[hwc, hwc]>, macs = 0 : i64, estimate = 1000 : i64} {
    %w = memref.get_global @b_weights : memref<32xi8, #dsconv.space<l2>>
    "test.op"(%in, %w) : (memref<8xi8, #dsconv.space<l2>>, memref<32xi8, #dsconv.space<l2>>) -> ()
  }
  dsconv.layer "c" "pointwise" makes tensor<1x1x2x4xsi8> in %out : memref<8xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 2, 4, weights>, schedule = #dsconv.schedule<[hwc, hwc]>, macs = 0 : i64, estimate = 1000 : i64} {
    %w = memref.get_global @c_weights : memref<32xi8, #dsconv.space<l2>>
    "test.op"(%in, %w) : (memref<8xi8, #dsconv.space<l2>>, memref<32xi8, #dsconv.space<l2>>) -> ()
  }
  func.return
}
