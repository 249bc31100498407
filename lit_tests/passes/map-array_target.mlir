// RUN: xdsl-opt -p map-array %s | filecheck %s
// RUN: xdsl-opt -p 'map-array{row_bus=false}' %s | filecheck %s --check-prefix PLAIN
// RUN: xdsl-opt -p 'map-array{rows=2 columns=2}' %s | filecheck %s --check-prefix SMALL

// The array is the module's; options say what is different.
builtin.module attributes {dsconv.target = #dsconv.systolic_array<rows = 64, columns = 64>} {
  func.func @axial(%x: tensor<1x4x16x16xsi8>, %b: tensor<4xi32>) -> tensor<1x4x16x16xsi8> {
    %c = dsconv.constant dense<1> : tensor<4x1x1x3xsi8>
    %y = dsconv.depthwise "dw"(%x, %c, %b) window <kernel = [1, 3], pads = [0, 1, 0, 1]> requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x4x16x16xsi8>, tensor<4x1x1x3xsi8>, tensor<4xi32>) -> tensor<1x4x16x16xsi8>
    func.return %y : tensor<1x4x16x16xsi8>
  }
}
// CHECK: mapping = #dsconv.mapping<row_bus, lines = rows, cycles = 19>
// PLAIN: mapping = #dsconv.mapping<banded, cycles = 196>
// SMALL: mapping = #dsconv.mapping<row_bus, lines = rows, cycles = 1280>
