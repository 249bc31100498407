// RUN: dsconv-opt --verify-each -p 'narrow-requant,select-layout,tile-l1{l1=2000},lower-to-tiles,double-buffer,plan-memory,lower-kernels,canonicalize,cse' %s | filecheck %s
// RUN: echo 'func.func @f() { func.return }' | not dsconv-opt --verify-each -p cse 2>&1 | filecheck %s --check-prefix=NOTHING

// Run on a random input after every pass, the network gives the same from tensors to loops.
// CHECK-LABEL: func.func @net
// CHECK: dsconv.layer "pw"
func.func @net(%x: tensor<1x2x3x3xsi8, #dsconv.layout<hwc>>) -> tensor<1x2x3x3xsi8, #dsconv.layout<chw>> {
  %w = dsconv.constant dense<[[1, -2], [3, 4]]> : tensor<2x2xsi8>
  %b = dsconv.constant dense<[10, -20]> : tensor<2xi32>
  %0 = dsconv.pointwise "pw"(%x, %w, %b) requant <multiplier = [1], shift = [2], half_even, clip = [-128, 127]> : (tensor<1x2x3x3xsi8, #dsconv.layout<hwc>>, tensor<2x2xsi8>, tensor<2xi32>) -> tensor<1x2x3x3xsi8, #dsconv.layout<chw>>
  func.return %0 : tensor<1x2x3x3xsi8, #dsconv.layout<chw>>
}

// NOTHING: error: --verify-each: there is no function with layers to run
