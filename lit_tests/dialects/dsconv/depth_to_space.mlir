// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%x = "test.op"() : () -> tensor<1x12x4x5xui8>

%y = dsconv.depth_to_space "shuffle1"(%x) block [2, 3] : (tensor<1x12x4x5xui8>) -> tensor<1x2x8x15xui8>
// CHECK: %y = dsconv.depth_to_space "shuffle1"(%x) block [2, 3] : (tensor<1x12x4x5xui8>) -> tensor<1x2x8x15xui8>
// GENERIC: %y = "dsconv.depth_to_space"(%x) <{layer = "shuffle1", block = array<i64: 2, 3>}> : (tensor<1x12x4x5xui8>) -> tensor<1x2x8x15xui8>

// With a tile of parts of blocks.
%z = dsconv.depth_to_space "shuffle2"(%x) block [2, 2] {tile = #dsconv.tile<1, 3, 5, weights>} : (tensor<1x12x4x5xui8>) -> tensor<1x3x8x10xui8, #dsconv.layout<hwc>>
// CHECK: %z = dsconv.depth_to_space "shuffle2"(%x) block [2, 2] {tile = #dsconv.tile<1, 3, 5, weights>} : (tensor<1x12x4x5xui8>) -> tensor<1x3x8x10xui8, #dsconv.layout<hwc>>
// GENERIC: %z = "dsconv.depth_to_space"(%x) <{layer = "shuffle2", block = array<i64: 2, 2>, tile = #dsconv.tile<1, 3, 5, weights>}> : (tensor<1x12x4x5xui8>) -> tensor<1x3x8x10xui8, #dsconv.layout<hwc>>
