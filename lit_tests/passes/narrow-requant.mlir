// RUN: xdsl-opt -p narrow-requant %s | filecheck %s
// RUN: xdsl-opt -p narrow-requant,narrow-requant %s | filecheck %s

// Sums are small: one multiplication is enough. Shifts differ by channel no more.
// CHECK-LABEL: func.func @one_product
func.func @one_product(%x: tensor<1x1x1x1xsi8>) -> tensor<1x2x1x1xsi8> {
  %w = dsconv.constant dense<[[1], [3]]> : tensor<2x1xsi8>
  %b = dsconv.constant dense<0> : tensor<2xi32>
  %y = dsconv.pointwise "pw"(%x, %w, %b) requant <multiplier = [11, 13], shift = [6, 5], floor, clip = [-128, 127]> : (tensor<1x1x1x1xsi8>, tensor<2x1xsi8>, tensor<2xi32>) -> tensor<1x2x1x1xsi8>
  func.return %y : tensor<1x2x1x1xsi8>
}
// CHECK: dsconv.pointwise "pw"
// CHECK-SAME: {narrow = #dsconv.narrow_requant<high = [11, 26], addend = 0, shift = 6, clip = [-128, 127]>}

// Multipliers of 24 bits over sums of 25 bits need two products, and the clip to the 18 bits of the
// sums that do not saturate.
// CHECK-LABEL: func.func @two_products
func.func @two_products(%x: tensor<1x1024x1x1xsi8>) -> tensor<1x2x1x1xsi8> {
  %w = dsconv.constant dense<127> : tensor<2x1024xsi8>
  %b = dsconv.constant dense<[5, -70]> : tensor<2xi32>
  %y = dsconv.pointwise "pw"(%x, %w, %b) requant <multiplier = [16295119, 16395003], shift = [33, 33], half_even, clip = [-128, 127]> : (tensor<1x1024x1x1xsi8>, tensor<2x1024xsi8>, tensor<2xi32>) -> tensor<1x2x1x1xsi8>
  func.return %y : tensor<1x2x1x1xsi8>
}
// CHECK: dsconv.pointwise "pw"
// CHECK-SAME: {narrow = #dsconv.narrow_requant<bits = 18, high = [15913, 16011], low = [6624, -8352], low_shift = 15, slack = 256, addend = 4194304, shift = 23, clip = [-128, 127]>}

// The same sums, of a layer whose outputs are 0 or 1: they reach 18 bits no more, so that nothing is
// clipped.
// CHECK-LABEL: func.func @behind_small_outputs
func.func @behind_small_outputs(%x: tensor<1x1024x1x1xsi8>) -> tensor<1x2x1x1xsi8> {
  %v = dsconv.constant dense<1> : tensor<1024x1x1x1xsi8>
  %c = dsconv.constant dense<128> : tensor<1024xi32>
  %w = dsconv.constant dense<127> : tensor<2x1024xsi8>
  %b = dsconv.constant dense<[5, -70]> : tensor<2xi32>
  %s = dsconv.depthwise "dw"(%x, %v, %c) window <kernel = [1, 1]> requant <multiplier = [1], shift = [7], floor, clip = [-128, 127]> : (tensor<1x1024x1x1xsi8>, tensor<1024x1x1x1xsi8>, tensor<1024xi32>) -> tensor<1x1024x1x1xsi8>
  %y = dsconv.pointwise "pw"(%s, %w, %b) requant <multiplier = [16295119, 16395003], shift = [33, 33], half_even, clip = [-128, 127]> : (tensor<1x1024x1x1xsi8>, tensor<2x1024xsi8>, tensor<2xi32>) -> tensor<1x2x1x1xsi8>
  func.return %y : tensor<1x2x1x1xsi8>
}
// CHECK: dsconv.pointwise "pw"
// CHECK-SAME: {narrow = #dsconv.narrow_requant<high = [15913, 16011], low =

