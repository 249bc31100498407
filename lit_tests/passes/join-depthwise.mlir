// RUN: xdsl-opt -p join-depthwise %s | filecheck %s
// RUN: dsconv-opt --verify-each -p 'join-depthwise,cse' %s | filecheck %s --check-prefix VERIFIED

// Two channels with a row filter, one with a column filter. At stride 2 the row filter's part begins with row 1:
// its taps lie in the middle row of the window, those of the column filter in the middle column.
// CHECK-LABEL: func.func @axial
// CHECK: [[W:%[0-9a-z_]+]] = dsconv.constant dense<{{.*}}0, 0, 0], [1, 2, 3], [0, 0, 0]{{.*}}0, 0, 0], [4, 5, 6], [0, 0, 0]{{.*}}0, 7, 0], [0, 8, 0], [0, 9, 0]{{.*}}> : tensor<3x1x3x3xsi8>
// CHECK-NEXT: [[B:%[0-9a-z_]+]] = dsconv.constant dense<[10, 20, 30]> : tensor<3xi32>
// CHECK-NEXT: [[Y:%[0-9a-z_]+]] = dsconv.depthwise "dw"(%x, [[W]], [[B]]) window <kernel = [3, 3], strides = [2, 2], pads = [0, 0, 1, 1]> requant <multiplier = [3, 3, 5], shift = [4], half_even, clip = [-128, 127]> {input_zero_point = 7 : i32}
// CHECK-NEXT: func.return [[Y]]
// VERIFIED: dsconv.depthwise "dw"(%x
func.func @axial(%x: tensor<1x3x8x8xsi8>) -> tensor<1x3x4x4xsi8> {
  %w = dsconv.constant dense<[[[[1, 2, 3]]], [[[4, 5, 6]]]]> : tensor<2x1x1x3xsi8>
  %v = dsconv.constant dense<[[[[7], [8], [9]]]]> : tensor<1x1x3x1xsi8>
  %b = dsconv.constant dense<[10, 20]> : tensor<2xi32>
  %c = dsconv.constant dense<30> : tensor<1xi32>
  %r = dsconv.slice "rows/part"(%x) first [0, 1, 0] : (tensor<1x3x8x8xsi8>) -> tensor<1x2x7x8xsi8>
  %s = dsconv.slice "columns/part"(%x) first [2, 0, 1] : (tensor<1x3x8x8xsi8>) -> tensor<1x1x8x7xsi8>
  %y = dsconv.depthwise "rows"(%r, %w, %b) window <kernel = [1, 3], strides = [2, 2], pads = [0, 0, 0, 1]> requant <multiplier = [3], shift = [4], half_even, clip = [-128, 127]> {input_zero_point = 7 : i32} : (tensor<1x2x7x8xsi8>, tensor<2x1x1x3xsi8>, tensor<2xi32>) -> tensor<1x2x4x4xsi8>
  %z = dsconv.depthwise "columns"(%s, %v, %c) window <kernel = [3, 1], strides = [2, 2], pads = [0, 0, 1, 0]> requant <multiplier = [5], shift = [4], half_even, clip = [-128, 127]> {input_zero_point = 7 : i32} : (tensor<1x1x8x7xsi8>, tensor<1x1x3x1xsi8>, tensor<1xi32>) -> tensor<1x1x4x4xsi8>
  %d = dsconv.concat "dw"(%y, %z) : (tensor<1x2x4x4xsi8>, tensor<1x1x4x4xsi8>) -> tensor<1x3x4x4xsi8>
  func.return %d : tensor<1x3x4x4xsi8>
}

