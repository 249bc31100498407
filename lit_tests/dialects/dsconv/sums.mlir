// RUN: xdsl-opt %s | xdsl-opt | filecheck %s

// Layers on sums of 32 bits, which nothing has quantised yet.

%x = "test.op"() : () -> tensor<1x4x4x4xi32>
%b = "test.op"() : () -> tensor<1x4x4x4xui8>

%average = dsconv.avg_pool "pool1"(%x) window <kernel = [2, 2]> requant <multiplier = [1], shift = [0], half_even, clip = [0, 2147483647]> : (tensor<1x4x4x4xi32>) -> tensor<1x4x3x3xi32>
// CHECK: %average = dsconv.avg_pool "pool1"(%x) window <kernel = [2, 2]> requant <multiplier = [1], shift = [0], half_even, clip = [0, 2147483647]> : (tensor<1x4x4x4xi32>) -> tensor<1x4x3x3xi32>
%largest = dsconv.max_pool "pool2"(%x) window <kernel = [2, 2]> : (tensor<1x4x4x4xi32>) -> tensor<1x4x3x3xi32>
// CHECK: %largest = dsconv.max_pool "pool2"(%x)
%product = dsconv.mul "mul1"(%x, %b) requant <multiplier = [1], shift = [0], half_even, clip = [-2147483648, 2147483647]> {zero_points = array<i32: 0, 3>} : (tensor<1x4x4x4xi32>, tensor<1x4x4x4xui8>) -> tensor<1x4x4x4xi32>
// CHECK: %product = dsconv.mul "mul1"(%x, %b)
%blocks = dsconv.depth_to_space "blocks1"(%x) block [2, 2] : (tensor<1x4x4x4xi32>) -> tensor<1x1x8x8xi32>
// CHECK: %blocks = dsconv.depth_to_space "blocks1"(%x)