// Two scales of float32 over sums of 22 bits that hardly saturate: a product of 64 bits.
// CHECK-LABEL: func.func @upper_word
func.func @upper_word(%x: tensor<1x128x1x1xsi8>) -> tensor<1x2x1x1xsi8> {
  %w = dsconv.constant dense<127> : tensor<2x128xsi8>
  %b = dsconv.constant dense<[5, -70]> : tensor<2xi32>
  %y = dsconv.pointwise "pw"(%x, %w, %b) requant <multiplier = [16295119, 16395003], shift = [38], half_even, zero_point = 3, clip = [-128, 127]> : (tensor<1x128x1x1xsi8>, tensor<2x128xsi8>, tensor<2xi32>) -> tensor<1x2x1x1xsi8>
  func.return %y : tensor<1x2x1x1xsi8>
}
// CHECK: dsconv.pointwise "pw"
// CHECK-SAME: {narrow = #dsconv.narrow_requant<high = [0, 0], low = [2085775232, 2098560384], low_shift = 32, addend = 28672, shift = 13, clip = [-128, 127]>}

// A channel of large bias and tiny scale needs binary places of its own.
// CHECK-LABEL: func.func @far_apart
func.func @far_apart(%x: tensor<1x64x1x1xui8>) -> tensor<1x2x1x1xui8> {
  %w = dsconv.constant dense<127> : tensor<2x64xsi8>
  %b = dsconv.constant dense<[5, 4070656]> : tensor<2xi32>
  %y = dsconv.pointwise "pw"(%x, %w, %b) requant <multiplier = [16295119, 16522011], shift = [28, 42], half_even, clip = [0, 255]> : (tensor<1x64x1x1xui8>, tensor<2x64xsi8>, tensor<2xi32>) -> tensor<1x2x1x1xui8>
  func.return %y : tensor<1x2x1x1xui8>
}
// CHECK: dsconv.pointwise "pw"
// CHECK-SAME: {narrow = #dsconv.narrow_requant<high = [0, 0], low = [2085775232, 2114817408], low_shift = 32, extra_shift = [0, 14], addend = 4, shift = 3, clip = [0, 255]>}

// NEMO's true division, and an addend of its own for each channel.
// CHECK-LABEL: func.func @true_division
func.func @true_division(%x: tensor<1x64x1x1xui8>) -> tensor<1x2x1x1xui8> {
  %w = dsconv.constant dense<127> : tensor<2x64xsi8>
  %b = dsconv.constant dense<[5, -70]> : tensor<2xi32>
  %y = dsconv.pointwise "pw"(%x, %w, %b) requant <multiplier = [90068, 71645], addend = [202998312, -26582215], divisor = [8388607], floor, clip = [0, 255]> : (tensor<1x64x1x1xui8>, tensor<2x64xsi8>, tensor<2xi32>) -> tensor<1x2x1x1xui8>
  func.return %y : tensor<1x2x1x1xui8>
}
// CHECK: dsconv.pointwise "pw"
// CHECK-SAME: {narrow = #dsconv.narrow_requant<bits = 16, high = [22517, 17911], low = [88, 8262], low_shift = 15, slack = 1024, addends = [50749584, -6645555], shift = 21, clip = [0, 255]>}

// One channel's scale is far above the other's.
// CHECK-LABEL: func.func @awkward
func.func @awkward(%x: tensor<1x64x1x1xui8>) -> tensor<1x2x1x1xui8> {
  %w = dsconv.constant dense<127> : tensor<2x64xsi8>
  %b = dsconv.constant dense<[5, -70]> : tensor<2xi32>
  %y = dsconv.pointwise "pw"(%x, %w, %b) requant <multiplier = [10066331, 16295119], shift = [24, 33], half_even, clip = [0, 255]> : (tensor<1x64x1x1xui8>, tensor<2x64xsi8>, tensor<2xi32>) -> tensor<1x2x1x1xui8>
  func.return %y : tensor<1x2x1x1xui8>
}
// CHECK: dsconv.pointwise "pw"
// CHECK-SAME: {narrow = #dsconv.narrow_requant<bits = 19, high = [4915, 7957], low = [3288, -6536], low_shift = 14, extra_shift = [13, 22], slack = 262144, addends = [4096, 2097145], shift = 0, clip = [0, 255]>}

// Channels of one function share high and low.
// CHECK-LABEL: func.func @shared
func.func @shared(%x: tensor<1x2x1x1xsi8>) -> tensor<1x2x1x1xsi8> {
  %w = dsconv.constant dense<[[1, 2], [3, -4]]> : tensor<2x2xsi8>
  %b = dsconv.constant dense<[0, 7]> : tensor<2xi32>
  %y = dsconv.linear "fc"(%x, %w, %b) requant <multiplier = [1], shift = [2], floor, zero_point = 3, clip = [-128, 127]> : (tensor<1x2x1x1xsi8>, tensor<2x2xsi8>, tensor<2xi32>) -> tensor<1x2x1x1xsi8>
  func.return %y : tensor<1x2x1x1xsi8>
}
// CHECK: dsconv.linear "fc"
// CHECK-SAME: {narrow = #dsconv.narrow_requant<high = [1], addend = 12, shift = 2, clip = [-128, 127]>}

