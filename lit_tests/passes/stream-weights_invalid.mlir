// RUN: xdsl-opt -p 'stream-weights{l2=103}' --verify-diagnostics %s | filecheck %s
// RUN: xdsl-opt -p 'stream-weights{l2=104}' %s | filecheck %s --check-prefix=FITS

// While b computes there are 32 + 32 bytes of activations and its 40 bytes of weights, wherever the others are.
"memref.global"() <{sym_name = "a_weights", type = memref<32xi8, #dsconv.space<l2>>, initial_value = dense<1> : tensor<32xi8>, sym_visibility = "private", constant}> : () -> ()
"memref.global"() <{sym_name = "b_weights", type = memref<40xi8, #dsconv.space<l2>>, initial_value = dense<2> : tensor<40xi8>, sym_visibility = "private", constant}> : () -> ()
func.func @net(%in: memref<32xi8, #dsconv.space<l2>>, %out: memref<32xi8, #dsconv.space<l2>>) {
  %a = dsconv.buffer "a" : memref<32xi8, #dsconv.space<l2>>
  dsconv.layer "a" "pointwise" makes tensor<1x2x4x4xsi8> in %a : memref<32xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<2, 4, 4, weights>, schedule = #dsconv.schedule<[hwc, hwc]>, macs = 100 : i64} {
    %w = memref.get_global @a_weights : memref<32xi8, #dsconv.space<l2>>
    "test.op"(%in, %w) : (memref<32xi8, #dsconv.space<l2>>, memref<32xi8, #dsconv.space<l2>>) -> ()
  }
  dsconv.layer "b" "pointwise" makes tensor<1x2x4x4xsi8> in %out : memref<32xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<2, 4, 4, weights>, schedule = #dsconv.schedule<[hwc, hwc]>, macs = 100 : i64} {
    %w = memref.get_global @b_weights : memref<40xi8, #dsconv.space<l2>>
    "test.op"(%a, %w) : (memref<32xi8, #dsconv.space<l2>>, memref<40xi8, #dsconv.space<l2>>) -> ()
  }
  func.return
}
// CHECK: layer "b" does not fit L2: 64 bytes of activations and pieces of weights of 40; 103 are there
// FITS: dsconv.l3_load
