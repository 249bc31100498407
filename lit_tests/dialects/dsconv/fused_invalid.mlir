// RUN: xdsl-opt %s --split-input-file --verify-diagnostics | filecheck %s

%x, %w, %b = "test.op"() : () -> (tensor<1x4x2x2xsi8>, tensor<4x4xsi8>, tensor<4xi32>)
%y = dsconv.fused "b" along "rows" {
  %1 = dsconv.pointwise "a"(%x, %w, %b) requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x4x2x2xsi8>, tensor<4x4xsi8>, tensor<4xi32>) -> tensor<1x4x2x2xsi8>
  dsconv.yield %1 : tensor<1x4x2x2xsi8>
} : tensor<1x4x2x2xsi8>
// CHECK: a fused layer holds two layers at least, then a dsconv.yield

// -----

%x, %w, %b = "test.op"() : () -> (tensor<1x4x2x2xsi8>, tensor<4x4xsi8>, tensor<4xi32>)
%y = dsconv.fused "b" along "rows" {
  %1 = dsconv.pointwise "a"(%x, %w, %b) requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x4x2x2xsi8>, tensor<4x4xsi8>, tensor<4xi32>) -> tensor<1x4x2x2xsi8>
  %2 = dsconv.pointwise "b"(%1, %w, %b) requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x4x2x2xsi8>, tensor<4x4xsi8>, tensor<4xi32>) -> tensor<1x4x2x2xsi8>
  dsconv.yield %1 : tensor<1x4x2x2xsi8>
} : tensor<1x4x2x2xsi8>
// CHECK: a fused layer yields its last layer's result, as it is

// -----

%x, %w, %b = "test.op"() : () -> (tensor<1x4x2x2xsi8>, tensor<4x4xsi8>, tensor<4xi32>)
%y = dsconv.fused "b" along "rows" {
  %1 = dsconv.pointwise "a"(%x, %w, %b) requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x4x2x2xsi8>, tensor<4x4xsi8>, tensor<4xi32>) -> tensor<1x4x2x2xsi8>
  %2 = dsconv.pointwise "b"(%x, %w, %b) requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x4x2x2xsi8>, tensor<4x4xsi8>, tensor<4xi32>) -> tensor<1x4x2x2xsi8>
  dsconv.yield %2 : tensor<1x4x2x2xsi8>
} : tensor<1x4x2x2xsi8>
// CHECK: in a chain, "a" is read by the next layer, "b", and else by additions of the chain alone

// -----

%x, %w, %b = "test.op"() : () -> (tensor<1x4x2x2xsi8>, tensor<4x4xsi8>, tensor<4xi32>)
%y = dsconv.fused "b" along "columns" {
  %1 = dsconv.pointwise "a"(%x, %w, %b) requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x4x2x2xsi8>, tensor<4x4xsi8>, tensor<4xi32>) -> tensor<1x4x2x2xsi8>
  %2 = dsconv.pointwise "b"(%1, %w, %b) requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x4x2x2xsi8>, tensor<4x4xsi8>, tensor<4xi32>) -> tensor<1x4x2x2xsi8>
  dsconv.yield %2 : tensor<1x4x2x2xsi8>
} : tensor<1x4x2x2xsi8>
// CHECK: a fused layer goes along rows or channels

// -----

%x, %w, %b = "test.op"() : () -> (tensor<1x4x2x2xsi8>, tensor<4x4xsi8>, tensor<4xi32>)
%y = dsconv.fused "b" along "rows" {
  %1 = dsconv.pointwise "a"(%x, %w, %b) requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x4x2x2xsi8>, tensor<4x4xsi8>, tensor<4xi32>) -> tensor<1x4x2x2xsi8>
  %z = "test.op"() : () -> i1
  %2 = dsconv.pointwise "b"(%1, %w, %b) requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x4x2x2xsi8>, tensor<4x4xsi8>, tensor<4xi32>) -> tensor<1x4x2x2xsi8>
  dsconv.yield %2 : tensor<1x4x2x2xsi8>
} : tensor<1x4x2x2xsi8>
// CHECK: a fused layer holds layers, and a dsconv.yield at their end
