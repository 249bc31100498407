// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%x, %w, %b = "test.op"() : () -> (tensor<1x2x2x3xui8>, tensor<5x12xsi8>, tensor<5xi32>)

%plain = dsconv.linear "fc1"(%x, %w, %b) requant <multiplier = [3], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x2x2x3xui8>, tensor<5x12xsi8>, tensor<5xi32>) -> tensor<1x5x1x1xsi8>
// CHECK: %plain = dsconv.linear "fc1"(%x, %w, %b) requant <multiplier = [3], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x2x2x3xui8>, tensor<5x12xsi8>, tensor<5xi32>) -> tensor<1x5x1x1xsi8>
// GENERIC: %plain = "dsconv.linear"(%x, %w, %b) <{layer = "fc1", requant = #dsconv.requant<multiplier = [3], shift = [4], half_even, clip = [-128, 127]>}> : (tensor<1x2x2x3xui8>, tensor<5x12xsi8>, tensor<5xi32>) -> tensor<1x5x1x1xsi8>

%shifted = dsconv.linear "fc2"(%x, %w, %b) requant <multiplier = [3], shift = [4, 5, 6, 7, 8], half_even, clip = [-128, 127]> {input_zero_point = 7 : i32, weight_zero_points = array<i32: 1, 2, 3, 4, 5>} : (tensor<1x2x2x3xui8>, tensor<5x12xsi8>, tensor<5xi32>) -> tensor<1x5x1x1xsi8>
// CHECK: %shifted = dsconv.linear "fc2"(%x, %w, %b) requant <multiplier = [3], shift = [4, 5, 6, 7, 8], half_even, clip = [-128, 127]> {input_zero_point = 7 : i32, weight_zero_points = array<i32: 1, 2, 3, 4, 5>} : (tensor<1x2x2x3xui8>, tensor<5x12xsi8>, tensor<5xi32>) -> tensor<1x5x1x1xsi8>
// GENERIC: %shifted = "dsconv.linear"(%x, %w, %b) <{layer = "fc2", requant = #dsconv.requant<multiplier = [3], shift = [4, 5, 6, 7, 8], half_even, clip = [-128, 127]>, input_zero_point = 7 : i32, weight_zero_points = array<i32: 1, 2, 3, 4, 5>}> : (tensor<1x2x2x3xui8>, tensor<5x12xsi8>, tensor<5xi32>) -> tensor<1x5x1x1xsi8>

// The end of a network that is not quantised: accumulators.
%sums = dsconv.linear "fc3"(%x, %w, %b) requant <multiplier = [1], shift = [0], floor, clip = [-2147483648, 2147483647]> : (tensor<1x2x2x3xui8>, tensor<5x12xsi8>, tensor<5xi32>) -> tensor<1x5x1x1xi32>
// CHECK: %sums = dsconv.linear "fc3"(%x, %w, %b) requant <multiplier = [1], shift = [0], floor, clip = [-2147483648, 2147483647]> : (tensor<1x2x2x3xui8>, tensor<5x12xsi8>, tensor<5xi32>) -> tensor<1x5x1x1xi32>
