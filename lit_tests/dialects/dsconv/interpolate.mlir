// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%x = "test.op"() : () -> tensor<1x2x4x4xui8>

// Twice as many rows, between their neighbours in quarters, and three columns of four.
%y = dsconv.interpolate "up1"(%x) rows [2, -1, 4] columns [4, 0, 3] requant <multiplier = [1], divisor = [12], half_even, zero_point = 3, clip = [0, 255]> {input_zero_point = 3 : i32} : (tensor<1x2x4x4xui8>) -> tensor<1x2x8x3xui8>
// CHECK: %y = dsconv.interpolate "up1"(%x) rows [2, -1, 4] columns [4, 0, 3] requant <multiplier = [1], divisor = [12], half_even, zero_point = 3, clip = [0, 255]> {input_zero_point = 3 : i32} : (tensor<1x2x4x4xui8>) -> tensor<1x2x8x3xui8>
// GENERIC: %y = "dsconv.interpolate"(%x) <{layer = "up1", rows = array<i64: 2, -1, 4>, columns = array<i64: 4, 0, 3>, requant = #dsconv.requant<multiplier = [1], divisor = [12], half_even, zero_point = 3, clip = [0, 255]>, input_zero_point = 3 : i32}> : (tensor<1x2x4x4xui8>) -> tensor<1x2x8x3xui8>

// The rows backwards.
%b = dsconv.interpolate "back"(%x) rows [-1, 3, 1] columns [1, 0, 1] requant <multiplier = [1], shift = [0], half_even, clip = [0, 255]> {nearest} : (tensor<1x2x4x4xui8>) -> tensor<1x2x4x4xui8>
// CHECK: %b = dsconv.interpolate "back"(%x) rows [-1, 3, 1] columns [1, 0, 1]

%z = dsconv.interpolate "up2"(%x) rows [2, 0, 3] columns [1, 0, 1] requant <multiplier = [1], shift = [0], half_even, clip = [0, 255]> {nearest} : (tensor<1x2x4x4xui8>) -> tensor<1x2x6x4xui8>
// CHECK: %z = dsconv.interpolate "up2"(%x) rows [2, 0, 3] columns [1, 0, 1] requant <multiplier = [1], shift = [0], half_even, clip = [0, 255]> {nearest} : (tensor<1x2x4x4xui8>) -> tensor<1x2x6x4xui8>
