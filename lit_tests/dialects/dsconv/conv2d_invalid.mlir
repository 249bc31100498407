// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

%x, %w, %b = "test.op"() : () -> (tensor<2x4x4xsi8>, tensor<3x2x3x3xsi8>, tensor<3xi32>)
%y = dsconv.conv2d "conv2d1"(%x, %w, %b) window <kernel = [3, 3]> requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> : (tensor<2x4x4xsi8>, tensor<3x2x3x3xsi8>, tensor<3xi32>) -> tensor<1x3x2x2xsi8>
// CHECK: Operation does not verify: input has shape 1xCxHxW with static sizes, got tensor<2x4x4xsi8>

// -----

%x, %w, %b = "test.op"() : () -> (tensor<2x2x4x4xsi8>, tensor<3x2x3x3xsi8>, tensor<3xi32>)
%y = dsconv.conv2d "conv2d1"(%x, %w, %b) window <kernel = [3, 3]> requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> : (tensor<2x2x4x4xsi8>, tensor<3x2x3x3xsi8>, tensor<3xi32>) -> tensor<1x3x2x2xsi8>
// CHECK: Operation does not verify: input has shape 1xCxHxW with static sizes, got tensor<2x2x4x4xsi8>

// -----

%x, %w, %b = "test.op"() : () -> (tensor<1x2x?x4xsi8>, tensor<3x2x3x3xsi8>, tensor<3xi32>)
%y = dsconv.conv2d "conv2d1"(%x, %w, %b) window <kernel = [3, 3]> requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> : (tensor<1x2x?x4xsi8>, tensor<3x2x3x3xsi8>, tensor<3xi32>) -> tensor<1x3x2x2xsi8>
// CHECK: Operation does not verify: input has shape 1xCxHxW with static sizes, got tensor<1x2x?x4xsi8>

// -----

%x, %w, %b = "test.op"() : () -> (tensor<1x2x4x4xi8>, tensor<3x2x3x3xsi8>, tensor<3xi32>)
%y = dsconv.conv2d "conv2d1"(%x, %w, %b) window <kernel = [3, 3]> requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xi8>, tensor<3x2x3x3xsi8>, tensor<3xi32>) -> tensor<1x3x2x2xsi8>
// CHECK: Operation does not verify: input has elements si8 or ui8, got i8

// -----

%x, %w, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8, "nchw">, tensor<3x2x3x3xsi8>, tensor<3xi32>)
%y = dsconv.conv2d "conv2d1"(%x, %w, %b) window <kernel = [3, 3]> requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8, "nchw">, tensor<3x2x3x3xsi8>, tensor<3xi32>) -> tensor<1x3x2x2xsi8>
// CHECK: Operation does not verify: input is encoded by a layout or not at all, got "nchw"

// -----

%x, %w, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<3x2x3x3xsi8>, tensor<3xi32>)
%y = dsconv.conv2d "conv2d1"(%x, %w, %b) window <kernel = [3, 3]> requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>, tensor<3x2x3x3xsi8>, tensor<3xi32>) -> tensor<3x2x2xsi8>
// CHECK: Operation does not verify: result has shape 1xCxHxW with static sizes, got tensor<3x2x2xsi8>

// -----

%x, %w, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<3x2x3x3xsi8>, tensor<3xi32>)
%y = dsconv.conv2d "conv2d1"(%x, %w, %b) window <kernel = [3, 3]> requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>, tensor<3x2x3x3xsi8>, tensor<3xi32>) -> tensor<1x3x2x2xi16>
// CHECK: Operation does not verify: result has elements si8 or ui8 or i32, got i16

// -----

%x, %w, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<3x2x3x3xsi8>, tensor<3xi32>)
%y = dsconv.conv2d "conv2d1"(%x, %w, %b) window <kernel = [3, 3]> requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>, tensor<3x2x3x3xsi8>, tensor<3xi32>) -> tensor<1x3x2x2xsi8, #dsconv.space<l1>>
// CHECK: Operation does not verify: result is encoded by a layout or not at all, got #dsconv.space<l1>

// -----

%x, %w, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<3x2x3x3xi32>, tensor<3xi32>)
%y = dsconv.conv2d "conv2d1"(%x, %w, %b) window <kernel = [3, 3]> requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>, tensor<3x2x3x3xi32>, tensor<3xi32>) -> tensor<1x3x2x2xsi8>
// CHECK: Operation does not verify: weights have elements si8 or ui8, got i32

// -----

