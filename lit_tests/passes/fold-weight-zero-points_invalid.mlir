// RUN: xdsl-opt -p fold-weight-zero-points --verify-diagnostics %s | filecheck %s

func.func @net(%x: tensor<1x2x1x1xsi8>, %w: tensor<2x2xui8>, %b: tensor<2xi32>) -> tensor<1x2x1x1xsi8> {
  %y = dsconv.pointwise "pw"(%x, %w, %b) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x2x1x1xsi8>, tensor<2x2xui8>, tensor<2xi32>) -> tensor<1x2x1x1xsi8>
  func.return %y : tensor<1x2x1x1xsi8>
}
// CHECK: layer "pw" takes its weights from a dsconv.constant
