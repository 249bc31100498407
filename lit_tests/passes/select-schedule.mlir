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
// CHECK:      %{{.*}} = dsconv.fused "dw" along "rows" attributes {tile = #dsconv.tile<8, 6, 6, weights>} {
// CHECK-NEXT:   %{{.*}} = dsconv.pointwise "pw"
// CHECK-NEXT:   %{{.*}} = dsconv.depthwise "dw"

// SMALL-NOT: dsconv.fused
// SMALL: %{{.*}} = dsconv.pointwise "pw"{{.*}}tile = #dsconv.tile<8, 6, 6, weights>
// SMALL: %{{.*}} = dsconv.depthwise "dw"{{.*}}tile = #dsconv.tile<8, 6, 6, weights>

// Behind fuse-dsconv: a chain that has a step keeps it, one that has none gets its best.
// RUN: xdsl-opt -p 'fuse-dsconv{mode=pw-dw fd=2},select-schedule' %s | filecheck %s --check-prefix=ROWS
// RUN: xdsl-opt -p 'fuse-dsconv{mode=pw-dw axis=channels fd=3},select-schedule' %s | filecheck %s --check-prefix=CHANNELS
// RUN: xdsl-opt -p 'fuse-dsconv{mode=pw-dw},select-schedule' %s | filecheck %s
// ROWS: %{{.*}} = dsconv.fused "dw" along "rows" attributes {tile = #dsconv.tile<8, 2, 6, weights>} {
// CHANNELS: %{{.*}} = dsconv.fused "dw" along "channels" attributes {tile = #dsconv.tile<3, 6, 6, weights>} {