%x, %w, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<3x1x3x3xsi8>, tensor<3xi32>)
%y = dsconv.conv2d "conv2d1"(%x, %w, %b) window <kernel = [3, 3]> requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>, tensor<3x1x3x3xsi8>, tensor<3xi32>) -> tensor<1x3x2x2xsi8>
// CHECK: Operation does not verify: 2 groups do not share 3 output channels

// -----

%x, %w, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<3x2x3x5xsi8>, tensor<3xi32>)
%y = dsconv.conv2d "conv2d1"(%x, %w, %b) window <kernel = [3, 3]> requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>, tensor<3x2x3x5xsi8>, tensor<3xi32>) -> tensor<1x3x2x2xsi8>
// CHECK: Operation does not verify: weights have shape 3x2x3x5, expected 3x2x3x3

// -----

%x, %w, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<3x2x3x3xsi8>, tensor<3xi32>)
%y = dsconv.conv2d "conv2d1"(%x, %w, %b) window <kernel = [3, 3]> requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>, tensor<3x2x3x3xsi8>, tensor<3xi32>) -> tensor<1x3x4x4xsi8>
// CHECK: Operation does not verify: result has shape 1x3x4x4, expected 1x3x2x2

// -----

%x, %w, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<3x2x3x3xsi8>, tensor<3xi32>)
%y = dsconv.conv2d "conv2d1"(%x, %w, %b) window <kernel = [3, 3], pads = [1, 0, 0, 0]> requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>, tensor<3x2x3x3xsi8>, tensor<3xi32>) -> tensor<1x3x2x2xsi8>
// CHECK: Operation does not verify: result has shape 1x3x2x2, expected 1x3x3x2

// -----

%x, %w, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<3x2x3x3xsi8>, tensor<2xi32>)
%y = dsconv.conv2d "conv2d1"(%x, %w, %b) window <kernel = [3, 3]> requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>, tensor<3x2x3x3xsi8>, tensor<2xi32>) -> tensor<1x3x2x2xsi8>
// CHECK: Operation does not verify: bias has shape 2, expected 3

// -----

%x, %w, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<3x2x3x3xsi8>, tensor<3xsi8>)
%y = dsconv.conv2d "conv2d1"(%x, %w, %b) window <kernel = [3, 3]> requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>, tensor<3x2x3x3xsi8>, tensor<3xsi8>) -> tensor<1x3x2x2xsi8>
// CHECK: Operation does not verify: bias has elements i32

// -----

%x, %w, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<3x2x3x3xsi8>, tensor<3xi32>)
%y = dsconv.conv2d "conv2d1"(%x, %w, %b) window <kernel = [3, 3]> requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> {weight_zero_points = array<i32: 1, 2>} : (tensor<1x2x4x4xsi8>, tensor<3x2x3x3xsi8>, tensor<3xi32>) -> tensor<1x3x2x2xsi8>
// CHECK: Operation does not verify: 2 weight zero points for 3 channels

// -----

%x, %w, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<3x2x3x3xsi8>, tensor<3xi32>)
%y = dsconv.conv2d "conv2d1"(%x, %w, %b) window <kernel = [3, 3]> requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> {input_zero_point = 128 : i32} : (tensor<1x2x4x4xsi8>, tensor<3x2x3x3xsi8>, tensor<3xi32>) -> tensor<1x3x2x2xsi8>
// CHECK: Operation does not verify: input zero point 128 does not fit si8

// -----

%x, %w, %b = "test.op"() : () -> (tensor<1x2x4x4xui8>, tensor<3x2x3x3xsi8>, tensor<3xi32>)
%y = dsconv.conv2d "conv2d1"(%x, %w, %b) window <kernel = [3, 3]> requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> {input_zero_point = -1 : i32} : (tensor<1x2x4x4xui8>, tensor<3x2x3x3xsi8>, tensor<3xi32>) -> tensor<1x3x2x2xsi8>
// CHECK: Operation does not verify: input zero point -1 does not fit ui8

// -----

%x, %w, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<3x2x3x3xsi8>, tensor<3xi32>)
%y = dsconv.conv2d "conv2d1"(%x, %w, %b) window <kernel = [3, 3]> requant <multiplier = [1, 2], shift = [0], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>, tensor<3x2x3x3xsi8>, tensor<3xi32>) -> tensor<1x3x2x2xsi8>
// CHECK: Operation does not verify: requantisation has 2 channels, the result has 3

// -----

