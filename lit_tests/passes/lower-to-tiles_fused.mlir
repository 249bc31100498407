// RUN: xdsl-opt -p 'lower-to-tiles' %s | filecheck %s
// RUN: xdsl-opt -p 'lower-to-tiles,double-buffer,canonicalize,cse' %s | filecheck %s --check-prefix=DOUBLE

func.func @net(%x: tensor<1x4x6x6xsi8, #dsconv.layout<hwc>>) -> tensor<1x8x6x6xsi8, #dsconv.layout<hwc>> {
  %w = dsconv.constant dense<1> : tensor<8x4xsi8>
  %v = dsconv.constant dense<1> : tensor<8x1x3x3xsi8>
  %b = dsconv.constant dense<0> : tensor<8xi32>
  %0 = dsconv.fused "dw" along "rows" attributes {tile = #dsconv.tile<8, 2, 6, weights, buffers = 2>} {
    %1 = dsconv.pointwise "pw"(%x, %w, %b) requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x4x6x6xsi8, #dsconv.layout<hwc>>, tensor<8x4xsi8>, tensor<8xi32>) -> tensor<1x8x6x6xsi8, #dsconv.layout<chw>>
    %2 = dsconv.depthwise "dw"(%1, %v, %b) window <kernel = [3, 3], pads = [1, 1, 1, 1]> requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x8x6x6xsi8, #dsconv.layout<chw>>, tensor<8x1x3x3xsi8>, tensor<8xi32>) -> tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>
    dsconv.yield %2 : tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>
  } : tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>
  func.return %0 : tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>
}
// A step makes two rows; windows over the ring begin in row 2 or 0. One row is made before the first step.
// CHECK: dsconv.kernel "conv2d" @pw_kernel : (tensor<1x4x2x6xsi8, #dsconv.layout<hwc>>) -> tensor<1x8x2x6xsi8, #dsconv.layout<chw>>
// CHECK: dsconv.kernel "conv2d" @pw_kernel_2 : (tensor<1x4x1x6xsi8, #dsconv.layout<hwc>>) -> tensor<1x8x1x6xsi8, #dsconv.layout<chw>>
// CHECK: dsconv.kernel "depthwise" @dw_kernel : (tensor<1x8x4x6xsi8, #dsconv.layout<chw>>) -> tensor<1x8x2x6xsi8, #dsconv.layout<hwc>>
// CHECK: dsconv.layer "dw" "fused"
// CHECK: %[[RING:.*]] = dsconv.buffer "dw.v1" : memref<200xi8, #dsconv.space<l1>>
// CHECK: dsconv.fill %[[RING]] at 12 bytes 6 with 0 {lines = 8 : i64, line_stride = 24 : i64}
// CHECK: dsconv.run @pw_kernel_2
// CHECK: scf.for %step
// CHECK:   dsconv.run @pw_kernel(
// CHECK:   dsconv.barrier
// The row of padding below the map, in the last step.
// CHECK:   dsconv.fill %[[RING]] at {{[0-9]+}} bytes 6 with 0 when %
// CHECK:   dsconv.barrier
// CHECK:   dsconv.run @dw_kernel(

// DOUBLE: %{{.*}} = dsconv.buffer "dw.x" : memref<96xi8, #dsconv.space<l1>>
// DOUBLE: scf.for %tile
// DOUBLE: dsconv.dma_start
// DOUBLE: dsconv.run @pw_kernel(
