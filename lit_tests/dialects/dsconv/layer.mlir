// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%y = "test.op"() : () -> memref<18xi8, #dsconv.space<l2>>

dsconv.layer "dw1" "depthwise" makes tensor<1x2x3x3xsi8, #dsconv.layout<chw>> in %y : memref<18xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<2, 1, 3, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 162 : i64} {
// CHECK: dsconv.layer "dw1" "depthwise" makes tensor<1x2x3x3xsi8, #dsconv.layout<chw>> in %y : memref<18xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<2, 1, 3, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 162 : i64} {
// GENERIC: "dsconv.layer"(%y) <{label = "dw1", kind = "depthwise", shape = tensor<1x2x3x3xsi8, #dsconv.layout<chw>>, tile = #dsconv.tile<2, 1, 3, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 162 : i64}> ({
  dsconv.barrier
  // CHECK: dsconv.barrier
  // GENERIC: "dsconv.barrier"() : () -> ()
}
