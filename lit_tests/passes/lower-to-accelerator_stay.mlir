// RUN: xdsl-opt -p 'lower-to-accelerator,canonicalize,cse' %s | filecheck %s

// What the second chain reads, and adds again, stays on chip from the first one.
builtin.module attributes {dsconv.target = #dsconv.accelerator<entries = 420, entry_bits = 8, partial_bits = 32, copies = 1, channel_block = 8, line_bytes = 4, macs_per_cycle = 1, clock_mhz = 1.0, dram = "DDR3-1333">} {
  func.func @net(%x: tensor<1x4x8x8xsi8>) -> tensor<1x8x4x4xsi8> {
    %w1 = dsconv.constant dense<1> : tensor<4x1x3x3xsi8>
    %b1 = dsconv.constant dense<0> : tensor<4xi32>
    %w2 = dsconv.constant dense<1> : tensor<8x4xsi8>
    %b2 = dsconv.constant dense<0> : tensor<8xi32>
    %w3 = dsconv.constant dense<1> : tensor<8x8xsi8>
    %0 = dsconv.fused "pw1" along "channels" attributes {tile = #dsconv.tile<8, 2, 4, scan_pixels, depth = 4>} {
      %v1 = dsconv.depthwise "dw"(%x, %w1, %b1) window <kernel = [3, 3], strides = [2, 2], pads = [1, 1, 1, 1]> requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x4x8x8xsi8>, tensor<4x1x3x3xsi8>, tensor<4xi32>) -> tensor<1x4x4x4xsi8>
      %v2 = dsconv.pointwise "pw1"(%v1, %w2, %b2) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x4x4x4xsi8>, tensor<8x4xsi8>, tensor<8xi32>) -> tensor<1x8x4x4xsi8>
      dsconv.yield %v2 : tensor<1x8x4x4xsi8>
    } : tensor<1x8x4x4xsi8>
    %1 = dsconv.fused "add" along "channels" attributes {dsconv.resident_inputs = array<i64: 0>, tile = #dsconv.tile<8, 4, 4, scan, depth = 8>} {
      %v3 = dsconv.pointwise "pw2"(%0, %w3, %b2) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x8x4x4xsi8>, tensor<8x8xsi8>, tensor<8xi32>) -> tensor<1x8x4x4xsi8>
      %y = dsconv.add "add"(%v3, %0) requant <multiplier = [1], shift = [1], half_even, clip = [-128, 127]> {multipliers = array<i32: 1, 1>, zero_points = array<i32: 0, 0>} : (tensor<1x8x4x4xsi8>, tensor<1x8x4x4xsi8>) -> tensor<1x8x4x4xsi8>
      dsconv.yield %y : tensor<1x8x4x4xsi8>
    } : tensor<1x8x4x4xsi8>
    func.return %1 : tensor<1x8x4x4xsi8>
  }
}

// The strip's input has 5 rows on chip; the second one loads only those behind the first one's.
// CHECK: dsconv.unit @dw {
// CHECK: dsconv.unit_yield %{{.*}} : tensor<1x4x4x4xsi8>
// CHECK: func.func @net(%[[IN:.*]]: memref<4x8x8xsi8, #dsconv.space<l2>>, %[[OUT:.*]]: memref<8x4x4xsi8, #dsconv.space<l2>>) attributes {dsconv.offset = [132 : i64, 388 : i64]} {
// CHECK-NEXT: %[[MAP:.*]] = dsconv.patch "pw1" as memref<8x4x4xsi8, #dsconv.space<l1>>
// CHECK-NEXT: dsconv.layer "dw+pw1" "fused" makes tensor<1x8x4x4xsi8> in %[[MAP]]
// CHECK-NEXT: %[[X:.*]] = dsconv.patch "pw1.x0" as memref<4x5x8xsi8, #dsconv.space<l1>>
// CHECK: scf.for %strip =
// CHECK: %[[BEHIND:.*]] = arith.select %{{.*}}, %[[NONE:.*]], %{{.*}} : index
// CHECK-NEXT: %[[NEW:.*]] = arith.maxsi %{{.*}}, %[[BEHIND]] : index
// CHECK-NEXT: dsconv.fetch %[[IN]][%[[NONE]] to %{{.*}}, %[[NEW]] to %{{.*}}, %{{.*}} to %{{.*}}] to %[[X]]
// CHECK: dsconv.compute @pw1[{{.*}}] from %{{.*}} with %{{.*}} in %[[MAP]]

// The next layer finds the map there; the addition takes the place of what it is made of.
// CHECK: dsconv.layer "pw2+add" "fused"
// CHECK: %[[Y:.*]] = dsconv.patch "add.y0" as memref<8x4x4xsi8, #dsconv.space<l1>>
// CHECK-NEXT: %[[SUM:.*]] = dsconv.patch "add.y1" over %[[Y]]
// CHECK: dsconv.compute @pw2[{{.*}}] from %[[MAP]] with %{{.*}} in %[[Y]]
// CHECK: dsconv.compute @add[{{.*}}] from %[[Y]], %[[MAP]] in %[[SUM]]
// CHECK: dsconv.put %[[SUM]] to %[[OUT]]
// CHECK: dsconv.release %[[MAP]]
