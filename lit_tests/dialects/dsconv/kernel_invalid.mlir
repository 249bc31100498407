// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

dsconv.kernel "pointwise" @k : (tensor<1x1x1x1xsi8>) -> tensor<1x1x1x1xsi8> window <kernel = [1, 1]>
// CHECK: Operation does not verify: no kernel pointwise; there are conv2d, depthwise, add, mul, avg_pool, max_pool, rescale, lookup

// -----

dsconv.kernel "add" @k : (tensor<1x1x1x1xsi8>) -> tensor<1x1x1x1xsi8> window <kernel = [1, 1]>
// CHECK: Operation does not verify: wrong number of inputs for a kernel add

// -----

dsconv.kernel "max_pool" @k : (tensor<1x1x1x1xsi8>, tensor<1x1x1x1xsi8>) -> tensor<1x1x1x1xsi8> window <kernel = [1, 1]>
// CHECK: Operation does not verify: wrong number of inputs for a kernel max_pool

// -----

dsconv.kernel "rescale" @k : () -> tensor<1x1x1x1xsi8> window <kernel = [1, 1]>
// CHECK: Operation does not verify: wrong number of inputs for a kernel rescale

// -----

dsconv.kernel "rescale" @k : (tensor<1x1x1x1xsi8>) -> (tensor<1x1x1x1xsi8>, tensor<1x1x1x1xsi8>) window <kernel = [1, 1]>
// CHECK: Operation does not verify: a kernel makes one tensor, not 2

// -----

