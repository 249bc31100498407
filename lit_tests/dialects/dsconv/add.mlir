// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%a, %b = "test.op"() : () -> (tensor<1x2x3x3xsi8, #dsconv.layout<chw>>, tensor<1x2x3x3xui8, #dsconv.layout<hwc>>)

%sum = dsconv.add "res1"(%a, %b) requant <multiplier = [1], shift = [20], half_even, zero_point = -1, clip = [-128, 127]> {multipliers = array<i32: 1048576, 524288>, zero_points = array<i32: -1, 128>} : (tensor<1x2x3x3xsi8, #dsconv.layout<chw>>, tensor<1x2x3x3xui8, #dsconv.layout<hwc>>) -> tensor<1x2x3x3xsi8, #dsconv.layout<hwc>>
// CHECK: %sum = dsconv.add "res1"(%a, %b) requant <multiplier = [1], shift = [20], half_even, zero_point = -1, clip = [-128, 127]> {multipliers = array<i32: 1048576, 524288>, zero_points = array<i32: -1, 128>} : (tensor<1x2x3x3xsi8, #dsconv.layout<chw>>, tensor<1x2x3x3xui8, #dsconv.layout<hwc>>) -> tensor<1x2x3x3xsi8, #dsconv.layout<hwc>>
// GENERIC: %sum = "dsconv.add"(%a, %b) <{layer = "res1", requant = #dsconv.requant<multiplier = [1], shift = [20], half_even, zero_point = -1, clip = [-128, 127]>, multipliers = array<i32: 1048576, 524288>, zero_points = array<i32: -1, 128>}> : (tensor<1x2x3x3xsi8, #dsconv.layout<chw>>, tensor<1x2x3x3xui8, #dsconv.layout<hwc>>) -> tensor<1x2x3x3xsi8, #dsconv.layout<hwc>>

%tiled = dsconv.add "res2"(%a, %a) requant <multiplier = [1], shift = [0], floor, clip = [0, 255]> {multipliers = array<i32: 1, -1>, zero_points = array<i32: 0, 0>, tile = #dsconv.tile<2, 3, 3, weights>} : (tensor<1x2x3x3xsi8, #dsconv.layout<chw>>, tensor<1x2x3x3xsi8, #dsconv.layout<chw>>) -> tensor<1x2x3x3xui8>
// CHECK: %tiled = dsconv.add "res2"(%a, %a) requant <multiplier = [1], shift = [0], floor, clip = [0, 255]> {multipliers = array<i32: 1, -1>, zero_points = array<i32: 0, 0>, tile = #dsconv.tile<2, 3, 3, weights>} : (tensor<1x2x3x3xsi8, #dsconv.layout<chw>>, tensor<1x2x3x3xsi8, #dsconv.layout<chw>>) -> tensor<1x2x3x3xui8>
// GENERIC: %tiled = "dsconv.add"(%a, %a) <{layer = "res2", requant = #dsconv.requant<multiplier = [1], shift = [0], floor, clip = [0, 255]>, multipliers = array<i32: 1, -1>, zero_points = array<i32: 0, 0>, tile = #dsconv.tile<2, 3, 3, weights>}> : (tensor<1x2x3x3xsi8, #dsconv.layout<chw>>, tensor<1x2x3x3xsi8, #dsconv.layout<chw>>) -> tensor<1x2x3x3xui8>

%v = "test.op"() : () -> tensor<1x2x1x1xsi8>
%vector = dsconv.add "shift1"(%a, %v) requant <multiplier = [1], shift = [1], half_even, clip = [-128, 127]> {multipliers = array<i32: 1, 1>, zero_points = array<i32: 0, 0>} : (tensor<1x2x3x3xsi8, #dsconv.layout<chw>>, tensor<1x2x1x1xsi8>) -> tensor<1x2x3x3xsi8>
// CHECK: %vector = dsconv.add "shift1"(%a, %v) requant <multiplier = [1], shift = [1], half_even, clip = [-128, 127]> {multipliers = array<i32: 1, 1>, zero_points = array<i32: 0, 0>} : (tensor<1x2x3x3xsi8, #dsconv.layout<chw>>, tensor<1x2x1x1xsi8>) -> tensor<1x2x3x3xsi8>
// GENERIC: %vector = "dsconv.add"(%a, %v) <{layer = "shift1", requant = #dsconv.requant<multiplier = [1], shift = [1], half_even, clip = [-128, 127]>, multipliers = array<i32: 1, 1>, zero_points = array<i32: 0, 0>}> : (tensor<1x2x3x3xsi8, #dsconv.layout<chw>>, tensor<1x2x1x1xsi8>) -> tensor<1x2x3x3xsi8>
