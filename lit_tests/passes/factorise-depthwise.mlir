// RUN: xdsl-opt -p factorise-depthwise %s | filecheck %s
// RUN: xdsl-opt -p 'factorise-depthwise{variant=full}' %s | filecheck %s --check-prefix FULL
// RUN: xdsl-opt -p 'factorise-depthwise{layers="pw-dw"}' %s | filecheck %s --check-prefix OTHER
// RUN: dsconv-opt --verify-each -p 'factorise-depthwise,cse' %s | filecheck %s --check-prefix VERIFIED

// Three channels: two get the row filter, one the column filter. Taps are sums: 1 + 4 + 7 and so on.
// With SAME padding at stride 2 the middle of the first window is row 1: the row filter's part begins there.
// CHECK-LABEL: func.func @odd
// CHECK: [[ROWS:%[0-9]+]] = dsconv.slice "dw/rows/part"(%x) first [0, 1, 0] : (tensor<1x3x8x8xsi8>) -> tensor<1x2x7x8xsi8>
// CHECK-NEXT: [[W:%[0-9]+]] = dsconv.constant {{.*}} : tensor<2x1x1x3xsi8>
// CHECK-NEXT: [[B:%[0-9]+]] = dsconv.constant dense<[10, 20]> : tensor<2xi32>
// CHECK-NEXT: [[R:%[0-9]+]] = dsconv.depthwise "dw/rows"([[ROWS]], [[W]], [[B]]) window <kernel = [1, 3], strides = [2, 2], pads = [0, 0, 0, 1]> requant <multiplier = [3], shift = [4], half_even, clip = [-128, 127]>
// CHECK-NEXT: [[COLUMNS:%[0-9]+]] = dsconv.slice "dw/columns/part"(%x) first [2, 0, 1] : (tensor<1x3x8x8xsi8>) -> tensor<1x1x8x7xsi8>
// CHECK: [[C:%[0-9]+]] = dsconv.depthwise "dw/columns"([[COLUMNS]], {{.*}}) window <kernel = [3, 1], strides = [2, 2], pads = [0, 0, 1, 0]>
// CHECK-NEXT: dsconv.concat "dw"([[R]], [[C]]) : (tensor<1x2x4x4xsi8>, tensor<1x1x4x4xsi8>) -> tensor<1x3x4x4xsi8>
// OTHER-LABEL: func.func @odd
// OTHER: dsconv.depthwise "dw"(%x
// OTHER: dsconv.concat "pw-dw"
// VERIFIED: dsconv.concat "dw"
// What is no pointwise layer cannot read twice as many channels.
// FULL-LABEL: func.func @odd
// FULL: dsconv.depthwise "dw"(%x
func.func @odd(%x: tensor<1x3x8x8xsi8>) -> tensor<1x3x4x4xsi8> {
  %w = dsconv.constant dense<[[[[1, 2, 3], [4, 5, 6], [7, 8, 9]]], [[[0, 0, 0], [1, 1, 1], [0, 0, 0]]], [[[1, 1, 1], [2, 2, 2], [3, 3, 3]]]]> : tensor<3x1x3x3xsi8>
  %b = dsconv.constant dense<[10, 20, 30]> : tensor<3xi32>
  %y = dsconv.depthwise "dw"(%x, %w, %b) window <kernel = [3, 3], strides = [2, 2], pads = [0, 0, 1, 1]> requant <multiplier = [3], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x3x8x8xsi8>, tensor<3x1x3x3xsi8>, tensor<3xi32>) -> tensor<1x3x4x4xsi8>
  func.return %y : tensor<1x3x4x4xsi8>
}

// Taps of 300 are divided to fit int8, and the multiplier grows. Both filters read all channels without a slice;
// the pointwise layer has its weights twice, and a divisor twice as large.
// FULL-LABEL: func.func @full
// FULL: [[R:%[0-9]+]] = dsconv.depthwise "pw-dw/rows"(%x, {{.*}}) window <kernel = [1, 3], pads = [0, 1, 0, 1]> requant <multiplier = [236], shift = [12]
// FULL: [[C:%[0-9]+]] = dsconv.depthwise "pw-dw/columns"(%x, {{.*}}) window <kernel = [3, 1], pads = [1, 0, 1, 0]>
// FULL: [[BOTH:%[0-9]+]] = dsconv.concat "pw-dw"([[R]], [[C]]) : (tensor<1x2x4x4xsi8>, tensor<1x2x4x4xsi8>) -> tensor<1x4x4x4xsi8>
// FULL: dsconv.pointwise "pw"([[BOTH]], {{.*}}) requant <multiplier = [1], shift = [5], half_even
func.func @full(%x: tensor<1x2x4x4xsi8>) -> tensor<1x2x4x4xsi8> {
  %w = dsconv.constant dense<100> : tensor<2x1x3x3xsi8>
  %b = dsconv.constant dense<0> : tensor<2xi32>
  %p = dsconv.constant dense<1> : tensor<2x2xsi8>
  %y = dsconv.depthwise "pw-dw"(%x, %w, %b) window <kernel = [3, 3], pads = [1, 1, 1, 1]> requant <multiplier = [100], shift = [12], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>, tensor<2x1x3x3xsi8>, tensor<2xi32>) -> tensor<1x2x4x4xsi8>
  %z = dsconv.pointwise "pw"(%y, %p, %b) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>, tensor<2x2xsi8>, tensor<2xi32>) -> tensor<1x2x4x4xsi8>
  func.return %z : tensor<1x2x4x4xsi8>
}

// One row of taps is axial already, and one channel has no halves.
// CHECK-LABEL: func.func @stays
// CHECK: dsconv.depthwise "rows"(%x
// CHECK: dsconv.depthwise "one"(%o
func.func @stays(%x: tensor<1x2x4x4xsi8>, %o: tensor<1x1x4x4xsi8>) -> (tensor<1x2x4x2xsi8>, tensor<1x1x2x2xsi8>) {
  %w = dsconv.constant dense<1> : tensor<2x1x1x3xsi8>
  %v = dsconv.constant dense<1> : tensor<1x1x3x3xsi8>
  %b = dsconv.constant dense<0> : tensor<2xi32>
  %c = dsconv.constant dense<0> : tensor<1xi32>
  %y = dsconv.depthwise "rows"(%x, %w, %b) window <kernel = [1, 3]> requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>, tensor<2x1x1x3xsi8>, tensor<2xi32>) -> tensor<1x2x4x2xsi8>
  %z = dsconv.depthwise "one"(%o, %v, %c) window <kernel = [3, 3]> requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x1x4x4xsi8>, tensor<1x1x3x3xsi8>, tensor<1xi32>) -> tensor<1x1x2x2xsi8>
  func.return %y, %z : tensor<1x2x4x2xsi8>, tensor<1x1x2x2xsi8>
}
