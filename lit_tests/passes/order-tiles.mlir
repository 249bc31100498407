// RUN: xdsl-opt -p 'order-tiles{order=scan}' %s | filecheck %s --check-prefix SCAN
// RUN: xdsl-opt -p 'order-tiles{order=raster}' %s | filecheck %s --check-prefix RASTER
// RUN: xdsl-opt -p 'order-tiles{order=scan},lower-to-tiles,canonicalize,cse' %s | filecheck %s

func.func @scan(%x: tensor<1x4x1x4xsi8, #dsconv.layout<hwc>>) -> tensor<1x8x1x4xsi8, #dsconv.layout<hwc>> {
  %w = dsconv.constant dense<1> : tensor<8x4xsi8>
  %b = dsconv.constant dense<0> : tensor<8xi32>
  %y = dsconv.pointwise "pw"(%x, %w, %b) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> {tile = #dsconv.tile<4, 1, 2, weights, buffers = 2>} : (tensor<1x4x1x4xsi8, #dsconv.layout<hwc>>, tensor<8x4xsi8>, tensor<8xi32>) -> tensor<1x8x1x4xsi8, #dsconv.layout<hwc>>
  func.return %y : tensor<1x8x1x4xsi8, #dsconv.layout<hwc>>
}
// SCAN: dsconv.pointwise "pw"
// SCAN-SAME: tile = #dsconv.tile<4, 1, 2, scan, buffers = 2>
// RASTER: dsconv.pointwise "pw"
// RASTER-SAME: tile = #dsconv.tile<4, 1, 2, raster, buffers = 2>

// Two tiles of channels, two of pixels. For the second channels the pixels run back; so the tile at the turn
// finds its input in L1, and the version of the input counts one less.
// CHECK: func.func @scan(
// CHECK: scf.for %tile =
// CHECK-NEXT: %[[OUTER:.*]] = arith.divsi %tile, %[[TWO:.*]] : index
// CHECK-NEXT: %[[STEP:.*]] = arith.remsi %tile, %[[TWO]] : index
// CHECK-NEXT: %[[PASS:.*]] = arith.remsi %[[OUTER]], %[[TWO]] : index
// CHECK-NEXT: %[[BACK:.*]] = arith.cmpi eq, %[[PASS]], %[[ONE:.*]] : index
// CHECK-NEXT: %[[TURNED:.*]] = arith.subi %[[ONE]], %[[STEP]] : index
// CHECK-NEXT: %there_and_back = arith.select %[[BACK]], %[[TURNED]], %[[STEP]] : index
// CHECK-NEXT: %[[NEW_CHANNELS:.*]] = arith.cmpi eq, %[[STEP]], %[[ZERO:.*]] : index
// CHECK-NEXT: %[[VERSION:.*]] = arith.subi %tile, %[[OUTER]] : index
// CHECK-NEXT: %[[LATER:.*]] = arith.cmpi ne, %[[STEP]], %[[ZERO]] : index
// CHECK-NEXT: %[[FIRST:.*]] = arith.cmpi eq, %[[OUTER]], %[[ZERO]] : index
// CHECK-NEXT: %[[NEW_PIXELS:.*]] = arith.ori %[[LATER]], %[[FIRST]] : i1
// CHECK: dsconv.dma_start {{.*}} when %[[NEW_CHANNELS]] {parameters}
// CHECK: %[[X:.*]] = dsconv.slot %{{.*}}[%[[VERSION]]]
// CHECK: dsconv.dma_start %{{.*}} to %[[X]]{{.*}} when %[[NEW_PIXELS]]
