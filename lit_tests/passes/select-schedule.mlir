// RUN: xdsl-opt -p select-schedule %s | filecheck %s
// RUN: xdsl-opt -p 'select-schedule{objective=transfers l1=900}' %s | filecheck %s --check-prefix=SMALL

func.func @net(%x: tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>) -> tensor<1x8x6x6xsi8, #dsconv.layout<hwc>> {
  %w = dsconv.constant dense<1> : tensor<8x8xsi8>
  %v = dsconv.constant dense<1> : tensor<8x1x3x3xsi8>
  %b = dsconv.constant dense<0> : tensor<8xi32>
  %0 = dsconv.pointwise "pw"(%x, %w, %b) requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>, tensor<8x8xsi8>, tensor<8xi32>) -> tensor<1x8x6x6xsi8, #dsconv.layout<chw>>
  %1 = dsconv.depthwise "dw"(%0, %v, %b) window <kernel = [3, 3], pads = [1, 1, 1, 1]> requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x8x6x6xsi8, #dsconv.layout<chw>>, tensor<8x1x3x3xsi8>, tensor<8xi32>) -> tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>
  func.return %1 : tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>
}
// Both layers fit L1 together: nothing goes through L2 between them, in one step.
// CHECK:      %{{.*}} = dsconv.fused "dw" along "rows" attributes {dsconv.resident_inputs = array<i64>, tile = #dsconv.tile<8, 6, 6, weights>} {
// CHECK-NEXT:   %{{.*}} = dsconv.pointwise "pw"
// CHECK-NEXT:   %{{.*}} = dsconv.depthwise "dw"

// SMALL-NOT: dsconv.fused
// SMALL: %{{.*}} = dsconv.pointwise "pw"{{.*}}tile = #dsconv.tile<8, 6, 6, weights>
// SMALL: %{{.*}} = dsconv.depthwise "dw"{{.*}}tile = #dsconv.tile<8, 6, 6, weights>

// Layouts that nobody has written are searched, too, inside a fused layer and outside; a pool of the
// whole map has assembly for CHW alone, the first layer keeps the layout that is written.
// RUN: xdsl-opt -p 'select-schedule{l1=2500}' %s | filecheck %s --check-prefix=LAYOUTS
// RUN: xdsl-opt -p 'fuse-dsconv{mode=dw-pw fd=2},select-schedule' %s | filecheck %s --check-prefix=FUSED
func.func @layouts(%x: tensor<1x8x12x12xsi8, #dsconv.layout<hwc>>) -> tensor<1x8x1x1xsi8, #dsconv.layout<hwc>> {
  %w = dsconv.constant dense<1> : tensor<8x8xsi8>
  %v = dsconv.constant dense<1> : tensor<8x1x3x3xsi8>
  %b = dsconv.constant dense<0> : tensor<8xi32>
  %0 = dsconv.pointwise "first"(%x, %w, %b) requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x8x12x12xsi8, #dsconv.layout<hwc>>, tensor<8x8xsi8>, tensor<8xi32>) -> tensor<1x8x12x12xsi8, #dsconv.layout<chw>>
  %1 = dsconv.pointwise "second"(%0, %w, %b) requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x8x12x12xsi8, #dsconv.layout<chw>>, tensor<8x8xsi8>, tensor<8xi32>) -> tensor<1x8x12x12xsi8>
  %2 = dsconv.depthwise "slide"(%1, %v, %b) window <kernel = [3, 3], pads = [1, 1, 1, 1]> requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x8x12x12xsi8>, tensor<8x1x3x3xsi8>, tensor<8xi32>) -> tensor<1x8x12x12xsi8>
  %3 = dsconv.pointwise "third"(%2, %w, %b) requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x8x12x12xsi8>, tensor<8x8xsi8>, tensor<8xi32>) -> tensor<1x8x12x12xsi8>
  %4 = dsconv.avg_pool "pool"(%3) window <kernel = [12, 12]> requant <multiplier = [1], shift = [12], half_even, clip = [-128, 127]> : (tensor<1x8x12x12xsi8>) -> tensor<1x8x1x1xsi8, #dsconv.layout<hwc>>
  func.return %4 : tensor<1x8x1x1xsi8, #dsconv.layout<hwc>>
}
// LAYOUTS-LABEL: func.func @layouts
// LAYOUTS: dsconv.pointwise "second"{{.*}} -> tensor<1x8x12x12xsi8, #dsconv.layout<chw>>
// LAYOUTS: dsconv.depthwise "slide"{{.*}} -> tensor<1x8x12x12xsi8, #dsconv.layout<hwc>>
// LAYOUTS: dsconv.pointwise "third"{{.*}} -> tensor<1x8x12x12xsi8, #dsconv.layout<chw>>
// FUSED-LABEL: func.func @layouts
// FUSED: %{{.*}} = dsconv.fused "third" along "rows" attributes {dsconv.resident_inputs = array<i64>, tile = #dsconv.tile<8, 2, 12, weights>} {
// FUSED-NEXT: dsconv.depthwise "slide"{{.*}} -> tensor<1x8x12x12xsi8, #dsconv.layout<hwc>>
// FUSED-NEXT: dsconv.pointwise "third"{{.*}} -> tensor<1x8x12x12xsi8, #dsconv.layout<chw>>
// FUSED-NEXT: dsconv.yield %{{.*}} : tensor<1x8x12x12xsi8, #dsconv.layout<chw>>
// FUSED-NEXT: } : tensor<1x8x12x12xsi8, #dsconv.layout<chw>>

// Maxima have assembly for HWC, although a pool slides over a channel.
func.func @maxima(%x: tensor<1x8x12x12xsi8, #dsconv.layout<chw>>) -> tensor<1x8x6x6xsi8, #dsconv.layout<hwc>> {
  %w = dsconv.constant dense<1> : tensor<8x8xsi8>
  %b = dsconv.constant dense<0> : tensor<8xi32>
  %0 = dsconv.pointwise "pw"(%x, %w, %b) requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x8x12x12xsi8, #dsconv.layout<chw>>, tensor<8x8xsi8>, tensor<8xi32>) -> tensor<1x8x12x12xsi8>
  %1 = dsconv.max_pool "max"(%0) window <kernel = [2, 2], strides = [2, 2]> : (tensor<1x8x12x12xsi8>) -> tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>
  func.return %1 : tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>
}
// LAYOUTS-LABEL: func.func @maxima
// LAYOUTS: dsconv.pointwise "pw"{{.*}} -> tensor<1x8x12x12xsi8, #dsconv.layout<hwc>>

// Behind fuse-dsconv: a chain that has a step keeps it, one that has none gets its best.
// RUN: xdsl-opt -p 'fuse-dsconv{mode=pw-dw fd=2},select-schedule' %s | filecheck %s --check-prefix=ROWS
// RUN: xdsl-opt -p 'fuse-dsconv{mode=pw-dw axis=channels fd=3},select-schedule' %s | filecheck %s --check-prefix=CHANNELS
// RUN: xdsl-opt -p 'fuse-dsconv{mode=pw-dw},select-schedule' %s | filecheck %s
// ROWS: %{{.*}} = dsconv.fused "dw" along "rows" attributes {dsconv.resident_inputs = array<i64>, tile = #dsconv.tile<8, 2, 6, weights>} {
// CHANNELS: %{{.*}} = dsconv.fused "dw" along "channels" attributes {dsconv.resident_inputs = array<i64>, tile = #dsconv.tile<3, 6, 6, weights>} {
