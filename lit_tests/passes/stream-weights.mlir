// RUN: xdsl-opt -p 'stream-weights{l2=208}' %s | filecheck %s
// RUN: xdsl-opt -p 'stream-weights{l2=224}' %s | filecheck %s --check-prefix=FITS
// RUN: xdsl-opt -p stream-weights %s | filecheck %s --check-prefix=FITS

// 96 bytes of activations at any time, and 128 of weights. With 208 in all, weights of one layer stay
// in L2: those of a, which nothing could hide, and b is too short to hide those of c. Those of b have
// room while a computes, those of c when those of b are no longer needed.
"memref.global"() <{sym_name = "a_weights", type = memref<32xi8, #dsconv.space<l2>>, initial_value = dense<1> : tensor<32xi8>, sym_visibility = "private", constant}> : () -> ()
"memref.global"() <{sym_name = "b_weights", type = memref<64xi8, #dsconv.space<l2>>, initial_value = dense<2> : tensor<64xi8>, sym_visibility = "private", constant}> : () -> ()
"memref.global"() <{sym_name = "c_weights", type = memref<32xi8, #dsconv.space<l2>>, initial_value = dense<3> : tensor<32xi8>, sym_visibility = "private", constant}> : () -> ()
// CHECK: sym_name = "a_weights", type = memref<32xi8, #dsconv.space<l2>>
// CHECK-NEXT: sym_name = "b_weights", type = memref<64xi8, #dsconv.space<l3>>
// CHECK-NEXT: sym_name = "c_weights", type = memref<32xi8, #dsconv.space<l3>>

// CHECK-NEXT: func.func @net
func.func @net(%in: memref<32xi8, #dsconv.space<l2>>, %out: memref<64xi8, #dsconv.space<l2>>) {
  %a = dsconv.buffer "a" : memref<64xi8, #dsconv.space<l2>>
  // CHECK-NEXT: %a = dsconv.buffer "a"
  %b = dsconv.buffer "b" : memref<32xi8, #dsconv.space<l2>>
  // CHECK-NEXT: %b = dsconv.buffer "b"
  // CHECK-NEXT: %w = dsconv.buffer "b_weights" : memref<64xi8, #dsconv.space<l2>>
  // CHECK-NEXT: [[C0:%[0-9]+]] = arith.constant 0 : index
  // CHECK-NEXT: [[FAR:%[0-9]+]] = memref.get_global @b_weights : memref<64xi8, #dsconv.space<l3>>
  // CHECK-NEXT: dsconv.l3_load [[FAR]][[[C0]]] to %w box <64> : memref<64xi8, #dsconv.space<l3>> to memref<64xi8, #dsconv.space<l2>>
  // CHECK-NEXT: %w_1 = dsconv.buffer "c_weights" : memref<32xi8, #dsconv.space<l2>>
  dsconv.layer "a" "pointwise" makes tensor<1x4x4x4xsi8> in %a : memref<64xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<4, 4, 4, weights>, schedule = #dsconv.schedule<[hwc, hwc]>, macs = 10000 : i64, estimate = 1000 : i64} {
    // CHECK-NEXT: dsconv.layer "a"
    %w = memref.get_global @a_weights : memref<32xi8, #dsconv.space<l2>>
    "test.op"(%in, %w) : (memref<32xi8, #dsconv.space<l2>>, memref<32xi8, #dsconv.space<l2>>) -> ()
    // CHECK-NEXT: [[NEAR:%[a-z0-9_]+]] = memref.get_global @a_weights : memref<32xi8, #dsconv.space<l2>>
    // CHECK-NEXT: "test.op"(%in, [[NEAR]])
  }
  // CHECK-NEXT: }
  dsconv.layer "b" "pointwise" makes tensor<1x4x2x4xsi8> in %b : memref<32xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<4, 2, 4, weights>, schedule = #dsconv.schedule<[hwc, hwc]>, macs = 10000 : i64, estimate = 100 : i64} {
    // CHECK-NEXT: dsconv.layer "b"
    %w = memref.get_global @b_weights : memref<64xi8, #dsconv.space<l2>>
    "test.op"(%a, %w) : (memref<64xi8, #dsconv.space<l2>>, memref<64xi8, #dsconv.space<l2>>) -> ()
    // CHECK-NEXT: dsconv.l3_wait %w : memref<64xi8, #dsconv.space<l2>>
    // CHECK-NEXT: "test.op"(%a, %w)
  }
  // CHECK-NEXT: }
  // CHECK: dsconv.l3_load {{.*}} to %w_1 box <32> :
  dsconv.layer "c" "pointwise" makes tensor<1x4x4x4xsi8> in %out : memref<64xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<4, 4, 4, weights>, schedule = #dsconv.schedule<[hwc, hwc]>, macs = 10000 : i64, estimate = 1000 : i64} {
    // CHECK-NEXT: dsconv.layer "c"
    %w = memref.get_global @c_weights : memref<32xi8, #dsconv.space<l2>>
    "test.op"(%b, %w) : (memref<32xi8, #dsconv.space<l2>>, memref<32xi8, #dsconv.space<l2>>) -> ()
    // CHECK-NEXT: dsconv.l3_wait %w_1 : memref<32xi8, #dsconv.space<l2>>
    // CHECK-NEXT: "test.op"(%b, %w_1)
  }
  func.return
}
// FITS-NOT: l3
