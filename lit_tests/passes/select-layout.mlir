// RUN: xdsl-opt -p select-layout %s | filecheck %s

// A depthwise layer reads CHW, a pointwise layer HWC, whatever made the value.
// CHECK-LABEL: func.func @layers
func.func @layers(%x: tensor<1x2x4x4xsi8, #dsconv.layout<hwc>>, %w0: tensor<2x2xsi8>, %w1: tensor<2x1x3x3xsi8>, %b: tensor<2xi32>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>> {
  %0 = dsconv.pointwise "pw1"(%x, %w0, %b) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8, #dsconv.layout<hwc>>, tensor<2x2xsi8>, tensor<2xi32>) -> tensor<1x2x4x4xsi8>
  // CHECK: dsconv.pointwise "pw1"(%x, %w0, %b) {{.*}} : (tensor<1x2x4x4xsi8, #dsconv.layout<hwc>>, tensor<2x2xsi8>, tensor<2xi32>) -> tensor<1x2x4x4xsi8, #dsconv.layout<chw>>
  %1 = dsconv.depthwise "dw"(%0, %w1, %b) window <kernel = [3, 3]> requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>, tensor<2x1x3x3xsi8>, tensor<2xi32>) -> tensor<1x2x2x2xsi8>
  // CHECK-NEXT: dsconv.depthwise "dw"(%0, %w1, %b) {{.*}} : (tensor<1x2x4x4xsi8, #dsconv.layout<chw>>, tensor<2x1x3x3xsi8>, tensor<2xi32>) -> tensor<1x2x2x2xsi8, #dsconv.layout<hwc>>
  %2 = dsconv.pointwise "pw2"(%1, %w0, %b) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x2x2x2xsi8>, tensor<2x2xsi8>, tensor<2xi32>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
  // CHECK-NEXT: dsconv.pointwise "pw2"(%1, %w0, %b) {{.*}} : (tensor<1x2x2x2xsi8, #dsconv.layout<hwc>>, tensor<2x2xsi8>, tensor<2xi32>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
  func.return %2 : tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
  // CHECK-NEXT: func.return %2 : tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
}

// Pools slide over one channel, too.
// CHECK-LABEL: func.func @pools
func.func @pools(%x: tensor<1x2x4x4xsi8, #dsconv.layout<hwc>>) -> tensor<1x2x2x2xsi8, #dsconv.layout<hwc>> {
  %0 = dsconv.rescale "scale"(%x) requant <multiplier = [1], shift = [1], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8, #dsconv.layout<hwc>>) -> tensor<1x2x4x4xsi8>
  // CHECK: dsconv.rescale {{.*}} -> tensor<1x2x4x4xsi8, #dsconv.layout<chw>>
  %1 = dsconv.max_pool "max"(%0) window <kernel = [2, 2]> : (tensor<1x2x4x4xsi8>) -> tensor<1x2x3x3xsi8>
  // CHECK-NEXT: dsconv.max_pool {{.*}} -> tensor<1x2x3x3xsi8, #dsconv.layout<chw>>
  %2 = dsconv.avg_pool "avg"(%1) window <kernel = [2, 2]> requant <multiplier = [1], shift = [2], half_even, clip = [-128, 127]> : (tensor<1x2x3x3xsi8>) -> tensor<1x2x2x2xsi8, #dsconv.layout<hwc>>
  // CHECK-NEXT: dsconv.avg_pool {{.*}} -> tensor<1x2x2x2xsi8, #dsconv.layout<hwc>>
  func.return %2 : tensor<1x2x2x2xsi8, #dsconv.layout<hwc>>
}