// A sum that is right but for its addend and shift is not multiplied again.
// CHECK-LABEL: func.func @add
func.func @add(%x: tensor<1x1x1x1xsi8>) -> tensor<1x1x1x1xsi8> {
  %y = dsconv.add "add"(%x, %x) requant <multiplier = [1], shift = [22], half_even, clip = [-128, 127]> {multipliers = array<i32: 2003001, 3000017>, zero_points = array<i32: 1, -2>} : (tensor<1x1x1x1xsi8>, tensor<1x1x1x1xsi8>) -> tensor<1x1x1x1xsi8>
  func.return %y : tensor<1x1x1x1xsi8>
}
// CHECK: dsconv.add "add"
// CHECK-SAME: narrow = #dsconv.narrow_requant<high = [1], addend = 2097152, shift = 22, clip = [-128, 127]>

// Ties to even go up at 1.5 and down at 2.5: no straight line does.
// CHECK-LABEL: func.func @ties
func.func @ties(%x: tensor<1x1x2x2xui8>) -> tensor<1x1x1x1xui8> {
  %y = dsconv.avg_pool "pool"(%x) window <kernel = [2, 2]> requant <multiplier = [1], shift = [2], half_even, clip = [0, 255]> : (tensor<1x1x2x2xui8>) -> tensor<1x1x1x1xui8>
  func.return %y : tensor<1x1x1x1xui8>
}
// CHECK: dsconv.avg_pool "pool"(%x) window <kernel = [2, 2]> requant <multiplier = [1], shift = [2], half_even, clip = [0, 255]> : (

// Ties up are a straight line.
// CHECK-LABEL: func.func @ties_up
func.func @ties_up(%x: tensor<1x1x2x2xui8>) -> tensor<1x1x1x1xui8> {
  %y = dsconv.avg_pool "pool"(%x) window <kernel = [2, 2]> requant <multiplier = [1], shift = [2], half_up, clip = [0, 255]> : (tensor<1x1x2x2xui8>) -> tensor<1x1x1x1xui8>
  func.return %y : tensor<1x1x1x1xui8>
}
// CHECK: dsconv.avg_pool "pool"
// CHECK-SAME: narrow = #dsconv.narrow_requant<high = [1], addend = 2, shift = 2, clip = [0, 255]>

// A function that falls stays as it is.
// CHECK-LABEL: func.func @falling
func.func @falling(%x: tensor<1x1x1x1xsi8>) -> tensor<1x1x1x1xsi8> {
  %y = dsconv.rescale "scale"(%x) requant <multiplier = [-1], shift = [1], half_even, clip = [-128, 127]> : (tensor<1x1x1x1xsi8>) -> tensor<1x1x1x1xsi8>
  func.return %y : tensor<1x1x1x1xsi8>
}
// CHECK: dsconv.rescale "scale"(%x) requant <multiplier = [-1], shift = [1], half_even, clip = [-128, 127]> : (

// CHECK-LABEL: func.func @foreign
func.func @foreign(%a: i32) -> i32 {
  %s = arith.addi %a, %a : i32
  func.return %s : i32
}
// CHECK-NEXT: %s = arith.addi %a, %a : i32
// CHECK-NEXT: func.return %s : i32

// Accumulators are not requantised.
// CHECK-LABEL: func.func @accumulators
func.func @accumulators(%x: tensor<1x1x1x1xsi8>) -> tensor<1x2x1x1xi32> {
  %w = dsconv.constant dense<[[1], [3]]> : tensor<2x1xsi8>
  %b = dsconv.constant dense<0> : tensor<2xi32>
  %y = dsconv.linear "fc"(%x, %w, %b) requant <multiplier = [1], shift = [0], floor, clip = [-2147483648, 2147483647]> : (tensor<1x1x1x1xsi8>, tensor<2x1xsi8>, tensor<2xi32>) -> tensor<1x2x1x1xi32>
  func.return %y : tensor<1x2x1x1xi32>
}
// CHECK: dsconv.linear "fc"
// CHECK-NOT: narrow
