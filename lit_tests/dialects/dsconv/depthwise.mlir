// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%x, %w, %b = "test.op"() : () -> (tensor<1x2x4x4xui8>, tensor<2x1x3x3xui8>, tensor<2xi32>)

%same = dsconv.depthwise "dw1"(%x, %w, %b) window <kernel = [3, 3], pads = [1, 1, 1, 1]> requant <multiplier = [3, 7], shift = [4], half_even, clip = [0, 255]> {input_zero_point = 128 : i32, weight_zero_points = array<i32: 130, 120>} : (tensor<1x2x4x4xui8>, tensor<2x1x3x3xui8>, tensor<2xi32>) -> tensor<1x2x4x4xui8>
// CHECK: %same = dsconv.depthwise "dw1"(%x, %w, %b) window <kernel = [3, 3], pads = [1, 1, 1, 1]> requant <multiplier = [3, 7], shift = [4], half_even, clip = [0, 255]> {input_zero_point = 128 : i32, weight_zero_points = array<i32: 130, 120>} : (tensor<1x2x4x4xui8>, tensor<2x1x3x3xui8>, tensor<2xi32>) -> tensor<1x2x4x4xui8>
// GENERIC: %same = "dsconv.depthwise"(%x, %w, %b) <{layer = "dw1", window = #dsconv.window<kernel = [3, 3], pads = [1, 1, 1, 1]>, requant = #dsconv.requant<multiplier = [3, 7], shift = [4], half_even, clip = [0, 255]>, input_zero_point = 128 : i32, weight_zero_points = array<i32: 130, 120>}> : (tensor<1x2x4x4xui8>, tensor<2x1x3x3xui8>, tensor<2xi32>) -> tensor<1x2x4x4xui8>

%halved = dsconv.depthwise "dw2"(%x, %w, %b) window <kernel = [3, 3], strides = [2, 2], pads = [0, 0, 1, 1]> requant <multiplier = [3], shift = [4], half_even, clip = [-128, 127]> {tile = #dsconv.tile<2, 1, 2, weights>} : (tensor<1x2x4x4xui8>, tensor<2x1x3x3xui8>, tensor<2xi32>) -> tensor<1x2x2x2xsi8, #dsconv.layout<hwc>>
// CHECK: %halved = dsconv.depthwise "dw2"(%x, %w, %b) window <kernel = [3, 3], strides = [2, 2], pads = [0, 0, 1, 1]> requant <multiplier = [3], shift = [4], half_even, clip = [-128, 127]> {tile = #dsconv.tile<2, 1, 2, weights>} : (tensor<1x2x4x4xui8>, tensor<2x1x3x3xui8>, tensor<2xi32>) -> tensor<1x2x2x2xsi8, #dsconv.layout<hwc>>
// GENERIC: %halved = "dsconv.depthwise"(%x, %w, %b) <{layer = "dw2", window = #dsconv.window<kernel = [3, 3], strides = [2, 2], pads = [0, 0, 1, 1]>, requant = #dsconv.requant<multiplier = [3], shift = [4], half_even, clip = [-128, 127]>, tile = #dsconv.tile<2, 1, 2, weights>}> : (tensor<1x2x4x4xui8>, tensor<2x1x3x3xui8>, tensor<2xi32>) -> tensor<1x2x2x2xsi8, #dsconv.layout<hwc>>
