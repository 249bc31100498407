// RUN: xdsl-opt -p 'plan-memory{l1=55}' --verify-diagnostics %s | filecheck %s --check-prefix=L1
// RUN: xdsl-opt -p 'plan-memory{l2=127}' --verify-diagnostics %s | filecheck %s --check-prefix=L2

// L1: layer "a" needs 56 bytes of L1, 55 are there
// L2: network "net" needs 128 bytes of L2: 128 for activations (at least 128 whatever the plan, for layer "b"), 0 for weights; 127 are there
func.func @net(%in: memref<61xi8, #dsconv.space<l2>>, %out: memref<32xi8, #dsconv.space<l2>>) {
  %a = dsconv.buffer "a" : memref<32xi8, #dsconv.space<l2>>
  dsconv.layer "a" "rescale" makes tensor<1x1x4x8xsi8> in %a : memref<32xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 4, 8, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    %x = dsconv.buffer "a.x0" : memref<33xi8, #dsconv.space<l1>>
    %y = dsconv.buffer "a.y" : memref<16xi8, #dsconv.space<l1>>
    "test.op"(%in, %x, %y) : (memref<61xi8, #dsconv.space<l2>>, memref<33xi8, #dsconv.space<l1>>, memref<16xi8, #dsconv.space<l1>>) -> ()
  }
  %b = dsconv.buffer "b" : memref<96xi8, #dsconv.space<l2>>
  dsconv.layer "b" "rescale" makes tensor<1x1x4x8xsi8> in %b : memref<96xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 4, 8, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    %z = dsconv.buffer "b.x0" : memref<8xi8, #dsconv.space<l1>>
    "test.op"(%a, %z) : (memref<32xi8, #dsconv.space<l2>>, memref<8xi8, #dsconv.space<l1>>) -> ()
  }
  dsconv.layer "c" "rescale" makes tensor<1x1x4x8xsi8> in %out : memref<32xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 4, 8, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
    "test.op"(%b) : (memref<96xi8, #dsconv.space<l2>>) -> ()
  }
  func.return
}
