// RUN: xdsl-opt -p fuse-dsconv %s | filecheck %s
// RUN: xdsl-opt -p 'fuse-dsconv{mode=pw-dw axis=channels fd=4}' %s | filecheck %s --check-prefix=CHANNELS
// RUN: xdsl-opt -p 'fuse-dsconv{mode=dw-pw fd=2}' %s | filecheck %s --check-prefix=PAIR
// RUN: xdsl-opt -p 'fuse-dsconv{remarks=true}' %s 2>&1 | filecheck %s --check-prefix=REMARK
// RUN: xdsl-opt -p 'fuse-dsconv{l1=500 remarks=true}' %s 2>&1 | filecheck %s --check-prefix=SMALL

func.func @net(%x: tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>) -> tensor<1x8x6x6xsi8, #dsconv.layout<hwc>> {
  %w8 = dsconv.constant dense<1> : tensor<8x8xsi8>
  %v = dsconv.constant dense<1> : tensor<8x1x3x3xsi8>
  %b = dsconv.constant dense<0> : tensor<8xi32>
  %0 = dsconv.pointwise "expand"(%x, %w8, %b) requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>, tensor<8x8xsi8>, tensor<8xi32>) -> tensor<1x8x6x6xsi8>
  %1 = dsconv.depthwise "dw"(%0, %v, %b) window <kernel = [3, 3], pads = [1, 1, 1, 1]> requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x8x6x6xsi8>, tensor<8x1x3x3xsi8>, tensor<8xi32>) -> tensor<1x8x6x6xsi8>
  %2 = dsconv.pointwise "project"(%1, %w8, %b) requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x8x6x6xsi8>, tensor<8x8xsi8>, tensor<8xi32>) -> tensor<1x8x6x6xsi8>
  %3 = dsconv.add "add"(%2, %x) requant <multiplier = [1], shift = [1], half_even, clip = [-128, 127]> {multipliers = array<i32: 1, 1>, zero_points = array<i32: 0, 0>} : (tensor<1x8x6x6xsi8>, tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>) -> tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>
  func.return %3 : tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>
}
// The whole block, its residual included.
// CHECK:      %{{.*}} = dsconv.fused "add" along "rows" {
// CHECK-NEXT:   %{{.*}} = dsconv.pointwise "expand"(%x
// CHECK-NEXT:   %{{.*}} = dsconv.depthwise "dw"
// CHECK-NEXT:   %{{.*}} = dsconv.pointwise "project"
// CHECK-NEXT:   %{{.*}} = dsconv.add "add"
// CHECK-NEXT:   dsconv.yield

// CHANNELS:      %{{.*}} = dsconv.fused "dw" along "channels" attributes {tile = #dsconv.tile<4, 6, 6, weights>} {
// CHANNELS-NEXT:   %{{.*}} = dsconv.pointwise "expand"
// CHANNELS-NEXT:   %{{.*}} = dsconv.depthwise "dw"
// CHANNELS-NEXT:   dsconv.yield

// PAIR:      %{{.*}} = dsconv.pointwise "expand"
// PAIR-NEXT: %{{.*}} = dsconv.fused "add" along "rows" attributes {tile = #dsconv.tile<8, 2, 6, weights>} {
// PAIR-NEXT:   %{{.*}} = dsconv.depthwise "dw"
// PAIR-NEXT:   %{{.*}} = dsconv.pointwise "project"
// PAIR-NEXT:   %{{.*}} = dsconv.add "add"

func.func @dilated(%x: tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>) -> tensor<1x8x6x6xsi8, #dsconv.layout<hwc>> {
  %w8 = dsconv.constant dense<1> : tensor<8x8xsi8>
  %v = dsconv.constant dense<1> : tensor<8x1x3x3xsi8>
  %b = dsconv.constant dense<0> : tensor<8xi32>
  %0 = dsconv.depthwise "dw"(%x, %v, %b) window <kernel = [3, 3], pads = [2, 2, 2, 2], dilations = [2, 2]> requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>, tensor<8x1x3x3xsi8>, tensor<8xi32>) -> tensor<1x8x6x6xsi8>
  %1 = dsconv.pointwise "pw"(%0, %w8, %b) requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x8x6x6xsi8>, tensor<8x8xsi8>, tensor<8xi32>) -> tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>
  func.return %1 : tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>
}
// REMARK: remark: "dw", "pw" not fused: "dw" has a dilated window
// CHECK: func.func @dilated
// CHECK-NOT: dsconv.fused
// SMALL: remark: "expand", "dw", "project", "add" not fused: it needs {{[0-9]+}} bytes of L1, 500 are there