// An addition passes on what its own consumer wants: both operands become CHW for the pool.
// CHECK-LABEL: func.func @through_additions
func.func @through_additions(%x: tensor<1x2x4x4xsi8, #dsconv.layout<hwc>>) -> tensor<1x2x3x3xsi8, #dsconv.layout<chw>> {
  %0 = dsconv.rescale "left"(%x) requant <multiplier = [1], shift = [1], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8, #dsconv.layout<hwc>>) -> tensor<1x2x4x4xsi8>
  // CHECK: dsconv.rescale "left"{{.*}} -> tensor<1x2x4x4xsi8, #dsconv.layout<chw>>
  %1 = dsconv.rescale "right"(%x) requant <multiplier = [1], shift = [1], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8, #dsconv.layout<hwc>>) -> tensor<1x2x4x4xsi8>
  // CHECK-NEXT: dsconv.rescale "right"{{.*}} -> tensor<1x2x4x4xsi8, #dsconv.layout<chw>>
  %2 = dsconv.add "res"(%0, %1) requant <multiplier = [1], shift = [1], half_even, clip = [-128, 127]> {multipliers = array<i32: 1, 1>, zero_points = array<i32: 0, 0>} : (tensor<1x2x4x4xsi8>, tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xsi8>
  // CHECK-NEXT: dsconv.add "res"{{.*}} -> tensor<1x2x4x4xsi8, #dsconv.layout<chw>>
  %3 = dsconv.max_pool "max"(%2) window <kernel = [2, 2]> : (tensor<1x2x4x4xsi8>) -> tensor<1x2x3x3xsi8, #dsconv.layout<chw>>
  func.return %3 : tensor<1x2x3x3xsi8, #dsconv.layout<chw>>
}

// One consumer that slides over a channel is enough.
// CHECK-LABEL: func.func @two_consumers
func.func @two_consumers(%x: tensor<1x2x2x2xsi8, #dsconv.layout<hwc>>, %w0: tensor<2x2xsi8>, %w1: tensor<2x8xsi8>, %b: tensor<2xi32>) -> (tensor<1x2x1x1xsi8, #dsconv.layout<hwc>>, tensor<1x2x1x1xsi8, #dsconv.layout<hwc>>) {
  %0 = dsconv.pointwise "pw"(%x, %w0, %b) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x2x2x2xsi8, #dsconv.layout<hwc>>, tensor<2x2xsi8>, tensor<2xi32>) -> tensor<1x2x2x2xsi8>
  // CHECK: dsconv.pointwise {{.*}} -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
  %1 = dsconv.linear "fc"(%0, %w1, %b) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x2x2x2xsi8>, tensor<2x8xsi8>, tensor<2xi32>) -> tensor<1x2x1x1xsi8, #dsconv.layout<hwc>>
  %2 = dsconv.max_pool "max"(%0) window <kernel = [2, 2]> : (tensor<1x2x2x2xsi8>) -> tensor<1x2x1x1xsi8, #dsconv.layout<hwc>>
  func.return %1, %2 : tensor<1x2x1x1xsi8, #dsconv.layout<hwc>>, tensor<1x2x1x1xsi8, #dsconv.layout<hwc>>
}

// A residual around a depthwise layer: what it reads and what is added to that are CHW.
// CHECK-LABEL: func.func @residual
func.func @residual(%x: tensor<1x2x4x4xsi8, #dsconv.layout<hwc>>, %w0: tensor<2x2xsi8>, %w1: tensor<2x1x1x1xsi8>, %b: tensor<2xi32>) -> tensor<1x2x4x4xsi8, #dsconv.layout<hwc>> {
  %0 = dsconv.pointwise "first"(%x, %w0, %b) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8, #dsconv.layout<hwc>>, tensor<2x2xsi8>, tensor<2xi32>) -> tensor<1x2x4x4xsi8>
  // CHECK: dsconv.pointwise "first"{{.*}} -> tensor<1x2x4x4xsi8, #dsconv.layout<chw>>
  %1 = dsconv.depthwise "dw"(%0, %w1, %b) window <kernel = [1, 1]> requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>, tensor<2x1x1x1xsi8>, tensor<2xi32>) -> tensor<1x2x4x4xsi8>
  // CHECK-NEXT: dsconv.depthwise "dw"{{.*}} -> tensor<1x2x4x4xsi8, #dsconv.layout<hwc>>
  %2 = dsconv.pointwise "project"(%1, %w0, %b) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>, tensor<2x2xsi8>, tensor<2xi32>) -> tensor<1x2x4x4xsi8>
  // CHECK-NEXT: dsconv.pointwise "project"{{.*}} -> tensor<1x2x4x4xsi8, #dsconv.layout<chw>>
  %3 = dsconv.add "res"(%2, %0) requant <multiplier = [1], shift = [1], half_even, clip = [-128, 127]> {multipliers = array<i32: 1, 1>, zero_points = array<i32: 0, 0>} : (tensor<1x2x4x4xsi8>, tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xsi8>
  // CHECK-NEXT: dsconv.add "res"{{.*}} -> tensor<1x2x4x4xsi8, #dsconv.layout<chw>>
  %4 = dsconv.pointwise "next"(%3, %w0, %b) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>, tensor<2x2xsi8>, tensor<2xi32>) -> tensor<1x2x4x4xsi8, #dsconv.layout<hwc>>
  func.return %4 : tensor<1x2x4x4xsi8, #dsconv.layout<hwc>>
}

