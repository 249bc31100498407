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
// CHECK: Operation does not verify: a kernel max_pool reads no circular tile

// -----

dsconv.kernel "depthwise" @k : (tensor<1x2x6x5xsi8, #dsconv.layout<chw>>) -> tensor<1x2x2x5xsi8, #dsconv.layout<chw>> window <kernel = [3, 3], pads = [1, 1, 1, 1]> {circular}
// CHECK: Operation does not verify: a circular tile has its padding of rows in it

// -----

dsconv.kernel "depthwise" @k : (tensor<1x2x6x5xsi8, #dsconv.layout<chw>>) -> tensor<1x2x2x5xsi8, #dsconv.layout<chw>> window <kernel = [3, 3], pads = [0, 1, 0, 1]> {row_starts = array<i64: 0, 6>, circular}
// CHECK: Operation does not verify: windows begin in one of the 6 rows of a circular tile

// -----

dsconv.kernel "depthwise" @k : (tensor<1x2x6x5xsi8, #dsconv.layout<chw>>) -> tensor<1x2x5x5xsi8, #dsconv.layout<chw>> window <kernel = [3, 3], pads = [0, 1, 0, 1]> {circular}
// CHECK: Operation does not verify: windows over 7 rows do not fit a circular tile of 6
