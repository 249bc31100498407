// RUN: xdsl-opt -p fold-weight-zero-points %s | filecheck %s
// RUN: xdsl-opt -p fold-weight-zero-points,fold-weight-zero-points %s | filecheck %s

// 128 off every ui8 weight leaves si8 weights without zero points.
// CHECK-LABEL: func.func @unsigned
func.func @unsigned(%x: tensor<1x2x1x1xsi8>, %b: tensor<2xi32>) -> tensor<1x2x1x1xsi8> {
  %w = dsconv.constant dense<[[128, 255], [0, 130]]> : tensor<2x2xui8>
  %y = dsconv.pointwise "pw"(%x, %w, %b) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> {input_zero_point = 3 : i32, weight_zero_points = array<i32: 128>} : (tensor<1x2x1x1xsi8>, tensor<2x2xui8>, tensor<2xi32>) -> tensor<1x2x1x1xsi8>
  func.return %y : tensor<1x2x1x1xsi8>
}
// CHECK: [[W:%[0-9]+]] = dsconv.constant dense<{{\[\[}}0, 127], [-128, 2]]> : tensor<2x2xsi8>
// CHECK-NEXT: dsconv.pointwise "pw"(%x, [[W]], %b) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> {input_zero_point = 3 : i32} : (tensor<1x2x1x1xsi8>, tensor<2x2xsi8>, tensor<2xi32>) -> tensor<1x2x1x1xsi8>

// Channel 0 fits: 128 - 128, 255 - 128. In channel 1, 255 - 10 does not: both move down by 128.
// CHECK-LABEL: func.func @one_channel_fits
func.func @one_channel_fits(%x: tensor<1x2x1x1xsi8>, %b: tensor<2xi32>) -> tensor<1x2x1x1xsi8> {
  %w = dsconv.constant dense<[[128, 255], [0, 255]]> : tensor<2x2xui8>
  %y = dsconv.pointwise "pw"(%x, %w, %b) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> {weight_zero_points = array<i32: 128, 10>} : (tensor<1x2x1x1xsi8>, tensor<2x2xui8>, tensor<2xi32>) -> tensor<1x2x1x1xsi8>
  func.return %y : tensor<1x2x1x1xsi8>
}
// CHECK: [[W:%[0-9]+]] = dsconv.constant dense<{{\[\[}}0, 127], [-128, 127]]> : tensor<2x2xsi8>
// CHECK-NEXT: dsconv.pointwise "pw"(%x, [[W]], %b)
// CHECK-SAME: {weight_zero_points = array<i32: 0, -118>}

// Weights with a window: the zero point of a channel is taken off all its taps.
// CHECK-LABEL: func.func @signed
func.func @signed(%x: tensor<1x2x1x2xsi8>, %b: tensor<2xi32>) -> tensor<1x2x1x1xsi8> {
  %w = dsconv.constant dense<[[[[1, 2]]], [[[3, -4]]]]> : tensor<2x1x1x2xsi8>
  %y = dsconv.depthwise "dw"(%x, %w, %b) window <kernel = [1, 2]> requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> {weight_zero_points = array<i32: 1, -10>} : (tensor<1x2x1x2xsi8>, tensor<2x1x1x2xsi8>, tensor<2xi32>) -> tensor<1x2x1x1xsi8>
  func.return %y : tensor<1x2x1x1xsi8>
}
// CHECK: [[W:%[0-9]+]] = dsconv.constant dense<{{\[\[\[\[}}0, 1]]], {{\[\[\[}}13, 6]]]]> : tensor<2x1x1x2xsi8>
// CHECK-NEXT: dsconv.depthwise "dw"(%x, [[W]], %b) window <kernel = [1, 2]> requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> :

// Nothing to fold: no zero points.
// CHECK-LABEL: func.func @without_zero_points
func.func @without_zero_points(%x: tensor<1x2x1x1xsi8>, %b: tensor<2xi32>) -> tensor<1x2x1x1xsi8> {
  %w = dsconv.constant dense<[[1, 2], [3, 4]]> : tensor<2x2xsi8>
  %y = dsconv.linear "fc"(%x, %w, %b) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x2x1x1xsi8>, tensor<2x2xsi8>, tensor<2xi32>) -> tensor<1x2x1x1xsi8>
  func.return %y : tensor<1x2x1x1xsi8>
}
// CHECK-NEXT: %w = dsconv.constant dense<{{\[\[}}1, 2], [3, 4]]> : tensor<2x2xsi8>
// CHECK-NEXT: %y = dsconv.linear "fc"(%x, %w, %b) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> :

// Nothing that fits: 127 + 5 and -128 - 5 leave si8.
// CHECK-LABEL: func.func @no_channel_fits
func.func @no_channel_fits(%x: tensor<1x2x1x1xsi8>, %b: tensor<2xi32>) -> tensor<1x2x1x1xsi8> {
  %w = dsconv.constant dense<[[0, 127], [-128, 0]]> : tensor<2x2xsi8>
  %y = dsconv.pointwise "pw"(%x, %w, %b) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> {weight_zero_points = array<i32: -5, 5>} : (tensor<1x2x1x1xsi8>, tensor<2x2xsi8>, tensor<2xi32>) -> tensor<1x2x1x1xsi8>
  func.return %y : tensor<1x2x1x1xsi8>
}
// CHECK-NEXT: %w = dsconv.constant dense<{{\[\[}}0, 127], [-128, 0]]> : tensor<2x2xsi8>
// CHECK-NEXT: %y = dsconv.pointwise "pw"(%x, %w, %b)
// CHECK-SAME: {weight_zero_points = array<i32: -5, 5>}

// CHECK-LABEL: func.func @foreign
func.func @foreign(%a: i32) -> i32 {
  %s = arith.addi %a, %a : i32
  func.return %s : i32
}
// CHECK-NEXT: %s = arith.addi %a, %a : i32
// CHECK-NEXT: func.return %s : i32
