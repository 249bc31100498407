// RUN: xdsl-opt -p lower-to-tiles %s | filecheck %s

// What differs by channel is high and low, which lie behind the bias: 4 weights, 4 and 2 + 2 bytes.
func.func @fields(%x: tensor<1x4x1x1xsi8, #dsconv.layout<hwc>>) -> tensor<1x2x1x1xsi8, #dsconv.layout<hwc>> {
  %w = dsconv.constant dense<[[1, 2, 3, 4], [5, 6, 7, 8]]> : tensor<2x4xsi8>
  %b = dsconv.constant dense<[9, 10]> : tensor<2xi32>
  %y = dsconv.pointwise "both"(%x, %w, %b) requant <multiplier = [1, 2], shift = [4], half_even, clip = [-128, 127]> {narrow = #dsconv.narrow_requant<bits = 18, high = [258, 3], low = [-1, 4], low_shift = 12, addend = 5, shift = 6, clip = [-128, 127]>, tile = #dsconv.tile<2, 1, 1, weights>} : (tensor<1x4x1x1xsi8, #dsconv.layout<hwc>>, tensor<2x4xsi8>, tensor<2xi32>) -> tensor<1x2x1x1xsi8, #dsconv.layout<hwc>>
  func.return %y : tensor<1x2x1x1xsi8, #dsconv.layout<hwc>>
}
// CHECK: initial_value = dense<[1, 2, 3, 4, 9, 0, 0, 0, 2, 1, -1, -1, 5, 6, 7, 8, 10, 0, 0, 0, 3, 0, 4, 0]> : tensor<24xi8>
// CHECK: dsconv.kernel "conv2d" @both_kernel
// CHECK-SAME: {narrow = #dsconv.narrow_requant<bits = 18, high = [0], low_shift = 12, addend = 5, shift = 6, clip = [-128, 127]>, record = #dsconv.record<4, bias, high, low>

// Without a low, records end with 2 bytes of padding.
func.func @high_alone(%x: tensor<1x4x1x1xsi8, #dsconv.layout<hwc>>) -> tensor<1x2x1x1xsi8, #dsconv.layout<hwc>> {
  %w = dsconv.constant dense<[[1, 2, 3, 4], [5, 6, 7, 8]]> : tensor<2x4xsi8>
  %b = dsconv.constant dense<[9, 10]> : tensor<2xi32>
  %y = dsconv.pointwise "high"(%x, %w, %b) requant <multiplier = [1, 2], shift = [4], half_even, clip = [-128, 127]> {narrow = #dsconv.narrow_requant<high = [258, 3], addend = 5, shift = 6, clip = [-128, 127]>, tile = #dsconv.tile<2, 1, 1, weights>} : (tensor<1x4x1x1xsi8, #dsconv.layout<hwc>>, tensor<2x4xsi8>, tensor<2xi32>) -> tensor<1x2x1x1xsi8, #dsconv.layout<hwc>>
  func.return %y : tensor<1x2x1x1xsi8, #dsconv.layout<hwc>>
}
// CHECK: initial_value = dense<[1, 2, 3, 4, 9, 0, 0, 0, 2, 1, 0, 0, 5, 6, 7, 8, 10, 0, 0, 0, 3, 0, 0, 0]> : tensor<24xi8>
// CHECK: dsconv.kernel "conv2d" @high_kernel
// CHECK-SAME: {narrow = #dsconv.narrow_requant<high = [0], addend = 5, shift = 6, clip = [-128, 127]>, record = #dsconv.record<4, bias, high>

// What all channels share is the kernel's.
func.func @shared(%x: tensor<1x4x1x1xsi8, #dsconv.layout<hwc>>) -> tensor<1x2x1x1xsi8, #dsconv.layout<hwc>> {
  %w = dsconv.constant dense<[[1, 2, 3, 4], [5, 6, 7, 8]]> : tensor<2x4xsi8>
  %b = dsconv.constant dense<[9, 10]> : tensor<2xi32>
  %y = dsconv.pointwise "shared"(%x, %w, %b) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> {narrow = #dsconv.narrow_requant<high = [258, 258], low = [-1, -1], low_shift = 12, addend = 5, shift = 6, clip = [-128, 127]>, tile = #dsconv.tile<2, 1, 1, weights>} : (tensor<1x4x1x1xsi8, #dsconv.layout<hwc>>, tensor<2x4xsi8>, tensor<2xi32>) -> tensor<1x2x1x1xsi8, #dsconv.layout<hwc>>
  func.return %y : tensor<1x2x1x1xsi8, #dsconv.layout<hwc>>
}
// CHECK: initial_value = dense<[1, 2, 3, 4, 9, 0, 0, 0, 5, 6, 7, 8, 10, 0, 0, 0]> : tensor<16xi8>
// CHECK: dsconv.kernel "conv2d" @shared_kernel
// CHECK-SAME: {narrow = #dsconv.narrow_requant<high = [258], low = [-1], low_shift = 12, addend = 5, shift = 6, clip = [-128, 127]>, record = #dsconv.record<4, bias>

// A low of 32 bits is the multiplier.
func.func @upper_word(%x: tensor<1x4x1x1xsi8, #dsconv.layout<hwc>>) -> tensor<1x2x1x1xsi8, #dsconv.layout<hwc>> {
  %w = dsconv.constant dense<[[1, 2, 3, 4], [5, 6, 7, 8]]> : tensor<2x4xsi8>
  %b = dsconv.constant dense<[9, 10]> : tensor<2xi32>
  %y = dsconv.pointwise "upper"(%x, %w, %b) requant <multiplier = [1, 2], shift = [4], half_even, clip = [-128, 127]> {narrow = #dsconv.narrow_requant<high = [0, 0], low = [65536, 131071], low_shift = 32, addend = 5, shift = 6, clip = [-128, 127]>, tile = #dsconv.tile<2, 1, 1, weights>} : (tensor<1x4x1x1xsi8, #dsconv.layout<hwc>>, tensor<2x4xsi8>, tensor<2xi32>) -> tensor<1x2x1x1xsi8, #dsconv.layout<hwc>>
  func.return %y : tensor<1x2x1x1xsi8, #dsconv.layout<hwc>>
}
// CHECK: initial_value = dense<[1, 2, 3, 4, 9, 0, 0, 0, 0, 0, 1, 0, 5, 6, 7, 8, 10, 0, 0, 0, -1, -1, 1, 0]> : tensor<24xi8>
// CHECK: dsconv.kernel "conv2d" @upper_kernel
// CHECK-SAME: {narrow = #dsconv.narrow_requant<high = [0], low_shift = 32, addend = 5, shift = 6, clip = [-128, 127]>, record = #dsconv.record<4, bias, multiplier>