%x, %w, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<3x2x3x3xsi8>, tensor<3xi32>)
%y = dsconv.conv2d "conv2d1"(%x, %w, %b) window <kernel = [3, 3]> requant <multiplier = [1], shift = [0], half_even, clip = [-129, 127]> : (tensor<1x2x4x4xsi8>, tensor<3x2x3x3xsi8>, tensor<3xi32>) -> tensor<1x3x2x2xsi8>
// CHECK: Operation does not verify: clip range [-129, 127] does not fit si8

// -----

%x, %w, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<3x2x3x3xsi8>, tensor<3xi32>)
%y = dsconv.conv2d "conv2d1"(%x, %w, %b) window <kernel = [3, 3]> requant <multiplier = [1], shift = [0], half_even, clip = [0, 255]> : (tensor<1x2x4x4xsi8>, tensor<3x2x3x3xsi8>, tensor<3xi32>) -> tensor<1x3x2x2xsi8>
// CHECK: Operation does not verify: clip range [0, 255] does not fit si8

// -----

%x, %w, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<3x2x3x3xsi8>, tensor<3xi32>)
%y = dsconv.conv2d "conv2d1"(%x, %w, %b) window <kernel = [3, 3]> requant <multiplier = [1], shift = [0], half_even, clip = [-1, 127]> : (tensor<1x2x4x4xsi8>, tensor<3x2x3x3xsi8>, tensor<3xi32>) -> tensor<1x3x2x2xui8>
// CHECK: Operation does not verify: clip range [-1, 127] does not fit ui8

// -----

%x, %w, %b = "test.op"() : () -> (tensor<1x2x1x4xsi8>, tensor<3x2x5x3xsi8>, tensor<3xi32>)
%y = dsconv.conv2d "conv1"(%x, %w, %b) window <kernel = [5, 3], pads = [1, 0, 0, 0]> requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> : (tensor<1x2x1x4xsi8>, tensor<3x2x5x3xsi8>, tensor<3xi32>) -> tensor<1x3x1x2xsi8>
// CHECK: Operation does not verify: a window of 5x3 does not fit a map of 2x4, padding included

// -----

%x, %w, %b = "test.op"() : () -> (tensor<1x2x4x4xsi8>, tensor<3x2x3x3xsi8>, tensor<3xi32>)
%y = dsconv.conv2d "conv1"(%x, %w, %b) window <kernel = [3, 3]> requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> {weight_zero_points = array<i32: 0, 0, 100000>} : (tensor<1x2x4x4xsi8>, tensor<3x2x3x3xsi8>, tensor<3xi32>) -> tensor<1x3x2x2xsi8>
// CHECK: Operation does not verify: weight zero point 100000 does not fit si8

// -----

%x = "test.op"() : () -> tensor<1x4x5x6xsi8>
%w = dsconv.constant dense<1> : tensor<5x2x3x3xsi8>
%b = dsconv.constant dense<0> : tensor<5xi32>
%y = dsconv.conv2d "conv1"(%x, %w, %b) window <kernel = [3, 3]> requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x4x5x6xsi8>, tensor<5x2x3x3xsi8>, tensor<5xi32>) -> tensor<1x5x3x4xsi8>
// CHECK: Operation does not verify: 2 groups do not share 5 output channels

// -----

%x = "test.op"() : () -> tensor<1x4x5x6xsi8>
%w = dsconv.constant dense<1> : tensor<6x3x3x3xsi8>
%b = dsconv.constant dense<0> : tensor<6xi32>
%y = dsconv.conv2d "conv1"(%x, %w, %b) window <kernel = [3, 3]> requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x4x5x6xsi8>, tensor<6x3x3x3xsi8>, tensor<6xi32>) -> tensor<1x6x3x4xsi8>
// CHECK: Operation does not verify: weights have shape 6x3x3x3, expected 6x4x3x3

// -----

%x = "test.op"() : () -> tensor<1x4x5x6xsi8>
%w = dsconv.constant dense<1> : tensor<6x2x3x3xsi8>
%b = dsconv.constant dense<0> : tensor<6xi32>
%y = dsconv.conv2d "conv1"(%x, %w, %b) window <kernel = [3, 3]> requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> {tile = #dsconv.tile<2, 3, 4, weights>} : (tensor<1x4x5x6xsi8>, tensor<6x2x3x3xsi8>, tensor<6xi32>) -> tensor<1x6x3x4xsi8>
// CHECK: Operation does not verify: a tile of 2 channels is not whole groups of 3
