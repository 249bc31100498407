// RUN: xdsl-opt -p 'lower-to-accelerator,canonicalize,cse' %s | filecheck %s

builtin.module attributes {dsconv.target = #dsconv.accelerator<entries = 40, entry_bits = 8, partial_bits = 32, copies = 1, channel_block = 4, line_bytes = 64, macs_per_cycle = 1, clock_mhz = 1.0, dram = "DDR3-1333">} {
  // Two tiles of kernels, two of pixels. The loop over pixels runs back for the second kernels, so their
  // first tile finds its input on chip; the weights are loaded once for each tile of kernels.
  func.func @scan(%x: tensor<1x4x1x4xsi8>) -> tensor<1x8x1x4xsi8> {
    %w = dsconv.constant dense<1> : tensor<8x4xsi8>
    %b = dsconv.constant dense<0> : tensor<8xi32>
    %y = dsconv.pointwise "pw"(%x, %w, %b) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> {tile = #dsconv.tile<4, 1, 2, scan>} : (tensor<1x4x1x4xsi8>, tensor<8x4xsi8>, tensor<8xi32>) -> tensor<1x8x1x4xsi8>
    func.return %y : tensor<1x8x1x4xsi8>
  }
// CHECK: func.func @scan(%[[IN:.*]]: memref<4x1x4xsi8, #dsconv.space<l2>>, %[[OUT:.*]]: memref<8x1x4xsi8, #dsconv.space<l2>>) attributes {dsconv.offset = [64 : i64, 128 : i64]} {
// CHECK: %[[X:.*]] = dsconv.patch "pw.x0" as memref<4x1x2xsi8, #dsconv.space<l1>>
// CHECK-NEXT: %[[W:.*]] = dsconv.patch "pw.w0" as memref<16xsi8, #dsconv.space<l1>>
// CHECK-NEXT: %[[Y:.*]] = dsconv.patch "pw.y0" as memref<4x1x2xsi8, #dsconv.space<l1>>
// CHECK: scf.for %kernels =
// CHECK-NEXT: scf.for %pixels =
// CHECK-NEXT: %[[PASS:.*]] = arith.remsi %kernels, %{{.*}} : index
// CHECK-NEXT: %[[BACK:.*]] = arith.cmpi eq, %[[PASS]], %[[ONE:.*]] : index
// CHECK-NEXT: %[[TURNED:.*]] = arith.subi %[[ONE]], %pixels : index
// CHECK-NEXT: %pixels_there_and_back = arith.select %[[BACK]], %[[TURNED]], %pixels : index
// CHECK: %[[NEW_KERNELS:.*]] = arith.cmpi eq, %pixels, %{{.*}} : index
// CHECK-NEXT: %[[LATER:.*]] = arith.cmpi ne, %pixels, %{{.*}} : index
// CHECK-NEXT: %[[FIRST:.*]] = arith.cmpi eq, %kernels, %{{.*}} : index
// CHECK-NEXT: %[[NEW_PIXELS:.*]] = arith.ori %[[LATER]], %[[FIRST]] : i1
// CHECK-NEXT: dsconv.fetch %[[IN]][{{.*}}] to %[[X]] when %[[NEW_PIXELS]]
// CHECK: dsconv.fetch_weights @pw[{{.*}}] at %{{.*}} to %[[W]] when %[[NEW_KERNELS]]
// CHECK-NEXT: dsconv.compute @pw[{{.*}}] from %[[X]] with %[[W]] {{.*}} in %[[Y]]
// CHECK-NEXT: dsconv.put %[[Y]] to %[[OUT]][{{.*}}]

  // In raster order nothing but sums stays: two input channels at a time are added to them.
  func.func @raster(%x: tensor<1x4x1x4xsi8>) -> tensor<1x8x1x4xsi8> {
    %w = dsconv.constant dense<1> : tensor<8x4xsi8>
    %b = dsconv.constant dense<0> : tensor<8xi32>
    %y = dsconv.pointwise "pw"(%x, %w, %b) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> {tile = #dsconv.tile<4, 1, 2, raster, depth = 2>} : (tensor<1x4x1x4xsi8>, tensor<8x4xsi8>, tensor<8xi32>) -> tensor<1x8x1x4xsi8>
    func.return %y : tensor<1x8x1x4xsi8>
  }
// CHECK: func.func @raster(
// CHECK: %[[SUMS:.*]] = dsconv.patch "pw.sums" sums as memref<4x1x2xi32, #dsconv.space<l1>>
// CHECK-NEXT: %[[Y:.*]] = dsconv.patch "pw.y0" over %[[SUMS]] : memref<4x1x2xi32, #dsconv.space<l1>> as memref<4x1x2xsi8, #dsconv.space<l1>>
// CHECK: dsconv.clear %[[SUMS]]
// CHECK: scf.for %chunk =
// CHECK: dsconv.fetch %{{.*}}[{{.*}}] to %[[X:.*]] : memref<4x1x4xsi8
// CHECK: dsconv.fetch_weights @pw_2[{{.*}}] at %{{.*}} to %[[W:.*]] : memref<8xsi8
// CHECK-NEXT: dsconv.accumulate @pw_2[{{.*}}] over %{{.*}} to %{{.*}} from %[[X]] with %[[W]] in %[[SUMS]]
// CHECK: dsconv.finish @pw_2[{{.*}}] from %[[SUMS]] in %[[Y]]
// CHECK-NEXT: dsconv.put %[[Y]]

  // Three strips of at most 3 rows of 8, the one between them of 2. The depthwise layer runs again for the
  // second half of the kernels, from the channel that is on chip; a group's weights lie together, one of the
  // depthwise layer and four of the pointwise one.
  func.func @kernels(%x: tensor<1x2x8x1xsi8>) -> tensor<1x4x8x1xsi8> {
    %w1 = dsconv.constant dense<1> : tensor<2x1x1x1xsi8>
    %b1 = dsconv.constant dense<0> : tensor<2xi32>
    %w2 = dsconv.constant dense<1> : tensor<4x2xsi8>
    %b2 = dsconv.constant dense<0> : tensor<4xi32>
    %y = dsconv.fused "project" along "channels" attributes {tile = #dsconv.tile<2, 3, 1, scan_pixels, depth = 1>} {
      %v = dsconv.depthwise "filter"(%x, %w1, %b1) window <kernel = [1, 1]> requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x2x8x1xsi8>, tensor<2x1x1x1xsi8>, tensor<2xi32>) -> tensor<1x2x8x1xsi8>
      %d = dsconv.pointwise "project"(%v, %w2, %b2) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x2x8x1xsi8>, tensor<4x2xsi8>, tensor<4xi32>) -> tensor<1x4x8x1xsi8>
      dsconv.yield %d : tensor<1x4x8x1xsi8>
    } : tensor<1x4x8x1xsi8>
    func.return %y : tensor<1x4x8x1xsi8>
  }

// CHECK: func.func @kernels(
// CHECK: dsconv.patch "project.sums" sums as memref<2x3x1xi32, #dsconv.space<l1>>
// CHECK: scf.for %strip = %[[C0:.*]] to %[[C3:.*]] step
// CHECK: %[[AT_FIRST:.*]] = arith.cmpi eq, %[[STRIP:.*]], %[[C0]] : index
// CHECK-NEXT: %[[ROW:.*]] = arith.select %[[AT_FIRST]], %[[C0]], %[[BEHIND_FIRST:.*]] : index
// CHECK: scf.for %kernels =
// CHECK: scf.for %group =
// CHECK: %[[LATER_GROUP:.*]] = arith.cmpi ne, %group, %[[C0]] : index
// CHECK-NEXT: %[[FIRST_KERNELS:.*]] = arith.cmpi eq, %kernels, %[[C0]] : index
// CHECK-NEXT: %[[NEW_INPUT:.*]] = arith.ori %[[LATER_GROUP]], %[[FIRST_KERNELS]] : i1
// CHECK: dsconv.fetch %{{.*}}[%group_there_and_back to %{{.*}}, %[[ROW]] to {{.*}}] to %{{.*}} when %[[NEW_INPUT]]
// CHECK-NEXT: %[[CHUNK:.*]] = arith.muli %group_there_and_back, %[[FIVE:.*]] : index
// CHECK-NEXT: dsconv.fetch_weights @filter[{{.*}}] at %[[CHUNK]] to
// CHECK: %[[INSIDE:.*]] = arith.addi %[[CHUNK]], %{{.*}} : index
// CHECK-NEXT: dsconv.fetch_weights @project[{{.*}}] at %[[INSIDE]] to

  // Along rows: what makes a row first makes the rows that its window still needs.
  func.func @rows(%x: tensor<1x2x4x1xsi8>) -> tensor<1x2x4x1xsi8> {
    %w1 = dsconv.constant dense<1> : tensor<2x2xsi8>
    %w2 = dsconv.constant dense<1> : tensor<2x1x3x1xsi8>
    %b = dsconv.constant dense<0> : tensor<2xi32>
    %y = dsconv.fused "dw" along "rows" attributes {tile = #dsconv.tile<2, 1, 1, scan>} {
      %v = dsconv.pointwise "pw"(%x, %w1, %b) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x2x4x1xsi8>, tensor<2x2xsi8>, tensor<2xi32>) -> tensor<1x2x4x1xsi8>
      %d = dsconv.depthwise "dw"(%v, %w2, %b) window <kernel = [3, 1], pads = [1, 0, 1, 0]> requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x2x4x1xsi8>, tensor<2x1x3x1xsi8>, tensor<2xi32>) -> tensor<1x2x4x1xsi8>
      dsconv.yield %d : tensor<1x2x4x1xsi8>
    } : tensor<1x2x4x1xsi8>
    func.return %y : tensor<1x2x4x1xsi8>
  }
