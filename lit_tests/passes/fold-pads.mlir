// RUN: xdsl-opt -p fold-pads %s | filecheck %s

// A real 0 around the map is the padding of a window.
// CHECK-LABEL: func.func @folds
func.func @folds(%x: tensor<1x2x4x4xsi8>, %w: tensor<2x1x3x3xsi8>, %b: tensor<2xi32>) -> (tensor<1x2x5x5xsi8>, tensor<1x2x3x3xsi8>) {
  %p = dsconv.pad "pad"(%x) pads [0, 0, 1, 1] value 3 : (tensor<1x2x4x4xsi8>) -> tensor<1x2x5x5xsi8>
  %y = dsconv.depthwise "dw"(%p, %w, %b) window <kernel = [3, 3], pads = [1, 1, 1, 1]> requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> {input_zero_point = 3 : i32} : (tensor<1x2x5x5xsi8>, tensor<2x1x3x3xsi8>, tensor<2xi32>) -> tensor<1x2x5x5xsi8>
  %a = dsconv.avg_pool "avg"(%p) window <kernel = [3, 3]> requant <multiplier = [1], divisor = [9], half_even, clip = [-128, 127]> {input_zero_point = 3 : i32} : (tensor<1x2x5x5xsi8>) -> tensor<1x2x3x3xsi8>
  func.return %y, %a : tensor<1x2x5x5xsi8>, tensor<1x2x3x3xsi8>
}
// CHECK-NOT: dsconv.pad
// CHECK: dsconv.depthwise "dw"(%x, %w, %b) window <kernel = [3, 3], pads = [1, 1, 2, 2]>
// CHECK: dsconv.avg_pool "avg"(%x) window <kernel = [3, 3], pads = [0, 0, 1, 1]>

// Other values stay, and what a max pool or another layer reads.
// CHECK-LABEL: func.func @stays
func.func @stays(%x: tensor<1x2x4x4xsi8>, %w: tensor<2x1x3x3xsi8>, %b: tensor<2xi32>) -> (tensor<1x2x3x3xsi8>, tensor<1x2x5x5xsi8>) {
  %p = dsconv.pad "pad"(%x) pads [0, 0, 1, 1] value 4 : (tensor<1x2x4x4xsi8>) -> tensor<1x2x5x5xsi8>
  %y = dsconv.depthwise "dw"(%p, %w, %b) window <kernel = [3, 3]> requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> {input_zero_point = 3 : i32} : (tensor<1x2x5x5xsi8>, tensor<2x1x3x3xsi8>, tensor<2xi32>) -> tensor<1x2x3x3xsi8>
  %m = dsconv.max_pool "max"(%p) window <kernel = [1, 1]> : (tensor<1x2x5x5xsi8>) -> tensor<1x2x5x5xsi8>
  func.return %y, %m : tensor<1x2x3x3xsi8>, tensor<1x2x5x5xsi8>
}
// CHECK: [[P:%[0-9a-z_]+]] = dsconv.pad
// CHECK: dsconv.depthwise "dw"([[P]],
// CHECK: dsconv.max_pool "max"([[P]])

// So does padding as large as the window.
// CHECK-LABEL: func.func @large
func.func @large(%x: tensor<1x2x4x4xsi8>, %w: tensor<2x1x3x3xsi8>, %b: tensor<2xi32>) -> tensor<1x2x5x2xsi8> {
  %p = dsconv.pad "pad"(%x) pads [3, 0, 0, 0] value 0 : (tensor<1x2x4x4xsi8>) -> tensor<1x2x7x4xsi8>
  %y = dsconv.depthwise "dw"(%p, %w, %b) window <kernel = [3, 3]> requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x2x7x4xsi8>, tensor<2x1x3x3xsi8>, tensor<2xi32>) -> tensor<1x2x5x2xsi8>
  func.return %y : tensor<1x2x5x2xsi8>
}
// CHECK: dsconv.pad
