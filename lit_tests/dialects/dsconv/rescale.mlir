// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%x = "test.op"() : () -> tensor<1x2x3x3xui8>

%plain = dsconv.rescale "scale1"(%x) requant <multiplier = [1], shift = [1], half_even, clip = [0, 127]> : (tensor<1x2x3x3xui8>) -> tensor<1x2x3x3xui8>
// CHECK: %plain = dsconv.rescale "scale1"(%x) requant <multiplier = [1], shift = [1], half_even, clip = [0, 127]> : (tensor<1x2x3x3xui8>) -> tensor<1x2x3x3xui8>
// GENERIC: %plain = "dsconv.rescale"(%x) <{layer = "scale1", requant = #dsconv.requant<multiplier = [1], shift = [1], half_even, clip = [0, 127]>}> : (tensor<1x2x3x3xui8>) -> tensor<1x2x3x3xui8>

%signed = dsconv.rescale "scale2"(%x) requant <multiplier = [2], shift = [0], half_even, zero_point = 1, clip = [-128, 127]> {tile = #dsconv.tile<1, 3, 3, weights>, input_zero_point = 128 : i32} : (tensor<1x2x3x3xui8>) -> tensor<1x2x3x3xsi8, #dsconv.layout<hwc>>
// CHECK: %signed = dsconv.rescale "scale2"(%x) requant <multiplier = [2], shift = [0], half_even, zero_point = 1, clip = [-128, 127]> {tile = #dsconv.tile<1, 3, 3, weights>, input_zero_point = 128 : i32} : (tensor<1x2x3x3xui8>) -> tensor<1x2x3x3xsi8, #dsconv.layout<hwc>>
// GENERIC: %signed = "dsconv.rescale"(%x) <{layer = "scale2", requant = #dsconv.requant<multiplier = [2], shift = [0], half_even, zero_point = 1, clip = [-128, 127]>, tile = #dsconv.tile<1, 3, 3, weights>, input_zero_point = 128 : i32}> : (tensor<1x2x3x3xui8>) -> tensor<1x2x3x3xsi8, #dsconv.layout<hwc>>
