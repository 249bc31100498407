// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%tile = dsconv.buffer "conv.x0" : memref<64xi8, #dsconv.space<l1>>
// CHECK: %tile = dsconv.buffer "conv.x0" : memref<64xi8, #dsconv.space<l1>>
// GENERIC: %tile = "dsconv.buffer"() <{label = "conv.x0"}> : () -> memref<64xi8, #dsconv.space<l1>>

%placed = dsconv.buffer "conv" at 128 : memref<1000xi8, #dsconv.space<l2>>
// CHECK: %placed = dsconv.buffer "conv" at 128 : memref<1000xi8, #dsconv.space<l2>>
// GENERIC: %placed = "dsconv.buffer"() <{label = "conv", offset = 128 : i64}> : () -> memref<1000xi8, #dsconv.space<l2>>

%outer = dsconv.buffer "weights" : memref<100000xi8, #dsconv.space<l3>>
// CHECK: %outer = dsconv.buffer "weights" : memref<100000xi8, #dsconv.space<l3>>
// GENERIC: %outer = "dsconv.buffer"() <{label = "weights"}> : () -> memref<100000xi8, #dsconv.space<l3>>