// Not joined: another requantisation, a branch that is read elsewhere, channels out of order, a window of 25
// taps, and a part that is padded where the rest of the map lies.
// CHECK-LABEL: func.func @stays
// CHECK: dsconv.concat "clips"
// CHECK: dsconv.concat "read"
// CHECK: dsconv.concat "order"
// CHECK: dsconv.concat "large"
// CHECK: dsconv.concat "padded"
func.func @stays(%x: tensor<1x2x4x4xsi8>) -> (tensor<1x2x4x4xsi8>, tensor<1x2x4x4xsi8>, tensor<1x1x4x4xsi8>, tensor<1x2x4x4xsi8>, tensor<1x2x4x4xsi8>, tensor<1x2x3x4xsi8>) {
  %w = dsconv.constant dense<1> : tensor<1x1x1x3xsi8>
  %v = dsconv.constant dense<1> : tensor<1x1x3x1xsi8>
  %w5 = dsconv.constant dense<1> : tensor<1x1x1x5xsi8>
  %v5 = dsconv.constant dense<1> : tensor<1x1x5x1xsi8>
  %b = dsconv.constant dense<0> : tensor<1xi32>
  %r = dsconv.slice "r"(%x) first [0, 0, 0] : (tensor<1x2x4x4xsi8>) -> tensor<1x1x4x4xsi8>
  %s = dsconv.slice "s"(%x) first [1, 0, 0] : (tensor<1x2x4x4xsi8>) -> tensor<1x1x4x4xsi8>
  %p = dsconv.slice "p"(%x) first [0, 1, 0] : (tensor<1x2x4x4xsi8>) -> tensor<1x1x3x4xsi8>
  %q = dsconv.slice "q"(%x) first [1, 1, 0] : (tensor<1x2x4x4xsi8>) -> tensor<1x1x3x4xsi8>

  %y0 = dsconv.depthwise "y0"(%r, %w, %b) window <kernel = [1, 3], pads = [0, 1, 0, 1]> requant <multiplier = [1], shift = [4], half_even, clip = [0, 127]> : (tensor<1x1x4x4xsi8>, tensor<1x1x1x3xsi8>, tensor<1xi32>) -> tensor<1x1x4x4xsi8>
  %z0 = dsconv.depthwise "z0"(%s, %v, %b) window <kernel = [3, 1], pads = [1, 0, 1, 0]> requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x1x4x4xsi8>, tensor<1x1x3x1xsi8>, tensor<1xi32>) -> tensor<1x1x4x4xsi8>
  %c0 = dsconv.concat "clips"(%y0, %z0) : (tensor<1x1x4x4xsi8>, tensor<1x1x4x4xsi8>) -> tensor<1x2x4x4xsi8>

  %y1 = dsconv.depthwise "y1"(%r, %w, %b) window <kernel = [1, 3], pads = [0, 1, 0, 1]> requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x1x4x4xsi8>, tensor<1x1x1x3xsi8>, tensor<1xi32>) -> tensor<1x1x4x4xsi8>
  %z1 = dsconv.depthwise "z1"(%s, %v, %b) window <kernel = [3, 1], pads = [1, 0, 1, 0]> requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x1x4x4xsi8>, tensor<1x1x3x1xsi8>, tensor<1xi32>) -> tensor<1x1x4x4xsi8>
  %c1 = dsconv.concat "read"(%y1, %z1) : (tensor<1x1x4x4xsi8>, tensor<1x1x4x4xsi8>) -> tensor<1x2x4x4xsi8>

  %y2 = dsconv.depthwise "y2"(%s, %w, %b) window <kernel = [1, 3], pads = [0, 1, 0, 1]> requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x1x4x4xsi8>, tensor<1x1x1x3xsi8>, tensor<1xi32>) -> tensor<1x1x4x4xsi8>
  %z2 = dsconv.depthwise "z2"(%r, %v, %b) window <kernel = [3, 1], pads = [1, 0, 1, 0]> requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x1x4x4xsi8>, tensor<1x1x3x1xsi8>, tensor<1xi32>) -> tensor<1x1x4x4xsi8>
  %c2 = dsconv.concat "order"(%y2, %z2) : (tensor<1x1x4x4xsi8>, tensor<1x1x4x4xsi8>) -> tensor<1x2x4x4xsi8>

  %y3 = dsconv.depthwise "y3"(%r, %w5, %b) window <kernel = [1, 5], pads = [0, 2, 0, 2]> requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x1x4x4xsi8>, tensor<1x1x1x5xsi8>, tensor<1xi32>) -> tensor<1x1x4x4xsi8>
  %z3 = dsconv.depthwise "z3"(%s, %v5, %b) window <kernel = [5, 1], pads = [2, 0, 2, 0]> requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x1x4x4xsi8>, tensor<1x1x5x1xsi8>, tensor<1xi32>) -> tensor<1x1x4x4xsi8>
  %c3 = dsconv.concat "large"(%y3, %z3) : (tensor<1x1x4x4xsi8>, tensor<1x1x4x4xsi8>) -> tensor<1x2x4x4xsi8>

  %y4 = dsconv.depthwise "y4"(%p, %v, %b) window <kernel = [3, 1], pads = [1, 0, 1, 0]> requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x1x3x4xsi8>, tensor<1x1x3x1xsi8>, tensor<1xi32>) -> tensor<1x1x3x4xsi8>
  %z4 = dsconv.depthwise "z4"(%q, %v, %b) window <kernel = [3, 1], pads = [1, 0, 1, 0]> requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x1x3x4xsi8>, tensor<1x1x3x1xsi8>, tensor<1xi32>) -> tensor<1x1x3x4xsi8>
  %c4 = dsconv.concat "padded"(%y4, %z4) : (tensor<1x1x3x4xsi8>, tensor<1x1x3x4xsi8>) -> tensor<1x2x3x4xsi8>
  func.return %c0, %c1, %y1, %c2, %c3, %c4 : tensor<1x2x4x4xsi8>, tensor<1x2x4x4xsi8>, tensor<1x1x4x4xsi8>, tensor<1x2x4x4xsi8>, tensor<1x2x4x4xsi8>, tensor<1x2x3x4xsi8>
}
