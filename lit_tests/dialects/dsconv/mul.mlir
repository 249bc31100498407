// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%a, %b, %v = "test.op"() : () -> (tensor<1x2x3x3xsi8, #dsconv.layout<chw>>, tensor<1x2x3x3xui8>, tensor<1x2x1x1xui8>)

%maps = dsconv.mul "scale1"(%a, %b) requant <multiplier = [9], shift = [12], half_even, zero_point = -1, clip = [-128, 127]> {zero_points = array<i32: -1, 128>} : (tensor<1x2x3x3xsi8, #dsconv.layout<chw>>, tensor<1x2x3x3xui8>) -> tensor<1x2x3x3xsi8, #dsconv.layout<hwc>>
// CHECK: %maps = dsconv.mul "scale1"(%a, %b) requant <multiplier = [9], shift = [12], half_even, zero_point = -1, clip = [-128, 127]> {zero_points = array<i32: -1, 128>} : (tensor<1x2x3x3xsi8, #dsconv.layout<chw>>, tensor<1x2x3x3xui8>) -> tensor<1x2x3x3xsi8, #dsconv.layout<hwc>>
// GENERIC: %maps = "dsconv.mul"(%a, %b) <{layer = "scale1", requant = #dsconv.requant<multiplier = [9], shift = [12], half_even, zero_point = -1, clip = [-128, 127]>, zero_points = array<i32: -1, 128>}> : (tensor<1x2x3x3xsi8, #dsconv.layout<chw>>, tensor<1x2x3x3xui8>) -> tensor<1x2x3x3xsi8, #dsconv.layout<hwc>>

%gated = dsconv.mul "se1"(%a, %v) requant <multiplier = [9], shift = [12], half_even, zero_point = -1, clip = [-128, 127]> {tile = #dsconv.tile<2, 1, 3, weights>, zero_points = array<i32: -1, 0>} : (tensor<1x2x3x3xsi8, #dsconv.layout<chw>>, tensor<1x2x1x1xui8>) -> tensor<1x2x3x3xsi8>
// CHECK: %gated = dsconv.mul "se1"(%a, %v) requant <multiplier = [9], shift = [12], half_even, zero_point = -1, clip = [-128, 127]> {tile = #dsconv.tile<2, 1, 3, weights>, zero_points = array<i32: -1, 0>} : (tensor<1x2x3x3xsi8, #dsconv.layout<chw>>, tensor<1x2x1x1xui8>) -> tensor<1x2x3x3xsi8>
// GENERIC: %gated = "dsconv.mul"(%a, %v) <{layer = "se1", requant = #dsconv.requant<multiplier = [9], shift = [12], half_even, zero_point = -1, clip = [-128, 127]>, tile = #dsconv.tile<2, 1, 3, weights>, zero_points = array<i32: -1, 0>}> : (tensor<1x2x3x3xsi8, #dsconv.layout<chw>>, tensor<1x2x1x1xui8>) -> tensor<1x2x3x3xsi8>
