// RUN: xdsl-opt -p 'tile-l1{l1=23}' --verify-diagnostics %s | filecheck %s
// RUN: xdsl-opt -p 'tile-l1{l1=23 sizes=4,2,4}' --verify-diagnostics %s | filecheck %s --check-prefix=SIZES
// RUN: xdsl-opt -p 'tile-l1{sizes=4,2}' --verify-diagnostics %s | filecheck %s --check-prefix=TWO
// RUN: xdsl-opt -p 'tile-l1{sizes=4,0,2}' --verify-diagnostics %s | filecheck %s --check-prefix=ZERO
// RUN: xdsl-opt -p 'tile-l1{l1=24}' --verify-diagnostics %s | filecheck %s --check-prefix=FITS

// One output takes 4 bytes of input, a record of 8 and 1 byte, each at a multiple of 8; so do two.
func.func @net(%x: tensor<1x4x4x4xsi8>) -> tensor<1x4x4x4xsi8> {
  %w = dsconv.constant dense<1> : tensor<4x4xsi8>
  %b = dsconv.constant dense<0> : tensor<4xi32>
  %y = dsconv.pointwise "pw"(%x, %w, %b) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x4x4x4xsi8>, tensor<4x4xsi8>, tensor<4xi32>) -> tensor<1x4x4x4xsi8>
  func.return %y : tensor<1x4x4x4xsi8>
}
// CHECK: layer "pw" (pointwise) does not fit L1: it needs 24 bytes, 23 are there; give at least 24 bytes of L1 for tiles
// SIZES: layer "pw" (pointwise) does not fit L1: it needs 96 bytes, 23 are there; give at least 96 bytes of L1 for tiles
// TWO: pw: tile-l1 takes sizes=channels,rows,columns, each at least 1, not 4,2
// ZERO: pw: tile-l1 takes sizes=channels,rows,columns, each at least 1, not 4,0,2
// FITS: tile = #dsconv.tile<1, 1, {{1|2}}, {{weights|pixels|scan|scan_pixels}}>
