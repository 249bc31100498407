// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%x, %w, %b = "test.op"() : () -> (tensor<1x2x5x6xsi8, #dsconv.layout<hwc>>, tensor<3x2x3x3xsi8>, tensor<3xi32>)

%plain = dsconv.conv2d "conv1"(%x, %w, %b) window <kernel = [3, 3]> requant <multiplier = [3], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x2x5x6xsi8, #dsconv.layout<hwc>>, tensor<3x2x3x3xsi8>, tensor<3xi32>) -> tensor<1x3x3x4xsi8>
// CHECK: %plain = dsconv.conv2d "conv1"(%x, %w, %b) window <kernel = [3, 3]> requant <multiplier = [3], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x2x5x6xsi8, #dsconv.layout<hwc>>, tensor<3x2x3x3xsi8>, tensor<3xi32>) -> tensor<1x3x3x4xsi8>
// GENERIC: %plain = "dsconv.conv2d"(%x, %w, %b) <{layer = "conv1", window = #dsconv.window<kernel = [3, 3]>, requant = #dsconv.requant<multiplier = [3], shift = [4], half_even, clip = [-128, 127]>}> : (tensor<1x2x5x6xsi8, #dsconv.layout<hwc>>, tensor<3x2x3x3xsi8>, tensor<3xi32>) -> tensor<1x3x3x4xsi8>

// (5 + 1 + 2 - 3) / 2 + 1 = 3 rows, (6 + 0 + 1 - 3) / 1 + 1 = 5 columns.
%padded = dsconv.conv2d "conv2"(%x, %w, %b) window <kernel = [3, 3], strides = [2, 1], pads = [1, 0, 2, 1]> requant <multiplier = [3, 4, 5], shift = [4, 5, 6], half_up, zero_point = -3, clip = [-128, 127]> {input_zero_point = 5 : i32, weight_zero_points = array<i32: 1, 0, -1>} : (tensor<1x2x5x6xsi8, #dsconv.layout<hwc>>, tensor<3x2x3x3xsi8>, tensor<3xi32>) -> tensor<1x3x3x5xsi8, #dsconv.layout<chw>>
// CHECK: %padded = dsconv.conv2d "conv2"(%x, %w, %b) window <kernel = [3, 3], strides = [2, 1], pads = [1, 0, 2, 1]> requant <multiplier = [3, 4, 5], shift = [4, 5, 6], half_up, zero_point = -3, clip = [-128, 127]> {input_zero_point = 5 : i32, weight_zero_points = array<i32: 1, 0, -1>} : (tensor<1x2x5x6xsi8, #dsconv.layout<hwc>>, tensor<3x2x3x3xsi8>, tensor<3xi32>) -> tensor<1x3x3x5xsi8, #dsconv.layout<chw>>
// GENERIC: %padded = "dsconv.conv2d"(%x, %w, %b) <{layer = "conv2", window = #dsconv.window<kernel = [3, 3], strides = [2, 1], pads = [1, 0, 2, 1]>, requant = #dsconv.requant<multiplier = [3, 4, 5], shift = [4, 5, 6], half_up, zero_point = -3, clip = [-128, 127]>, input_zero_point = 5 : i32, weight_zero_points = array<i32: 1, 0, -1>}> : (tensor<1x2x5x6xsi8, #dsconv.layout<hwc>>, tensor<3x2x3x3xsi8>, tensor<3xi32>) -> tensor<1x3x3x5xsi8, #dsconv.layout<chw>>

// Defaults are not printed; 5 - 2 * 2 = 1 row, 6 - 2 * 2 = 2 columns.
%dilated = dsconv.conv2d "conv3"(%x, %w, %b) window <kernel = [3, 3], dilations = [2, 2]> requant <multiplier = [1], divisor = [255], floor, clip = [0, 255]> {tile = #dsconv.tile<3, 1, 2, pixels>, input_zero_point = 0 : i32, weight_zero_points = array<i32: 0>} : (tensor<1x2x5x6xsi8, #dsconv.layout<hwc>>, tensor<3x2x3x3xsi8>, tensor<3xi32>) -> tensor<1x3x1x2xui8>
// CHECK: %dilated = dsconv.conv2d "conv3"(%x, %w, %b) window <kernel = [3, 3], dilations = [2, 2]> requant <multiplier = [1], divisor = [255], floor, clip = [0, 255]> {tile = #dsconv.tile<3, 1, 2, pixels>} : (tensor<1x2x5x6xsi8, #dsconv.layout<hwc>>, tensor<3x2x3x3xsi8>, tensor<3xi32>) -> tensor<1x3x1x2xui8>
// GENERIC: %dilated = "dsconv.conv2d"(%x, %w, %b) <{layer = "conv3", window = #dsconv.window<kernel = [3, 3], dilations = [2, 2]>, requant = #dsconv.requant<multiplier = [1], divisor = [255], floor, clip = [0, 255]>, tile = #dsconv.tile<3, 1, 2, pixels>, input_zero_point = 0 : i32, weight_zero_points = array<i32: 0>}> : (tensor<1x2x5x6xsi8, #dsconv.layout<hwc>>, tensor<3x2x3x3xsi8>, tensor<3xi32>) -> tensor<1x3x1x2xui8>

// Two groups of 2 input and 3 output channels; tiles are whole groups.
%grouped_x = "test.op"() : () -> tensor<1x4x5x6xsi8>
%grouped_w = dsconv.constant dense<1> : tensor<6x2x3x3xsi8>
%grouped_b = dsconv.constant dense<0> : tensor<6xi32>
%grouped = dsconv.conv2d "conv4"(%grouped_x, %grouped_w, %grouped_b) window <kernel = [3, 3]> requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> {tile = #dsconv.tile<3, 1, 4, weights>} : (tensor<1x4x5x6xsi8>, tensor<6x2x3x3xsi8>, tensor<6xi32>) -> tensor<1x6x3x4xsi8>
// CHECK: %grouped = dsconv.conv2d "conv4"(%grouped_x, %grouped_w, %grouped_b) window <kernel = [3, 3]> requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> {tile = #dsconv.tile<3, 1, 4, weights>} : (tensor<1x4x5x6xsi8>, tensor<6x2x3x3xsi8>, tensor<6xi32>) -> tensor<1x6x3x4xsi8>
// GENERIC: %grouped = "dsconv.conv2d"(%grouped_x, %grouped_w, %grouped_b) <{layer = "conv4", window = #dsconv.window<kernel = [3, 3]>, requant = #dsconv.requant<multiplier = [1], shift = [8], half_even, clip = [-128, 127]>, tile = #dsconv.tile<3, 1, 4, weights>}> : (tensor<1x4x5x6xsi8>, tensor<6x2x3x3xsi8>, tensor<6xi32>) -> tensor<1x6x3x4xsi8>
