// RUN: xdsl-opt -p 'plan-memory{l2=39}' --verify-diagnostics %s | filecheck %s
// RUN: xdsl-opt -p 'plan-memory{l2=40}' %s | filecheck %s --check-prefix=FITS

// Weights in L2 take room there beside the activations: 20 bytes, 24 with what follows.
"memref.global"() <{sym_name = "a_weights", type = memref<20xi8, #dsconv.space<l2>>, initial_value = dense<1> : tensor<20xi8>, sym_visibility = "private", constant}> : () -> ()
func.func @net(%in: memref<8xi8, #dsconv.space<l2>>, %out: memref<8xi8, #dsconv.space<l2>>) {
  dsconv.layer "a" "rescale" makes tensor<1x1x2x4xsi8> in %out : memref<8xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 2, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    "test.op"(%in) : (memref<8xi8, #dsconv.space<l2>>) -> ()
  }
  func.return
}
// CHECK: network "net" needs 40 bytes of L2: 16 for activations (at least 16 whatever the plan, for layer "a"), 24 for weights; 39 are there
// FITS: dsconv.l2_bytes = 16 : i64
