// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%x, %w, %b = "test.op"() : () -> (tensor<1x4x2x3xsi8, #dsconv.layout<hwc>>, tensor<2x4xsi8>, tensor<2xi32>)

%plain = dsconv.pointwise "pw1"(%x, %w, %b) requant <multiplier = [3], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x4x2x3xsi8, #dsconv.layout<hwc>>, tensor<2x4xsi8>, tensor<2xi32>) -> tensor<1x2x2x3xsi8, #dsconv.layout<chw>>
// CHECK: %plain = dsconv.pointwise "pw1"(%x, %w, %b) requant <multiplier = [3], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x4x2x3xsi8, #dsconv.layout<hwc>>, tensor<2x4xsi8>, tensor<2xi32>) -> tensor<1x2x2x3xsi8, #dsconv.layout<chw>>
// GENERIC: %plain = "dsconv.pointwise"(%x, %w, %b) <{layer = "pw1", requant = #dsconv.requant<multiplier = [3], shift = [4], half_even, clip = [-128, 127]>}> : (tensor<1x4x2x3xsi8, #dsconv.layout<hwc>>, tensor<2x4xsi8>, tensor<2xi32>) -> tensor<1x2x2x3xsi8, #dsconv.layout<chw>>

%tiled = dsconv.pointwise "pw2"(%x, %w, %b) requant <multiplier = [3], addend = [5, 6], shift = [4], half_even, zero_point = 9, clip = [0, 200]> {tile = #dsconv.tile<1, 2, 3, weights>, input_zero_point = -4 : i32, weight_zero_points = array<i32: 2>} : (tensor<1x4x2x3xsi8, #dsconv.layout<hwc>>, tensor<2x4xsi8>, tensor<2xi32>) -> tensor<1x2x2x3xui8>
// CHECK: %tiled = dsconv.pointwise "pw2"(%x, %w, %b) requant <multiplier = [3], addend = [5, 6], shift = [4], half_even, zero_point = 9, clip = [0, 200]> {tile = #dsconv.tile<1, 2, 3, weights>, input_zero_point = -4 : i32, weight_zero_points = array<i32: 2>} : (tensor<1x4x2x3xsi8, #dsconv.layout<hwc>>, tensor<2x4xsi8>, tensor<2xi32>) -> tensor<1x2x2x3xui8>
// GENERIC: %tiled = "dsconv.pointwise"(%x, %w, %b) <{layer = "pw2", requant = #dsconv.requant<multiplier = [3], addend = [5, 6], shift = [4], half_even, zero_point = 9, clip = [0, 200]>, tile = #dsconv.tile<1, 2, 3, weights>, input_zero_point = -4 : i32, weight_zero_points = array<i32: 2>}> : (tensor<1x4x2x3xsi8, #dsconv.layout<hwc>>, tensor<2x4xsi8>, tensor<2xi32>) -> tensor<1x2x2x3xui8>

// An equal requantisation in 32 bits.
%narrow = dsconv.pointwise "pw3"(%x, %w, %b) requant <multiplier = [3], shift = [4], half_up, clip = [0, 200]> {narrow = #dsconv.narrow_requant<high = [3], addend = 8, shift = 4, clip = [0, 200]>} : (tensor<1x4x2x3xsi8, #dsconv.layout<hwc>>, tensor<2x4xsi8>, tensor<2xi32>) -> tensor<1x2x2x3xui8>
// CHECK: %narrow = dsconv.pointwise "pw3"(%x, %w, %b) requant <multiplier = [3], shift = [4], half_up, clip = [0, 200]> {narrow = #dsconv.narrow_requant<high = [3], addend = 8, shift = 4, clip = [0, 200]>} :
