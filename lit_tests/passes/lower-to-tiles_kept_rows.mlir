// RUN: xdsl-opt -p 'order-tiles{order=scan},lower-to-tiles,canonicalize,cse' %s | filecheck %s
// RUN: xdsl-opt -p 'order-tiles{order=scan},lower-to-tiles,double-buffer,canonicalize,cse' %s | filecheck %s --check-prefix DOUBLE
// RUN: xdsl-opt -p 'order-tiles{order=weights},lower-to-tiles,canonicalize,cse' %s | filecheck %s --check-prefix PLAIN

// A map of twelve rows of four bytes in each of two channels, in three strips of four rows. A tile has six rows,
// 24 bytes a plane. Two of them are those that the strip before read last.
func.func @strips(%x: tensor<1x2x12x4xui8, #dsconv.layout<chw>>) -> tensor<1x2x12x4xui8, #dsconv.layout<chw>> {
  %w = dsconv.constant dense<1> : tensor<2x1x3x3xsi8>
  %b = dsconv.constant dense<0> : tensor<2xi32>
  %y = dsconv.depthwise "dw"(%x, %w, %b) window <kernel = [3, 3], pads = [1, 1, 1, 1]> requant <multiplier = [1], shift = [4], half_even, clip = [0, 255]> {tile = #dsconv.tile<2, 4, 4, weights, buffers = 2>} : (tensor<1x2x12x4xui8, #dsconv.layout<chw>>, tensor<2x1x3x3xsi8>, tensor<2xi32>) -> tensor<1x2x12x4xui8, #dsconv.layout<chw>>
  func.return %y : tensor<1x2x12x4xui8, #dsconv.layout<chw>>
}
// The first strip loads five rows, the next four, the last three: twelve in all. Rows 3 and 4 of the first tile are
// what the second begins with; later the rows of a tile lie one lower, and in the last tile one row is below the map.
// CHECK: func.func @strips(
// CHECK: scf.for %tile =
// CHECK: %oy = arith.muli %tile, %[[FOUR:.*]] : index
// CHECK: %[[BEFORE:.*]] = dsconv.slot %[[X:.*]][%{{.*}}]
// CHECK-NEXT: %[[TILE:.*]] = dsconv.slot %[[X]][%tile]
// CHECK-NEXT: %[[SECOND:.*]] = arith.cmpi eq, %oy, %[[FOUR]] : index
// CHECK-NEXT: %[[FROM:.*]] = arith.select %[[SECOND]], %[[THREE:.*]], %[[FOUR]] : index
// CHECK-NEXT: %[[LAST:.*]] = arith.cmpi eq, %oy, %{{.*}} : index
// CHECK-NEXT: %[[TO:.*]] = arith.select %[[LAST]], %[[ONE:.*]], %[[ZERO:.*]] : index
// CHECK-NEXT: %[[FROM_BYTE:.*]] = arith.muli %[[FROM]], %[[FOUR]] : index
// CHECK-NEXT: %[[TO_BYTE:.*]] = arith.muli %[[TO]], %[[FOUR]] : index
// CHECK-NEXT: %[[LATER:.*]] = arith.cmpi ne, %oy, %[[ZERO]] : index
// CHECK-NEXT: dsconv.move %[[BEFORE]][%[[FROM_BYTE]]] to %[[TILE]][%[[TO_BYTE]]] bytes 8 when %[[LATER]] {lines = 2 : i64, line_stride = 24 : i64}
// CHECK-NEXT: dsconv.barrier
// CHECK: dsconv.dma_start %{{.*}} to %[[TILE]][%[[ZERO]]] box <2 by 48 to 24, 1 by 0, 20> when
// CHECK: dsconv.dma_start %{{.*}} to %[[TILE]][%{{.*}}] box <2 by 48 to 24, 1 by 0, 12> when %[[LAST]]
// CHECK: dsconv.dma_start %{{.*}} to %[[TILE]][%{{.*}}] box <2 by 48 to 24, 1 by 0, 16> when

// With two buffers the rows are moved while the tile is computed that they were loaded for.
// DOUBLE: scf.for %tile =
// DOUBLE: dsconv.barrier
// DOUBLE: dsconv.move
// DOUBLE-NOT: dsconv.barrier
// DOUBLE: dsconv.run @dw_kernel
// DOUBLE: dsconv.barrier

// In another order each strip loads all its rows.
// PLAIN-NOT: dsconv.move
// PLAIN: dsconv.dma_start %{{.*}} box <2 by 48, 24>

// Nor do rows stay where the last strip is moved back into the map, here by two rows, or where columns are cut.
func.func @moved_back(%x: tensor<1x1x10x4xui8, #dsconv.layout<chw>>) -> tensor<1x1x10x4xui8, #dsconv.layout<chw>> {
  %w = dsconv.constant dense<1> : tensor<1x1x3x3xsi8>
  %b = dsconv.constant dense<0> : tensor<1xi32>
  %y = dsconv.depthwise "back"(%x, %w, %b) window <kernel = [3, 3], pads = [1, 1, 1, 1]> requant <multiplier = [1], shift = [4], half_even, clip = [0, 255]> {tile = #dsconv.tile<1, 4, 4, weights>} : (tensor<1x1x10x4xui8, #dsconv.layout<chw>>, tensor<1x1x3x3xsi8>, tensor<1xi32>) -> tensor<1x1x10x4xui8, #dsconv.layout<chw>>
  func.return %y : tensor<1x1x10x4xui8, #dsconv.layout<chw>>
}
// CHECK: func.func @moved_back(
// CHECK-NOT: dsconv.move

func.func @columns(%x: tensor<1x1x12x8xui8, #dsconv.layout<chw>>) -> tensor<1x1x12x8xui8, #dsconv.layout<chw>> {
  %w = dsconv.constant dense<1> : tensor<1x1x3x3xsi8>
  %b = dsconv.constant dense<0> : tensor<1xi32>
  %y = dsconv.depthwise "cut"(%x, %w, %b) window <kernel = [3, 3], pads = [1, 1, 1, 1]> requant <multiplier = [1], shift = [4], half_even, clip = [0, 255]> {tile = #dsconv.tile<1, 4, 4, weights>} : (tensor<1x1x12x8xui8, #dsconv.layout<chw>>, tensor<1x1x3x3xsi8>, tensor<1xi32>) -> tensor<1x1x12x8xui8, #dsconv.layout<chw>>
  func.return %y : tensor<1x1x12x8xui8, #dsconv.layout<chw>>
}
// CHECK: func.func @columns(
// CHECK-NOT: dsconv.move
