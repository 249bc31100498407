// RUN: xdsl-opt -p tile-l1 %s | filecheck %s
// RUN: xdsl-opt -p 'tile-l1{l1=56}' %s | filecheck %s --check-prefix=WHOLE
// RUN: xdsl-opt -p 'tile-l1{l1=47}' %s | filecheck %s --check-prefix=ROWS
// RUN: xdsl-opt -p 'tile-l1{l1=39}' %s | filecheck %s --check-prefix=COLUMNS
// RUN: xdsl-opt -p 'tile-l1{sizes=1,2,100}' %s | filecheck %s --check-prefix=SIZES

// Whole: 8x2x2 bytes of input, a record of 8 weights and a bias at a multiple of 8, 4 bytes of output
// at a multiple of 8: 32 + 16 + 8 = 56. A row takes 16 + 16 + 8 = 40, a pixel 8 + 16 + 8 = 32.
// CHECK-LABEL: func.func @pixels
// WHOLE-LABEL: func.func @pixels
// ROWS-LABEL: func.func @pixels
// COLUMNS-LABEL: func.func @pixels
// SIZES-LABEL: func.func @pixels
func.func @pixels(%x: tensor<1x8x2x2xsi8>) -> tensor<1x1x2x2xsi8> {
  %w = dsconv.constant dense<1> : tensor<1x8xsi8>
  %b = dsconv.constant dense<0> : tensor<1xi32>
  %y = dsconv.pointwise "pw"(%x, %w, %b) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x8x2x2xsi8>, tensor<1x8xsi8>, tensor<1xi32>) -> tensor<1x1x2x2xsi8>
  // CHECK: dsconv.pointwise "pw"(%x, %w, %b) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> {tile = #dsconv.tile<1, 2, 2, weights>} :
  // WHOLE: dsconv.pointwise {{.*}} {tile = #dsconv.tile<1, 2, 2, weights>}
  // ROWS: dsconv.pointwise {{.*}} {tile = #dsconv.tile<1, 1, 2, weights>}
  // COLUMNS: dsconv.pointwise {{.*}} {tile = #dsconv.tile<1, 1, 1, weights>}
  // SIZES: dsconv.pointwise {{.*}} {tile = #dsconv.tile<1, 2, 2, weights>}
  func.return %y : tensor<1x1x2x2xsi8>
}

// The same in channels: 8 + 4 * 12 + 8 = 64 as a whole, 8 + 24 + 8 = 40 for two of four outputs,
// 8 + 16 + 8 = 32 for one.
// CHECK-LABEL: func.func @channels
// ROWS-LABEL: func.func @channels
// COLUMNS-LABEL: func.func @channels
// SIZES-LABEL: func.func @channels
func.func @channels(%x: tensor<1x8x1x1xsi8>) -> tensor<1x4x1x1xsi8> {
  %w = dsconv.constant dense<1> : tensor<4x8xsi8>
  %b = dsconv.constant dense<0> : tensor<4xi32>
  %y = dsconv.linear "fc"(%x, %w, %b) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x8x1x1xsi8>, tensor<4x8xsi8>, tensor<4xi32>) -> tensor<1x4x1x1xsi8>
  // CHECK: dsconv.linear {{.*}} {tile = #dsconv.tile<4, 1, 1, {{weights|pixels}}>}
  // ROWS: dsconv.linear {{.*}} {tile = #dsconv.tile<2, 1, 1, {{weights|pixels}}>}
  // COLUMNS: dsconv.linear {{.*}} {tile = #dsconv.tile<1, 1, 1, {{weights|pixels}}>}
  // SIZES: dsconv.linear {{.*}} {tile = #dsconv.tile<1, 1, 1, weights>}
  func.return %y : tensor<1x4x1x1xsi8>
}

// A tile that is there stays, whether it fits or not.
// CHECK-LABEL: func.func @tiled
// COLUMNS-LABEL: func.func @tiled
// SIZES-LABEL: func.func @tiled
func.func @tiled(%x: tensor<1x4x4x4xsi8>) -> tensor<1x4x4x4xsi8> {
  %y = dsconv.rescale "scale"(%x) requant <multiplier = [1], shift = [1], half_even, clip = [-128, 127]> {tile = #dsconv.tile<2, 3, 4, pixels>} : (tensor<1x4x4x4xsi8>) -> tensor<1x4x4x4xsi8>
  // CHECK: dsconv.rescale {{.*}} {tile = #dsconv.tile<2, 3, 4, pixels>}
  // COLUMNS: dsconv.rescale {{.*}} {tile = #dsconv.tile<2, 3, 4, pixels>}
  // SIZES: dsconv.rescale {{.*}} {tile = #dsconv.tile<2, 3, 4, pixels>}
  func.return %y : tensor<1x4x4x4xsi8>
}

// CHECK-LABEL: func.func @foreign
func.func @foreign(%a: i32) -> i32 {
  %s = arith.addi %a, %a : i32
  func.return %s : i32
}
// CHECK-NEXT: %s = arith.addi %a, %a : i32
// CHECK-NEXT: func.return %s : i32
