// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%x = "test.op"() : () -> tensor<1x2x4x4xui8>

%global = dsconv.avg_pool "pool1"(%x) window <kernel = [4, 4]> requant <multiplier = [1], shift = [4], half_even, clip = [0, 255]> : (tensor<1x2x4x4xui8>) -> tensor<1x2x1x1xui8>
// CHECK: %global = dsconv.avg_pool "pool1"(%x) window <kernel = [4, 4]> requant <multiplier = [1], shift = [4], half_even, clip = [0, 255]> : (tensor<1x2x4x4xui8>) -> tensor<1x2x1x1xui8>
// GENERIC: %global = "dsconv.avg_pool"(%x) <{layer = "pool1", window = #dsconv.window<kernel = [4, 4]>, requant = #dsconv.requant<multiplier = [1], shift = [4], half_even, clip = [0, 255]>}> : (tensor<1x2x4x4xui8>) -> tensor<1x2x1x1xui8>

%thirds = dsconv.avg_pool "pool2"(%x) window <kernel = [3, 3], strides = [2, 2], pads = [1, 1, 0, 0]> requant <multiplier = [1], divisor = [9], half_up, zero_point = -128, clip = [-128, 127]> {tile = #dsconv.tile<1, 2, 2, pixels>, input_zero_point = 3 : i32} : (tensor<1x2x4x4xui8>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
// CHECK: %thirds = dsconv.avg_pool "pool2"(%x) window <kernel = [3, 3], strides = [2, 2], pads = [1, 1, 0, 0]> requant <multiplier = [1], divisor = [9], half_up, zero_point = -128, clip = [-128, 127]> {tile = #dsconv.tile<1, 2, 2, pixels>, input_zero_point = 3 : i32} : (tensor<1x2x4x4xui8>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
// GENERIC: %thirds = "dsconv.avg_pool"(%x) <{layer = "pool2", window = #dsconv.window<kernel = [3, 3], strides = [2, 2], pads = [1, 1, 0, 0]>, requant = #dsconv.requant<multiplier = [1], divisor = [9], half_up, zero_point = -128, clip = [-128, 127]>, tile = #dsconv.tile<1, 2, 2, pixels>, input_zero_point = 3 : i32}> : (tensor<1x2x4x4xui8>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>>

// Padding above and below does not count.
%edge_x = "test.op"() : () -> tensor<1x2x3x3xui8>
%edges = dsconv.avg_pool "edges"(%edge_x) window <kernel = [2, 2], pads = [1, 1, 1, 1]> requant <multiplier = [1], shift = [0], half_even, clip = [0, 255]> {counted_pads = array<i64: 0, 1, 0, 1>} : (tensor<1x2x3x3xui8>) -> tensor<1x2x4x4xui8>
// CHECK: %edges = dsconv.avg_pool "edges"(%edge_x) window <kernel = [2, 2], pads = [1, 1, 1, 1]> requant <multiplier = [1], shift = [0], half_even, clip = [0, 255]> {counted_pads = array<i64: 0, 1, 0, 1>} : (tensor<1x2x3x3xui8>) -> tensor<1x2x4x4xui8>
// GENERIC: %edges = "dsconv.avg_pool"(%edge_x) <{layer = "edges", window = #dsconv.window<kernel = [2, 2], pads = [1, 1, 1, 1]>, requant = #dsconv.requant<multiplier = [1], shift = [0], half_even, clip = [0, 255]>, counted_pads = array<i64: 0, 1, 0, 1>}> : (tensor<1x2x3x3xui8>) -> tensor<1x2x4x4xui8>