dsconv.kernel "rescale" @k : (tensor<1x8x4x4xsi8, #dsconv.layout<hwc>>) -> tensor<1x8x4x4xsi8, #dsconv.layout<hwc>> window <kernel = [1, 1]> {output_pitch = 4 : i64}
// CHECK: Operation does not verify: an output of pitch 8 does not lie in one of 4

// -----

dsconv.kernel "max_pool" @k : (tensor<1x2x6x6xsi8>) -> tensor<1x2x4x4xsi8> window <kernel = [3, 3]> {circular}
// CHECK: Operation does not verify: a kernel max_pool has no circular

// -----

dsconv.kernel "depthwise" @k : (tensor<1x2x6x5xsi8, #dsconv.layout<chw>>) -> tensor<1x2x2x5xsi8, #dsconv.layout<chw>> window <kernel = [3, 3], pads = [1, 1, 1, 1]> {requant = #dsconv.requant<multiplier = [3], shift = [4], half_even, clip = [-128, 127]>, record = #dsconv.record<12, bias>, circular}
// CHECK: Operation does not verify: a circular tile has its padding of rows in it

// -----

dsconv.kernel "depthwise" @k : (tensor<1x2x6x5xsi8, #dsconv.layout<chw>>) -> tensor<1x2x2x5xsi8, #dsconv.layout<chw>> window <kernel = [3, 3], pads = [0, 1, 0, 1]> {requant = #dsconv.requant<multiplier = [3], shift = [4], half_even, clip = [-128, 127]>, record = #dsconv.record<12, bias>, row_starts = array<i64: 0, 6>, circular}
// CHECK: Operation does not verify: windows begin in one of the 6 rows of a circular tile

// -----

dsconv.kernel "depthwise" @k : (tensor<1x2x6x5xsi8, #dsconv.layout<chw>>) -> tensor<1x2x5x5xsi8, #dsconv.layout<chw>> window <kernel = [3, 3], pads = [0, 1, 0, 1]> {requant = #dsconv.requant<multiplier = [3], shift = [4], half_even, clip = [-128, 127]>, record = #dsconv.record<12, bias>, circular}
// CHECK: Operation does not verify: windows over 7 rows do not fit a circular tile of 6

// -----

dsconv.kernel "rescale" @k : (tensor<1x1x1x1xsi8>) -> tensor<1x1x1x1xsi8> window <kernel = [1, 1]> {requant = #dsconv.requant<multiplier = [1], shift = [0], half_even, clip = [-128, 127]>, zero_points = array<i64: 0>, factors = array<i64: 2, 2>}
// CHECK: Operation does not verify: a kernel rescale has no factors

// -----

dsconv.kernel "max_pool" @k : (tensor<1x1x1x1xsi8>) -> tensor<1x1x1x1xsi8> window <kernel = [1, 1]> {axis = 2 : i64}
// CHECK: Operation does not verify: a kernel max_pool has no axis

// -----

dsconv.kernel "resize" @k : (tensor<1x1x1x1xsi8>) -> tensor<1x1x1x1xsi8> window <kernel = [1, 1]>
// CHECK: Operation does not verify: a kernel resize needs factors

// -----

dsconv.kernel "shuffle" @k : (tensor<1x1x1x1xsi8>) -> tensor<1x1x1x1xsi8> window <kernel = [1, 1]>
// CHECK: Operation does not verify: a kernel shuffle needs shuffled_groups

// -----

dsconv.kernel "lookup" @k : (tensor<1x1x1x1xsi8>) -> tensor<1x1x1x1xsi8> window <kernel = [1, 1]>
// CHECK: Operation does not verify: a kernel lookup needs record

// -----

dsconv.kernel "conv2d" @k : (tensor<1x1x1x1xsi8>) -> tensor<1x1x1x1xsi8> window <kernel = [1, 1]> {requant = #dsconv.requant<multiplier = [1], shift = [0], half_even, clip = [-128, 127]>}
// CHECK: Operation does not verify: a kernel conv2d needs record

// -----

dsconv.kernel "add" @k : (tensor<1x1x1x1xsi8>, tensor<1x1x1x1xsi8>) -> tensor<1x1x1x1xsi8> window <kernel = [1, 1]> {requant = #dsconv.requant<multiplier = [1], shift = [0], half_even, clip = [-128, 127]>, zero_points = array<i64: 0, 0>}
// CHECK: Operation does not verify: a kernel add needs multipliers

// -----

dsconv.kernel "mul" @k : (tensor<1x1x1x1xsi8>, tensor<1x1x1x1xsi8>) -> tensor<1x1x1x1xsi8> window <kernel = [1, 1]> {requant = #dsconv.requant<multiplier = [1], shift = [0], half_even, clip = [-128, 127]>, zero_points = array<i64: 0, 0>, terms = []}
// CHECK: Operation does not verify: a kernel mul has no terms

// -----

dsconv.kernel "mul" @k : (tensor<1x1x1x1xsi8>, tensor<1x1x1x1xsi8>) -> tensor<1x1x1x1xsi8> window <kernel = [1, 1]> {requant = #dsconv.requant<multiplier = [1], shift = [0], half_even, clip = [-128, 127]>, zero_points = array<i64: 0>}
// CHECK: Operation does not verify: 1 zero_points for 2 inputs

// -----

dsconv.kernel "avg_pool" @k : (tensor<1x1x1x1xsi8>) -> tensor<1x1x1x1xsi8> window <kernel = [1, 1]> {zero_points = array<i64: 0>}
// CHECK: Operation does not verify: a kernel avg_pool has requant or narrow, one of them

// -----

dsconv.kernel "avg_pool" @k : (tensor<1x1x1x1xsi8>) -> tensor<1x1x1x1xsi8> window <kernel = [1, 1]> {requant = #dsconv.requant<multiplier = [1], shift = [0], half_even, clip = [-128, 127]>, narrow = #dsconv.narrow_requant<high = [3], addend = 8, shift = 4, clip = [-128, 127]>, zero_points = array<i64: 0>}
// CHECK: Operation does not verify: a kernel avg_pool has requant or narrow, one of them

// -----

dsconv.kernel "concat" @k : (tensor<1x1x1x1xsi8>, tensor<1x1x1x1xsi8>) -> tensor<1x1x1x1xsi8> window <kernel = [1, 1]> {requant = #dsconv.requant<multiplier = [1], shift = [0], half_even, clip = [-128, 127]>}
// CHECK: Operation does not verify: a kernel concat requantises nothing

// -----

dsconv.kernel "concat" @k : () -> tensor<1x1x1x1xsi8> window <kernel = [1, 1]>
// CHECK: Operation does not verify: wrong number of inputs for a kernel concat

// -----

dsconv.kernel "concat" @k : (tensor<1x1x1x1xsi8>) -> tensor<1x1x1x1xsi8> window <kernel = [1, 1]> {shuffled_groups = 2 : i64}
// CHECK: Operation does not verify: a kernel concat has no shuffled_groups

// -----

dsconv.kernel "depthwise" @k : (tensor<1x1x1x1xsi8>) -> tensor<1x1x1x1xsi8> window <kernel = [1, 1]> {requant = #dsconv.requant<multiplier = [1], shift = [0], half_even, clip = [-128, 127]>, record = #dsconv.record<1, bias>, counted_pads = array<i64: 0, 0, 0, 0>}
// CHECK: Operation does not verify: a kernel depthwise has no counted_pads

// -----

dsconv.kernel "pair_lookup" @k : (tensor<1x1x1x1xsi8>, tensor<1x1x1x1xsi8>) -> tensor<1x1x1x1xsi8> window <kernel = [1, 1]> {record = #dsconv.record<8192>}
// CHECK: Operation does not verify: a kernel pair_lookup needs shared_record
