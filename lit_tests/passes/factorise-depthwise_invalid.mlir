// RUN: xdsl-opt -p 'factorise-depthwise{variant=full layers="dw"}' --verify-diagnostics %s | filecheck %s --check-prefix FULL
// RUN: xdsl-opt -p 'factorise-depthwise{layers="rows"}' --verify-diagnostics %s | filecheck %s --check-prefix ROWS
// RUN: xdsl-opt -p 'factorise-depthwise{layers="other"}' --verify-diagnostics %s | filecheck %s --check-prefix OTHER
// RUN: xdsl-opt -p 'factorise-depthwise{variant=full}' %s | filecheck %s --check-prefix UNNAMED

// A named layer that cannot become axial is an error; without names such layers stay.
// FULL: layer "dw" is read by "max", and only pointwise layers can read twice as many channels; take variant=half, or dsconv axial on the float network
// ROWS: layer "rows" has taps along one axis alone
// OTHER: no depthwise layer "other"; there are: dw, rows
// UNNAMED: dsconv.depthwise "rows"
// UNNAMED: dsconv.depthwise "dw"
func.func @net(%x: tensor<1x2x4x4xsi8>) -> tensor<1x2x2x2xsi8> {
  %w = dsconv.constant dense<1> : tensor<2x1x3x3xsi8>
  %v = dsconv.constant dense<1> : tensor<2x1x1x3xsi8>
  %b = dsconv.constant dense<0> : tensor<2xi32>
  %y = dsconv.depthwise "rows"(%x, %v, %b) window <kernel = [1, 3], pads = [0, 1, 0, 1]> requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>, tensor<2x1x1x3xsi8>, tensor<2xi32>) -> tensor<1x2x4x4xsi8>
  %z = dsconv.depthwise "dw"(%y, %w, %b) window <kernel = [3, 3], pads = [1, 1, 1, 1]> requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x2x4x4xsi8>, tensor<2x1x3x3xsi8>, tensor<2xi32>) -> tensor<1x2x4x4xsi8>
  %m = dsconv.max_pool "max"(%z) window <kernel = [2, 2], strides = [2, 2]> : (tensor<1x2x4x4xsi8>) -> tensor<1x2x2x2xsi8>
  func.return %m : tensor<1x2x2x2xsi8>
}