// CHECK: func.func @rows(
// CHECK: %[[RING:.*]] = dsconv.patch "dw.v0" as memref<2x3x1xsi8, #dsconv.space<l1>>
// CHECK: scf.for %row =
// CHECK: scf.for %row0 = %{{.*}} to %{{.*}} step
// CHECK: dsconv.fetch %{{.*}}[{{.*}}, %row0 to %{{.*}}, {{.*}}] to %[[X:.*]] : memref
// CHECK-NEXT: dsconv.compute @pw_3[{{.*}}] from %[[X]] {{.*}} in %[[RING]]
// CHECK: dsconv.compute @dw[{{.*}}, %row to %{{.*}}, {{.*}}] from %[[RING]]
// CHECK: dsconv.put %{{.*}} to %{{.*}}[{{.*}}, %row to %{{.*}}, {{.*}}]

  // The addition reads what the first layer of the chain has made: its rows are still on chip.
  func.func @residual(%x: tensor<1x2x4x1xsi8>) -> tensor<1x2x4x1xsi8> {
    %w1 = dsconv.constant dense<1> : tensor<2x2xsi8>
    %w2 = dsconv.constant dense<1> : tensor<2x1x3x1xsi8>
    %b = dsconv.constant dense<0> : tensor<2xi32>
    %y = dsconv.fused "add" along "rows" attributes {tile = #dsconv.tile<2, 1, 1, scan>} {
      %v = dsconv.pointwise "before"(%x, %w1, %b) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x2x4x1xsi8>, tensor<2x2xsi8>, tensor<2xi32>) -> tensor<1x2x4x1xsi8>
      %d = dsconv.depthwise "inside"(%v, %w2, %b) window <kernel = [3, 1], pads = [1, 0, 1, 0]> requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x2x4x1xsi8>, tensor<2x1x3x1xsi8>, tensor<2xi32>) -> tensor<1x2x4x1xsi8>
      %s = dsconv.add "add"(%v, %d) requant <multiplier = [1], shift = [1], half_even, clip = [-128, 127]> {multipliers = array<i32: 1, 1>, zero_points = array<i32: 0, 0>} : (tensor<1x2x4x1xsi8>, tensor<1x2x4x1xsi8>) -> tensor<1x2x4x1xsi8>
      dsconv.yield %s : tensor<1x2x4x1xsi8>
    } : tensor<1x2x4x1xsi8>
    func.return %y : tensor<1x2x4x1xsi8>
  }
// CHECK: func.func @residual(
// CHECK: %[[KEPT:.*]] = dsconv.patch "add.v0" as memref<2x3x1xsi8, #dsconv.space<l1>>
// CHECK-NEXT: %[[LAST:.*]] = dsconv.patch "add.v1" as memref<2x1x1xsi8, #dsconv.space<l1>>
// CHECK: dsconv.compute @before[{{.*}}] from %{{.*}} in %[[KEPT]]
// CHECK: dsconv.compute @inside[{{.*}}] from %[[KEPT]] {{.*}} in %[[LAST]]
// CHECK: dsconv.compute @add[{{.*}}] from %[[KEPT]], %[[LAST]] in

  func.func @foreign(%x: i32) -> i32 {
    func.return %x : i32
  }
// CHECK: func.func @foreign(%x: i32) -> i32 {
}
