// RUN: xdsl-opt -p 'fuse-dsconv{kernel=dw-pw-rows-hwc-chw-hwc remarks=true}' %s 2>&1 | filecheck %s
// RUN: xdsl-opt -p 'fuse-dsconv{kernel=block-rows-hwc-chw-hwc-hwc fd=2}' %s | filecheck %s --check-prefix=BLOCK
// RUN: xdsl-opt -p 'fuse-dsconv{kernel=pw-dw-channels-chw-chw-chw remarks=true}' %s 2>&1 | filecheck %s --check-prefix=INPUT
// RUN: xdsl-opt -p 'fuse-dsconv{kernel=dw-pw-rows-hwc-chw-hwc l2=500 remarks=true}' %s 2>&1 | filecheck %s --check-prefix=MAPS
// RUN: xdsl-opt -p 'fuse-dsconv{kernel=dw-pw-rows-hwc-chw-hwc l2=1500 remarks=true}' %s 2>&1 | filecheck %s --check-prefix=WEIGHTS
// RUN: xdsl-opt -p 'fuse-dsconv{kernel=block-channels-hwc-chw-hwc}' %s --verify-diagnostics | filecheck %s --check-prefix=NONE

func.func @net(%x: tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>) -> tensor<1x8x6x6xsi8, #dsconv.layout<hwc>> {
  %w = dsconv.constant dense<1> : tensor<8x8xsi8>
  %v = dsconv.constant dense<1> : tensor<8x1x3x3xsi8>
  %b = dsconv.constant dense<0> : tensor<8xi32>
  %0 = dsconv.pointwise "expand"(%x, %w, %b) requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>, tensor<8x8xsi8>, tensor<8xi32>) -> tensor<1x8x6x6xsi8>
  %1 = dsconv.depthwise "dw"(%0, %v, %b) window <kernel = [3, 3], pads = [1, 1, 1, 1]> requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x8x6x6xsi8>, tensor<8x1x3x3xsi8>, tensor<8xi32>) -> tensor<1x8x6x6xsi8>
  %2 = dsconv.pointwise "project"(%1, %w, %b) requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x8x6x6xsi8>, tensor<8x8xsi8>, tensor<8xi32>) -> tensor<1x8x6x6xsi8>
  %3 = dsconv.add "add"(%2, %x) requant <multiplier = [1], shift = [1], half_even, clip = [-128, 127]> {multipliers = array<i32: 1, 1>, zero_points = array<i32: 0, 0>} : (tensor<1x8x6x6xsi8>, tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>) -> tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>
  func.return %3 : tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>
}
// CHECK: remark: "dw", "project", "add" fused along rows
// CHECK: dsconv.pointwise "expand"{{.*}} -> tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>
// CHECK: dsconv.fused "add" along "rows" {
// CHECK: dsconv.depthwise "dw"{{.*}} -> tensor<1x8x6x6xsi8, #dsconv.layout<chw>>
// CHECK: dsconv.pointwise "project"{{.*}} -> tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>
// CHECK: dsconv.add "add"{{.*}} -> tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>

// BLOCK: dsconv.fused "add" along "rows" attributes {tile = #dsconv.tile<8, 2, 6, weights>} {
// BLOCK: dsconv.pointwise "expand"{{.*}} -> tensor<1x8x6x6xsi8, #dsconv.layout<chw>>
// BLOCK: dsconv.depthwise "dw"{{.*}} -> tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>
// BLOCK: dsconv.pointwise "project"{{.*}} -> tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>

// INPUT: remark: "expand", "dw" not fused: the input lies in hwc, not in chw
// INPUT-NOT: dsconv.fused

// Where the longest chain does not fit, a shorter one may.
// MAPS:      remark: "dw", "project", "add" not fused: its weights and a step of its maps need 1232 bytes of L2, 500 are there
// MAPS-NEXT: remark: "dw", "project" not fused: its weights and a step of its maps need 512 bytes of L2, 500 are there
// MAPS-NOT:  dsconv.fused

// NONE: there is no kernel "block-channels-hwc-chw-hwc"; there are dw-pw-rows-X-X-X, pw-dw-rows-X-X-X, pw-dw-channels-X-X-X, block-rows-X-X-X-X

func.func @heavy(%x: tensor<1x8x2x2xsi8, #dsconv.layout<hwc>>) -> tensor<1x32x2x2xsi8, #dsconv.layout<hwc>> {
  %w = dsconv.constant dense<1> : tensor<32x8xsi8>
  %v = dsconv.constant dense<1> : tensor<8x1x3x3xsi8>
  %b = dsconv.constant dense<0> : tensor<8xi32>
  %c = dsconv.constant dense<0> : tensor<32xi32>
  %0 = dsconv.depthwise "dw"(%x, %v, %b) window <kernel = [3, 3], pads = [1, 1, 1, 1]> requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x8x2x2xsi8, #dsconv.layout<hwc>>, tensor<8x1x3x3xsi8>, tensor<8xi32>) -> tensor<1x8x2x2xsi8>
  %1 = dsconv.pointwise "pw"(%0, %w, %c) requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x8x2x2xsi8>, tensor<32x8xsi8>, tensor<32xi32>) -> tensor<1x32x2x2xsi8, #dsconv.layout<hwc>>
  func.return %1 : tensor<1x32x2x2xsi8, #dsconv.layout<hwc>>
}
// WEIGHTS: remark: "dw", "pw" not fused: a layer has 384 bytes of weights, of which L2 takes 300 at a time
