// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

%y = "test.op"() : () -> memref<16xi8, #dsconv.space<l2>>
dsconv.layer "l" "add" makes i32 in %y : memref<16xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 1, 1, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64} {
}
// CHECK: i32 should be of base attribute tensor

// -----

%y = "test.op"() : () -> memref<16xi8, #dsconv.space<l2>>
dsconv.layer "l" "add" makes tensor<1x1x1x1xsi8> in %y : memref<16xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<1, 1, 1, weights>, schedule = #dsconv.schedule<[chw, chw]>} {
  dsconv.barrier
}
// CHECK: Operation does not verify: property 'macs' expected in operation 'dsconv.layer'