// A layout that is there stays: here HWC before a pool.
// CHECK-LABEL: func.func @chosen
func.func @chosen(%x: tensor<1x2x4x4xsi8, #dsconv.layout<chw>>) -> tensor<1x2x3x3xsi8, #dsconv.layout<hwc>> {
  %0 = dsconv.rescale "scale"(%x) requant <multiplier = [1], shift = [1], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8, #dsconv.layout<chw>>) -> tensor<1x2x4x4xsi8, #dsconv.layout<hwc>>
  // CHECK: dsconv.rescale {{.*}} -> tensor<1x2x4x4xsi8, #dsconv.layout<hwc>>
  %1 = dsconv.max_pool "max"(%0) window <kernel = [2, 2]> : (tensor<1x2x4x4xsi8, #dsconv.layout<hwc>>) -> tensor<1x2x3x3xsi8, #dsconv.layout<hwc>>
  // CHECK-NEXT: dsconv.max_pool {{.*}} : (tensor<1x2x4x4xsi8, #dsconv.layout<hwc>>) -> tensor<1x2x3x3xsi8, #dsconv.layout<hwc>>
  func.return %1 : tensor<1x2x3x3xsi8, #dsconv.layout<hwc>>
}

// CHECK-LABEL: func.func @foreign
// CHECK-SAME: (%t: tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xsi8>
func.func @foreign(%t: tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xsi8> {
  %0 = "test.op"(%t) : (tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xsi8>
  func.return %0 : tensor<1x2x4x4xsi8>
}
// CHECK-NEXT: %0 = "test.op"(%t) : (tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xsi8>
// CHECK-NEXT: func.return %0 : tensor<1x2x4x4xsi8>

// The result of a function and what other operations read keep their type; so do arguments.
// CHECK-LABEL: func.func @not_ours
// CHECK-SAME: (%x: tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xsi8>
func.func @not_ours(%x: tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xsi8> {
  %0 = dsconv.rescale "read"(%x) requant <multiplier = [1], shift = [1], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xsi8>
  // CHECK-NEXT: dsconv.rescale "read"(%x) {{.*}} : (tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xsi8>
  "test.op"(%0) : (tensor<1x2x4x4xsi8>) -> ()
  // CHECK-NEXT: "test.op"(%0) : (tensor<1x2x4x4xsi8>) -> ()
  %1 = dsconv.rescale "ours"(%0) requant <multiplier = [1], shift = [1], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xsi8>
  // CHECK-NEXT: dsconv.rescale "ours"{{.*}} -> tensor<1x2x4x4xsi8, #dsconv.layout<hwc>>
  %2 = dsconv.rescale "returned"(%1) requant <multiplier = [1], shift = [1], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xsi8>
  // CHECK-NEXT: dsconv.rescale "returned"{{.*}} -> tensor<1x2x4x4xsi8>
  func.return %2 : tensor<1x2x4x4xsi8>
}
