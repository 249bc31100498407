// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

// A tile of 2x1x3 outputs with padding, its parameters in records of 9 weights.
dsconv.kernel "depthwise" @dw : (tensor<1x2x3x5xsi8, #dsconv.layout<chw>>) -> tensor<1x2x1x3xsi8, #dsconv.layout<hwc>> window <kernel = [3, 3], pads = [1, 1, 1, 1]> {requant = #dsconv.requant<multiplier = [3], shift = [4], half_even, clip = [-128, 127]>, record = #dsconv.record<9, bias>}
// CHECK: dsconv.kernel "depthwise" @dw : (tensor<1x2x3x5xsi8, #dsconv.layout<chw>>) -> tensor<1x2x1x3xsi8, #dsconv.layout<hwc>> window <kernel = [3, 3], pads = [1, 1, 1, 1]> {requant = #dsconv.requant<multiplier = [3], shift = [4], half_even, clip = [-128, 127]>, record = #dsconv.record<9, bias>}
// GENERIC: "dsconv.kernel"() <{kind = "depthwise", sym_name = "dw", function_type = (tensor<1x2x3x5xsi8, #dsconv.layout<chw>>) -> tensor<1x2x1x3xsi8, #dsconv.layout<hwc>>, window = #dsconv.window<kernel = [3, 3], pads = [1, 1, 1, 1]>, requant = #dsconv.requant<multiplier = [3], shift = [4], half_even, clip = [-128, 127]>, record = #dsconv.record<9, bias>}> : () -> ()

dsconv.kernel "conv2d" @conv : (tensor<1x4x1x2xui8, #dsconv.layout<hwc>>) -> tensor<1x3x1x2xui8, #dsconv.layout<hwc>> window <kernel = [1, 1]> {requant = #dsconv.requant<multiplier = [1], divisor = [255], floor, clip = [0, 255]>, record = #dsconv.record<4, bias, multiplier>}
// CHECK: dsconv.kernel "conv2d" @conv : (tensor<1x4x1x2xui8, #dsconv.layout<hwc>>) -> tensor<1x3x1x2xui8, #dsconv.layout<hwc>> window <kernel = [1, 1]> {requant = #dsconv.requant<multiplier = [1], divisor = [255], floor, clip = [0, 255]>, record = #dsconv.record<4, bias, multiplier>}
// GENERIC: "dsconv.kernel"() <{kind = "conv2d", sym_name = "conv", function_type = (tensor<1x4x1x2xui8, #dsconv.layout<hwc>>) -> tensor<1x3x1x2xui8, #dsconv.layout<hwc>>, window = #dsconv.window<kernel = [1, 1]>, requant = #dsconv.requant<multiplier = [1], divisor = [255], floor, clip = [0, 255]>, record = #dsconv.record<4, bias, multiplier>}> : () -> ()

dsconv.kernel "add" @add : (tensor<1x2x1x2xui8, #dsconv.layout<chw>>, tensor<1x2x1x2xsi8, #dsconv.layout<hwc>>) -> tensor<1x2x1x2xui8, #dsconv.layout<hwc>> window <kernel = [1, 1]> {requant = #dsconv.requant<multiplier = [1], shift = [4], half_even, clip = [0, 255]>, zero_points = array<i64: 128, 0>, multipliers = array<i64: 16, 8>}
// CHECK: dsconv.kernel "add" @add : (tensor<1x2x1x2xui8, #dsconv.layout<chw>>, tensor<1x2x1x2xsi8, #dsconv.layout<hwc>>) -> tensor<1x2x1x2xui8, #dsconv.layout<hwc>> window <kernel = [1, 1]> {requant = #dsconv.requant<multiplier = [1], shift = [4], half_even, clip = [0, 255]>, zero_points = array<i64: 128, 0>, multipliers = array<i64: 16, 8>}
// GENERIC: "dsconv.kernel"() <{kind = "add", sym_name = "add", function_type = (tensor<1x2x1x2xui8, #dsconv.layout<chw>>, tensor<1x2x1x2xsi8, #dsconv.layout<hwc>>) -> tensor<1x2x1x2xui8, #dsconv.layout<hwc>>, window = #dsconv.window<kernel = [1, 1]>, requant = #dsconv.requant<multiplier = [1], shift = [4], half_even, clip = [0, 255]>, zero_points = array<i64: 128, 0>, multipliers = array<i64: 16, 8>}> : () -> ()

dsconv.kernel "avg_pool" @avg : (tensor<1x2x2x2xui8, #dsconv.layout<chw>>) -> tensor<1x2x1x1xui8, #dsconv.layout<chw>> window <kernel = [2, 2]> {requant = #dsconv.requant<multiplier = [1], shift = [2], half_even, clip = [0, 255]>, zero_points = array<i64: 3>}
// CHECK: dsconv.kernel "avg_pool" @avg : (tensor<1x2x2x2xui8, #dsconv.layout<chw>>) -> tensor<1x2x1x1xui8, #dsconv.layout<chw>> window <kernel = [2, 2]> {requant = #dsconv.requant<multiplier = [1], shift = [2], half_even, clip = [0, 255]>, zero_points = array<i64: 3>}
// GENERIC: "dsconv.kernel"() <{kind = "avg_pool", sym_name = "avg", function_type = (tensor<1x2x2x2xui8, #dsconv.layout<chw>>) -> tensor<1x2x1x1xui8, #dsconv.layout<chw>>, window = #dsconv.window<kernel = [2, 2]>, requant = #dsconv.requant<multiplier = [1], shift = [2], half_even, clip = [0, 255]>, zero_points = array<i64: 3>}> : () -> ()

dsconv.kernel "max_pool" @max : (tensor<1x2x2x2xsi8, #dsconv.layout<chw>>) -> tensor<1x2x1x1xsi8, #dsconv.layout<chw>> window <kernel = [2, 2]>
// CHECK: dsconv.kernel "max_pool" @max : (tensor<1x2x2x2xsi8, #dsconv.layout<chw>>) -> tensor<1x2x1x1xsi8, #dsconv.layout<chw>> window <kernel = [2, 2]>
// GENERIC: "dsconv.kernel"() <{kind = "max_pool", sym_name = "max", function_type = (tensor<1x2x2x2xsi8, #dsconv.layout<chw>>) -> tensor<1x2x1x1xsi8, #dsconv.layout<chw>>, window = #dsconv.window<kernel = [2, 2]>}> : () -> ()

dsconv.kernel "rescale" @scale : (tensor<1x2x2x2xui8, #dsconv.layout<hwc>>) -> tensor<1x2x2x2xsi8, #dsconv.layout<hwc>> window <kernel = [1, 1]> {requant = #dsconv.requant<multiplier = [1], shift = [0], half_even, clip = [-128, 127]>, zero_points = array<i64: 128>}
// CHECK: dsconv.kernel "rescale" @scale : (tensor<1x2x2x2xui8, #dsconv.layout<hwc>>) -> tensor<1x2x2x2xsi8, #dsconv.layout<hwc>> window <kernel = [1, 1]> {requant = #dsconv.requant<multiplier = [1], shift = [0], half_even, clip = [-128, 127]>, zero_points = array<i64: 128>}
// GENERIC: "dsconv.kernel"() <{kind = "rescale", sym_name = "scale", function_type = (tensor<1x2x2x2xui8, #dsconv.layout<hwc>>) -> tensor<1x2x2x2xsi8, #dsconv.layout<hwc>>, window = #dsconv.window<kernel = [1, 1]>, requant = #dsconv.requant<multiplier = [1], shift = [0], half_even, clip = [-128, 127]>, zero_points = array<i64: 128>}> : () -> ()
