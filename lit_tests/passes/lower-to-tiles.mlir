// RUN: xdsl-opt -p lower-to-tiles,cse %s | filecheck %s

// One tile: no loops. A pointwise layer is a dense kernel; its records hold 4 weights and the bias
// 7 - 3 * (1 + 2 + 3 + 4) = -23 and 7 + 3 = 10, the zero point of the input folded in.
func.func @whole(%x: tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>> {
  %w = dsconv.constant dense<[[1, 2, 3, 4], [-1, 0, 0, 0]]> : tensor<2x4xsi8>
  %b = dsconv.constant dense<7> : tensor<2xi32>
  %y = dsconv.pointwise "pw"(%x, %w, %b) requant <multiplier = [5], shift = [4], half_even, clip = [-128, 127]> {tile = #dsconv.tile<2, 2, 2, weights>, input_zero_point = 3 : i32} : (tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>, tensor<2x4xsi8>, tensor<2xi32>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
  func.return %y : tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
}
// CHECK: "memref.global"() <{sym_name = "pw_weights", type = memref<16xi8, #dsconv.space<l2>>, initial_value = dense<[1, 2, 3, 4, -23, -1, -1, -1, -1, 0, 0, 0, 10, 0, 0, 0]> : tensor<16xi8>, sym_visibility = "private", constant}> : () -> ()
// CHECK-NEXT: dsconv.kernel "conv2d" @pw_kernel : (tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>> window <kernel = [1, 1]> {requant = #dsconv.requant<multiplier = [5], shift = [4], half_even, clip = [-128, 127]>, record = #dsconv.record<4, bias>{{.*}}}
// CHECK-NEXT: func.func @whole([[IN:%[0-9]+]]: memref<16xi8, #dsconv.space<l2>>, [[OUT:%[0-9]+]]: memref<8xi8, #dsconv.space<l2>>) {
// CHECK-NEXT: dsconv.layer "pw" "pointwise" makes tensor<1x2x2x2xsi8, #dsconv.layout<chw>> in [[OUT]] : memref<8xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<2, 2, 2, weights>, schedule = #dsconv.schedule<[hwc, chw]>, macs = 32 : i64, estimate = {{[0-9]+}} : i64, wide_channels = 2 : i64} {
// CHECK-NEXT: [[X0:%[0-9]+]] = dsconv.buffer "pw.x0" : memref<16xi8, #dsconv.space<l1>>
// CHECK-NEXT: [[W:%[0-9]+]] = dsconv.buffer "pw.w" : memref<16xi8, #dsconv.space<l1>>
// CHECK-NEXT: [[Y:%[0-9]+]] = dsconv.buffer "pw.y" : memref<8xi8, #dsconv.space<l1>>
// CHECK-NEXT: [[RECORDS:%[0-9]+]] = memref.get_global @pw_weights : memref<16xi8, #dsconv.space<l2>>
// CHECK-NEXT: [[C0:%[0-9]+]] = arith.constant 0 : index
// CHECK-NEXT: [[T:%[0-9]+]] = dsconv.dma_start [[RECORDS]][[[C0]]] to [[W]][[[C0]]] box <16> {parameters} : memref<16xi8, #dsconv.space<l2>> to memref<16xi8, #dsconv.space<l1>>
// CHECK-NEXT: dsconv.wait [[T]]
// CHECK-NEXT: [[T_2:%[0-9]+]] = dsconv.dma_start [[IN]][[[C0]]] to [[X0]][[[C0]]] box <16> : memref<16xi8, #dsconv.space<l2>> to memref<16xi8, #dsconv.space<l1>>
// CHECK-NEXT: dsconv.wait [[T_2]]
// CHECK-NEXT: dsconv.barrier
// CHECK-NEXT: dsconv.run @pw_kernel([[X0]], [[W]], [[Y]]) at [[C0]], [[C0]] : memref<16xi8, #dsconv.space<l1>>, memref<16xi8, #dsconv.space<l1>>, memref<8xi8, #dsconv.space<l1>>
// CHECK-NEXT: dsconv.barrier
// CHECK-NEXT: [[T_3:%[0-9]+]] = dsconv.dma_start [[Y]][[[C0]]] to [[OUT]][[[C0]]] box <8> : memref<8xi8, #dsconv.space<l1>> to memref<8xi8, #dsconv.space<l2>>
// CHECK-NEXT: dsconv.wait [[T_3]]
// CHECK-NEXT: }
// CHECK-NEXT: func.return
// CHECK-NEXT: }

// Two by two tiles in one loop; the second of 3 rows begins at row min(2, 1) = 1. Records are loaded
// where the row tile is the first, so once for every channel tile.
// What of the requantisation differs from channel to channel lies in the records: 4 + 4 + 4 + 8 bytes. The
// divisor does not: channels with a smaller one have larger multipliers instead.
func.func @weights_outermost(%x: tensor<1x4x3x2xsi8, #dsconv.layout<hwc>>) -> tensor<1x4x3x2xsi8, #dsconv.layout<chw>> {
  %w = dsconv.constant dense<1> : tensor<4x4xsi8>
  %b = dsconv.constant dense<0> : tensor<4xi32>
  %y = dsconv.pointwise "k"(%x, %w, %b) requant <multiplier = [1, 2, 3, 4], addend = [0, 0, 0, 9], shift = [4, 5, 6, 7], half_even, clip = [-128, 127]> {tile = #dsconv.tile<2, 2, 2, weights>} : (tensor<1x4x3x2xsi8, #dsconv.layout<hwc>>, tensor<4x4xsi8>, tensor<4xi32>) -> tensor<1x4x3x2xsi8, #dsconv.layout<chw>>
  func.return %y : tensor<1x4x3x2xsi8, #dsconv.layout<chw>>
}
// CHECK: "memref.global"() <{sym_name = "k_weights", type = memref<80xi8, #dsconv.space<l2>>, initial_value = dense<[1, 1, 1, 1, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 4, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0]> : tensor<80xi8>, sym_visibility = "private", constant}> : () -> ()
// CHECK-NEXT: dsconv.kernel "conv2d" @k_kernel : (tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>> window <kernel = [1, 1]> {requant = #dsconv.requant<multiplier = [1], shift = [7], half_even, clip = [-128, 127]>, record = #dsconv.record<4, bias, multiplier, addend>{{.*}}}
// CHECK-NEXT: func.func @weights_outermost([[IN:%[0-9]+]]: memref<24xi8, #dsconv.space<l2>>, [[OUT:%[0-9]+]]: memref<24xi8, #dsconv.space<l2>>) {
// CHECK-NEXT: dsconv.layer "k" "pointwise" makes tensor<1x4x3x2xsi8, #dsconv.layout<chw>> in [[OUT]] : memref<24xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<2, 2, 2, weights>, schedule = #dsconv.schedule<[hwc, chw]>, macs = 96 : i64, estimate = {{[0-9]+}} : i64, wide_channels = 4 : i64} {
// CHECK-NEXT: [[X0:%[0-9]+]] = dsconv.buffer "k.x0" : memref<16xi8, #dsconv.space<l1>>
// CHECK-NEXT: [[W:%[0-9]+]] = dsconv.buffer "k.w" : memref<40xi8, #dsconv.space<l1>>
// CHECK-NEXT: [[Y:%[0-9]+]] = dsconv.buffer "k.y" : memref<8xi8, #dsconv.space<l1>>
// CHECK-NEXT: [[RECORDS:%[0-9]+]] = memref.get_global @k_weights : memref<80xi8, #dsconv.space<l2>>
// CHECK-NEXT: [[C0:%[0-9]+]] = arith.constant 0 : index
// CHECK-NEXT: [[C4:%[0-9]+]] = arith.constant 4 : index
// CHECK-NEXT: [[C1:%[0-9]+]] = arith.constant 1 : index
// CHECK-NEXT: scf.for %tile = [[C0]] to [[C4]] step [[C1]] {
// CHECK-NEXT: [[C2:%[0-9]+]] = arith.constant 2 : index
// CHECK-NEXT: [[V:%[0-9]+]] = arith.divsi %tile, [[C2]] : index
// CHECK-NEXT: [[V_2:%[0-9]+]] = arith.remsi %tile, [[C2]] : index
// CHECK-NEXT: [[V_3:%[0-9]+]] = arith.cmpi eq, [[V_2]], [[C0]] : index
// CHECK-NEXT: %k = arith.muli [[V]], [[C2]] : index
// CHECK-NEXT: [[V_4:%[0-9]+]] = arith.muli [[V_2]], [[C2]] : index
// CHECK-NEXT: %oy = arith.minsi [[V_4]], [[C1]] : index
// CHECK-NEXT: [[V_5:%[0-9]+]] = dsconv.slot [[W]][[[V]]] : memref<40xi8, #dsconv.space<l1>> to memref<40xi8, #dsconv.space<l1>>
// CHECK-NEXT: [[C20:%[0-9]+]] = arith.constant 20 : index
// CHECK-NEXT: [[V_6:%[0-9]+]] = arith.muli %k, [[C20]] : index
// CHECK-NEXT: [[T:%[0-9]+]] = dsconv.dma_start [[RECORDS]][[[V_6]]] to [[V_5]][[[C0]]] box <40> when [[V_3]] {parameters} : memref<80xi8, #dsconv.space<l2>> to memref<40xi8, #dsconv.space<l1>>
// CHECK-NEXT: dsconv.wait [[T]] when [[V_3]]
// CHECK-NEXT: [[V_7:%[0-9]+]] = dsconv.slot [[X0]][%tile] : memref<16xi8, #dsconv.space<l1>> to memref<16xi8, #dsconv.space<l1>>
// CHECK-NEXT: [[V_8:%[0-9]+]] = arith.muli %oy, [[C2]] : index
// CHECK-NEXT: [[V_9:%[0-9]+]] = arith.muli [[V_8]], [[C4]] : index
// CHECK-NEXT: [[T_2:%[0-9]+]] = dsconv.dma_start [[IN]][[[V_9]]] to [[V_7]][[[C0]]] box <16> : memref<24xi8, #dsconv.space<l2>> to memref<16xi8, #dsconv.space<l1>>
// CHECK-NEXT: dsconv.wait [[T_2]]
// CHECK-NEXT: [[V_10:%[0-9]+]] = dsconv.slot [[Y]][%tile] : memref<8xi8, #dsconv.space<l1>> to memref<8xi8, #dsconv.space<l1>>
// CHECK-NEXT: dsconv.barrier
// CHECK-NEXT: dsconv.run @k_kernel([[V_7]], [[V_5]], [[V_10]]) at [[C0]], [[C0]] : memref<16xi8, #dsconv.space<l1>>, memref<40xi8, #dsconv.space<l1>>, memref<8xi8, #dsconv.space<l1>>
// CHECK-NEXT: dsconv.barrier
// CHECK-NEXT: [[C6:%[0-9]+]] = arith.constant 6 : index
// CHECK-NEXT: [[V_11:%[0-9]+]] = arith.muli %k, [[C6]] : index
// CHECK-NEXT: [[V_12:%[0-9]+]] = arith.addi [[V_11]], [[V_8]] : index
// CHECK-NEXT: [[T_3:%[0-9]+]] = dsconv.dma_start [[V_10]][[[C0]]] to [[OUT]][[[V_12]]] box <2 by 6, 4> : memref<8xi8, #dsconv.space<l1>> to memref<24xi8, #dsconv.space<l2>>
// CHECK-NEXT: dsconv.wait [[T_3]]
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: func.return
// CHECK-NEXT: }

// The other way round: an input tile is loaded where the channel tile is the first, records every time.
// The channels of an HWC output tile are 2 of 4 bytes a pixel.
func.func @pixels_outermost(%x: tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>) -> tensor<1x4x2x2xsi8, #dsconv.layout<hwc>> {
  %w = dsconv.constant dense<1> : tensor<4x4xsi8>
  %b = dsconv.constant dense<0> : tensor<4xi32>
  %y = dsconv.pointwise "p"(%x, %w, %b) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> {tile = #dsconv.tile<2, 1, 2, pixels>} : (tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>, tensor<4x4xsi8>, tensor<4xi32>) -> tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>
  func.return %y : tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>
}
// CHECK: "memref.global"() <{sym_name = "p_weights", type = memref<32xi8, #dsconv.space<l2>>, initial_value = dense<[1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0]> : tensor<32xi8>, sym_visibility = "private", constant}> : () -> ()
// CHECK-NEXT: dsconv.kernel "conv2d" @p_kernel : (tensor<1x4x1x2xsi8, #dsconv.layout<hwc>>) -> tensor<1x2x1x2xsi8, #dsconv.layout<hwc>> window <kernel = [1, 1]> {requant = #dsconv.requant<multiplier = [1], shift = [4], half_even, clip = [-128, 127]>, record = #dsconv.record<4, bias>{{.*}}}
// CHECK-NEXT: func.func @pixels_outermost([[IN:%[0-9]+]]: memref<16xi8, #dsconv.space<l2>>, [[OUT:%[0-9]+]]: memref<16xi8, #dsconv.space<l2>>) {
// CHECK-NEXT: dsconv.layer "p" "pointwise" makes tensor<1x4x2x2xsi8, #dsconv.layout<hwc>> in [[OUT]] : memref<16xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<2, 1, 2, pixels>, schedule = #dsconv.schedule<[hwc, hwc]>, macs = 64 : i64, estimate = {{[0-9]+}} : i64, wide_channels = 4 : i64} {
// CHECK-NEXT: [[X0:%[0-9]+]] = dsconv.buffer "p.x0" : memref<8xi8, #dsconv.space<l1>>
// CHECK-NEXT: [[W:%[0-9]+]] = dsconv.buffer "p.w" : memref<16xi8, #dsconv.space<l1>>
// CHECK-NEXT: [[Y:%[0-9]+]] = dsconv.buffer "p.y" : memref<4xi8, #dsconv.space<l1>>
// CHECK-NEXT: [[RECORDS:%[0-9]+]] = memref.get_global @p_weights : memref<32xi8, #dsconv.space<l2>>
// CHECK-NEXT: [[C0:%[0-9]+]] = arith.constant 0 : index
// CHECK-NEXT: [[C4:%[0-9]+]] = arith.constant 4 : index
// CHECK-NEXT: [[C1:%[0-9]+]] = arith.constant 1 : index
// CHECK-NEXT: scf.for %tile = [[C0]] to [[C4]] step [[C1]] {
// CHECK-NEXT: [[C2:%[0-9]+]] = arith.constant 2 : index
// CHECK-NEXT: %oy = arith.divsi %tile, [[C2]] : index
// CHECK-NEXT: [[V:%[0-9]+]] = arith.remsi %tile, [[C2]] : index
// CHECK-NEXT: [[V_2:%[0-9]+]] = arith.cmpi eq, [[V]], [[C0]] : index
// CHECK-NEXT: %k = arith.muli [[V]], [[C2]] : index
// CHECK-NEXT: [[V_3:%[0-9]+]] = dsconv.slot [[W]][%tile] : memref<16xi8, #dsconv.space<l1>> to memref<16xi8, #dsconv.space<l1>>
// CHECK-NEXT: [[C8:%[0-9]+]] = arith.constant 8 : index
// CHECK-NEXT: [[V_4:%[0-9]+]] = arith.muli %k, [[C8]] : index
// CHECK-NEXT: [[T:%[0-9]+]] = dsconv.dma_start [[RECORDS]][[[V_4]]] to [[V_3]][[[C0]]] box <16> {parameters} : memref<32xi8, #dsconv.space<l2>> to memref<16xi8, #dsconv.space<l1>>
// CHECK-NEXT: dsconv.wait [[T]]
// CHECK-NEXT: [[V_5:%[0-9]+]] = dsconv.slot [[X0]][%oy] : memref<8xi8, #dsconv.space<l1>> to memref<8xi8, #dsconv.space<l1>>
// CHECK-NEXT: [[V_6:%[0-9]+]] = arith.muli %oy, [[C2]] : index
// CHECK-NEXT: [[V_7:%[0-9]+]] = arith.muli [[V_6]], [[C4]] : index
// CHECK-NEXT: [[T_2:%[0-9]+]] = dsconv.dma_start [[IN]][[[V_7]]] to [[V_5]][[[C0]]] box <8> when [[V_2]] : memref<16xi8, #dsconv.space<l2>> to memref<8xi8, #dsconv.space<l1>>
// CHECK-NEXT: dsconv.wait [[T_2]] when [[V_2]]
// CHECK-NEXT: [[V_8:%[0-9]+]] = dsconv.slot [[Y]][%tile] : memref<4xi8, #dsconv.space<l1>> to memref<4xi8, #dsconv.space<l1>>
// CHECK-NEXT: dsconv.barrier
// CHECK-NEXT: dsconv.run @p_kernel([[V_5]], [[V_3]], [[V_8]]) at [[C0]], [[C0]] : memref<8xi8, #dsconv.space<l1>>, memref<16xi8, #dsconv.space<l1>>, memref<4xi8, #dsconv.space<l1>>
// CHECK-NEXT: dsconv.barrier
// CHECK-NEXT: [[V_9:%[0-9]+]] = arith.addi [[V_7]], %k : index
// CHECK-NEXT: [[T_3:%[0-9]+]] = dsconv.dma_start [[V_8]][[[C0]]] to [[OUT]][[[V_9]]] box <2 by 4, 2> : memref<4xi8, #dsconv.space<l1>> to memref<16xi8, #dsconv.space<l2>>
// CHECK-NEXT: dsconv.wait [[T_3]]
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: func.return
// CHECK-NEXT: }

// A pad pixel with the zero point lies behind the 2x3x4 input tile. The tile stays inside the map, and
// the kernel is told where its first window begins: row -1, 0, 0, 1, column -1.
func.func @padded(%x: tensor<1x2x4x4xui8, #dsconv.layout<chw>>) -> tensor<1x2x4x4xui8, #dsconv.layout<chw>> {
  %w = dsconv.constant dense<1> : tensor<2x1x3x3xsi8>
  %b = dsconv.constant dense<0> : tensor<2xi32>
  %y = dsconv.depthwise "dw"(%x, %w, %b) window <kernel = [3, 3], pads = [1, 1, 1, 1]> requant <multiplier = [1], shift = [4], half_even, clip = [0, 255]> {tile = #dsconv.tile<2, 1, 4, weights>, input_zero_point = 130 : i32} : (tensor<1x2x4x4xui8, #dsconv.layout<chw>>, tensor<2x1x3x3xsi8>, tensor<2xi32>) -> tensor<1x2x4x4xui8, #dsconv.layout<chw>>
  func.return %y : tensor<1x2x4x4xui8, #dsconv.layout<chw>>
}
// CHECK: "memref.global"() <{sym_name = "dw_weights", type = memref<32xi8, #dsconv.space<l2>>, initial_value = dense<[1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0, 110, -5, -1, -1, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0, 110, -5, -1, -1]> : tensor<32xi8>, sym_visibility = "private", constant}> : () -> ()
// CHECK-NEXT: dsconv.kernel "depthwise" @dw_kernel : (tensor<1x2x3x4xui8, #dsconv.layout<chw>>) -> tensor<1x2x1x4xui8, #dsconv.layout<chw>> window <kernel = [3, 3], pads = [1, 1, 1, 1]> {requant = #dsconv.requant<multiplier = [1], shift = [4], half_even, clip = [0, 255]>, record = #dsconv.record<12, bias>{{.*}}, pad_value = 130 : i64, row_starts = array<i64: -1, 0, 1>, column_starts = array<i64: -1>}
// CHECK-NEXT: func.func @padded([[IN:%[0-9]+]]: memref<32xi8, #dsconv.space<l2>>, [[OUT:%[0-9]+]]: memref<32xi8, #dsconv.space<l2>>) {
// CHECK-NEXT: dsconv.layer "dw" "depthwise" makes tensor<1x2x4x4xui8, #dsconv.layout<chw>> in [[OUT]] : memref<32xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<2, 1, 4, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 288 : i64, estimate = {{[0-9]+}} : i64, wide_channels = 2 : i64} {
// CHECK-NEXT: [[X0:%[0-9]+]] = dsconv.buffer "dw.x0" : memref<32xi8, #dsconv.space<l1>>
// CHECK-NEXT: [[W:%[0-9]+]] = dsconv.buffer "dw.w" : memref<32xi8, #dsconv.space<l1>>
// CHECK-NEXT: [[Y:%[0-9]+]] = dsconv.buffer "dw.y" : memref<8xi8, #dsconv.space<l1>>
// CHECK-NEXT: dsconv.barrier
// CHECK-NEXT: dsconv.fill [[X0]] at 24 bytes 2 with 130 : memref<32xi8, #dsconv.space<l1>>
// CHECK-NEXT: [[RECORDS:%[0-9]+]] = memref.get_global @dw_weights : memref<32xi8, #dsconv.space<l2>>
// CHECK-NEXT: [[C0:%[0-9]+]] = arith.constant 0 : index
// CHECK-NEXT: [[T:%[0-9]+]] = dsconv.dma_start [[RECORDS]][[[C0]]] to [[W]][[[C0]]] box <32> {parameters} : memref<32xi8, #dsconv.space<l2>> to memref<32xi8, #dsconv.space<l1>>
// CHECK-NEXT: dsconv.wait [[T]]
// CHECK-NEXT: [[C4:%[0-9]+]] = arith.constant 4 : index
// CHECK-NEXT: [[C1:%[0-9]+]] = arith.constant 1 : index
// CHECK-NEXT: scf.for %oy = [[C0]] to [[C4]] step [[C1]] {
// CHECK-NEXT: [[CM1:%[0-9]+]] = arith.constant -1 : index
// CHECK-NEXT: [[V:%[0-9]+]] = arith.addi [[CM1]], %oy : index
// CHECK-NEXT: [[V_2:%[0-9]+]] = arith.maxsi [[V]], [[C0]] : index
// CHECK-NEXT: [[V_3:%[0-9]+]] = arith.minsi [[V_2]], [[C1]] : index
// CHECK-NEXT: [[V_4:%[0-9]+]] = arith.subi [[V]], [[V_3]] : index
// CHECK-NEXT: [[V_5:%[0-9]+]] = dsconv.slot [[X0]][%oy] : memref<32xi8, #dsconv.space<l1>> to memref<32xi8, #dsconv.space<l1>>
// CHECK-NEXT: [[V_6:%[0-9]+]] = arith.muli [[V_3]], [[C4]] : index
// CHECK-NEXT: [[T_2:%[0-9]+]] = dsconv.dma_start [[IN]][[[V_6]]] to [[V_5]][[[C0]]] box <2 by 16, 12> : memref<32xi8, #dsconv.space<l2>> to memref<32xi8, #dsconv.space<l1>>
// CHECK-NEXT: dsconv.wait [[T_2]]
// CHECK-NEXT: [[V_7:%[0-9]+]] = dsconv.slot [[Y]][%oy] : memref<8xi8, #dsconv.space<l1>> to memref<8xi8, #dsconv.space<l1>>
// CHECK-NEXT: dsconv.barrier
// CHECK-NEXT: dsconv.run @dw_kernel([[V_5]], [[W]], [[V_7]]) at [[V_4]], [[CM1]] : memref<32xi8, #dsconv.space<l1>>, memref<32xi8, #dsconv.space<l1>>, memref<8xi8, #dsconv.space<l1>>
// CHECK-NEXT: dsconv.barrier
// CHECK-NEXT: [[V_8:%[0-9]+]] = arith.muli %oy, [[C4]] : index
// CHECK-NEXT: [[T_3:%[0-9]+]] = dsconv.dma_start [[V_7]][[[C0]]] to [[OUT]][[[V_8]]] box <2 by 16, 4> : memref<8xi8, #dsconv.space<l1>> to memref<32xi8, #dsconv.space<l2>>
// CHECK-NEXT: dsconv.wait [[T_3]]
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: func.return
// CHECK-NEXT: }

// Values between layers live in L2. Equal kernels are shared, and both inputs of an addition are loaded
// before the first is waited for.
func.func @chain(%x: tensor<1x2x2x2xui8, #dsconv.layout<chw>>) -> tensor<1x2x1x1xui8, #dsconv.layout<chw>> {
  %0 = dsconv.rescale "r1"(%x) requant <multiplier = [1], shift = [1], half_even, clip = [0, 255]> {input_zero_point = 128 : i32, tile = #dsconv.tile<2, 2, 2, weights>} : (tensor<1x2x2x2xui8, #dsconv.layout<chw>>) -> tensor<1x2x2x2xui8, #dsconv.layout<chw>>
  %1 = dsconv.rescale "r2"(%0) requant <multiplier = [1], shift = [1], half_even, clip = [0, 255]> {input_zero_point = 128 : i32, tile = #dsconv.tile<2, 2, 2, weights>} : (tensor<1x2x2x2xui8, #dsconv.layout<chw>>) -> tensor<1x2x2x2xui8, #dsconv.layout<chw>>
  %2 = dsconv.add "res"(%0, %1) requant <multiplier = [1], shift = [4], half_even, clip = [0, 255]> {multipliers = array<i32: 3, 5>, zero_points = array<i32: 1, 2>, tile = #dsconv.tile<2, 2, 2, weights>} : (tensor<1x2x2x2xui8, #dsconv.layout<chw>>, tensor<1x2x2x2xui8, #dsconv.layout<chw>>) -> tensor<1x2x2x2xui8, #dsconv.layout<chw>>
  %3 = dsconv.max_pool "max"(%2) window <kernel = [2, 2]> {tile = #dsconv.tile<2, 1, 1, weights>} : (tensor<1x2x2x2xui8, #dsconv.layout<chw>>) -> tensor<1x2x1x1xui8, #dsconv.layout<chw>>
  func.return %3 : tensor<1x2x1x1xui8, #dsconv.layout<chw>>
}
// CHECK: dsconv.kernel "rescale" @r1_kernel : (tensor<1x2x2x2xui8, #dsconv.layout<chw>>) -> tensor<1x2x2x2xui8, #dsconv.layout<chw>> window <kernel = [1, 1]> {requant = #dsconv.requant<multiplier = [1], shift = [1], half_even, clip = [0, 255]>, zero_points = array<i64: 128>{{.*}}}
// CHECK-NEXT: dsconv.kernel "add" @res_kernel : (tensor<1x2x2x2xui8, #dsconv.layout<chw>>, tensor<1x2x2x2xui8, #dsconv.layout<chw>>) -> tensor<1x2x2x2xui8, #dsconv.layout<chw>> window <kernel = [1, 1]> {requant = #dsconv.requant<multiplier = [1], shift = [4], half_even, clip = [0, 255]>, zero_points = array<i64: 1, 2>, multipliers = array<i64: 3, 5>{{.*}}
// CHECK-NEXT: dsconv.kernel "max_pool" @max_kernel : (tensor<1x2x2x2xui8, #dsconv.layout<chw>>) -> tensor<1x2x1x1xui8, #dsconv.layout<chw>> window <kernel = [2, 2]>
// CHECK-NEXT: func.func @chain([[IN:%[0-9]+]]: memref<8xi8, #dsconv.space<l2>>, [[OUT:%[0-9]+]]: memref<2xi8, #dsconv.space<l2>>) {
// CHECK-NEXT: [[R1:%[0-9]+]] = dsconv.buffer "r1" : memref<8xi8, #dsconv.space<l2>>
// CHECK-NEXT: dsconv.layer "r1" "rescale" makes tensor<1x2x2x2xui8, #dsconv.layout<chw>> in [[R1]] : memref<8xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<2, 2, 2, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64, estimate = {{[0-9]+}} : i64, wide_channels = 2 : i64} {
// CHECK-NEXT: [[X0:%[0-9]+]] = dsconv.buffer "r1.x0" : memref<8xi8, #dsconv.space<l1>>
// CHECK-NEXT: [[Y:%[0-9]+]] = dsconv.buffer "r1.y" : memref<8xi8, #dsconv.space<l1>>
// CHECK-NEXT: [[C0:%[0-9]+]] = arith.constant 0 : index
// CHECK-NEXT: [[T:%[0-9]+]] = dsconv.dma_start [[IN]][[[C0]]] to [[X0]][[[C0]]] box <8> : memref<8xi8, #dsconv.space<l2>> to memref<8xi8, #dsconv.space<l1>>
// CHECK-NEXT: dsconv.wait [[T]]
// CHECK-NEXT: dsconv.barrier
// CHECK-NEXT: dsconv.run @r1_kernel([[X0]], [[Y]]) at [[C0]], [[C0]] : memref<8xi8, #dsconv.space<l1>>, memref<8xi8, #dsconv.space<l1>>
// CHECK-NEXT: dsconv.barrier
// CHECK-NEXT: [[T_2:%[0-9]+]] = dsconv.dma_start [[Y]][[[C0]]] to [[R1]][[[C0]]] box <8> : memref<8xi8, #dsconv.space<l1>> to memref<8xi8, #dsconv.space<l2>>
// CHECK-NEXT: dsconv.wait [[T_2]]
// CHECK-NEXT: }
// CHECK-NEXT: [[R2:%[0-9]+]] = dsconv.buffer "r2" : memref<8xi8, #dsconv.space<l2>>
// CHECK-NEXT: dsconv.layer "r2" "rescale" makes tensor<1x2x2x2xui8, #dsconv.layout<chw>> in [[R2]] : memref<8xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<2, 2, 2, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64, estimate = {{[0-9]+}} : i64, wide_channels = 2 : i64} {
// CHECK-NEXT: [[X0_2:%[0-9]+]] = dsconv.buffer "r2.x0" : memref<8xi8, #dsconv.space<l1>>
// CHECK-NEXT: [[Y_2:%[0-9]+]] = dsconv.buffer "r2.y" : memref<8xi8, #dsconv.space<l1>>
// CHECK-NEXT: [[C0_2:%[0-9]+]] = arith.constant 0 : index
// CHECK-NEXT: [[T_3:%[0-9]+]] = dsconv.dma_start [[R1]][[[C0_2]]] to [[X0_2]][[[C0_2]]] box <8> : memref<8xi8, #dsconv.space<l2>> to memref<8xi8, #dsconv.space<l1>>
// CHECK-NEXT: dsconv.wait [[T_3]]
// CHECK-NEXT: dsconv.barrier
// CHECK-NEXT: dsconv.run @r1_kernel([[X0_2]], [[Y_2]]) at [[C0_2]], [[C0_2]] : memref<8xi8, #dsconv.space<l1>>, memref<8xi8, #dsconv.space<l1>>
// CHECK-NEXT: dsconv.barrier
// CHECK-NEXT: [[T_4:%[0-9]+]] = dsconv.dma_start [[Y_2]][[[C0_2]]] to [[R2]][[[C0_2]]] box <8> : memref<8xi8, #dsconv.space<l1>> to memref<8xi8, #dsconv.space<l2>>
// CHECK-NEXT: dsconv.wait [[T_4]]
// CHECK-NEXT: }
// CHECK-NEXT: [[RES:%[0-9]+]] = dsconv.buffer "res" : memref<8xi8, #dsconv.space<l2>>
// CHECK-NEXT: dsconv.layer "res" "add" makes tensor<1x2x2x2xui8, #dsconv.layout<chw>> in [[RES]] : memref<8xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<2, 2, 2, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64, estimate = {{[0-9]+}} : i64, wide_channels = 2 : i64} {
// CHECK-NEXT: [[X0_3:%[0-9]+]] = dsconv.buffer "res.x0" : memref<8xi8, #dsconv.space<l1>>
// CHECK-NEXT: [[X1:%[0-9]+]] = dsconv.buffer "res.x1" : memref<8xi8, #dsconv.space<l1>>
// CHECK-NEXT: [[Y_3:%[0-9]+]] = dsconv.buffer "res.y" : memref<8xi8, #dsconv.space<l1>>
// CHECK-NEXT: [[C0_3:%[0-9]+]] = arith.constant 0 : index
// CHECK-NEXT: [[T_5:%[0-9]+]] = dsconv.dma_start [[R1]][[[C0_3]]] to [[X0_3]][[[C0_3]]] box <8> : memref<8xi8, #dsconv.space<l2>> to memref<8xi8, #dsconv.space<l1>>
// CHECK-NEXT: [[T_6:%[0-9]+]] = dsconv.dma_start [[R2]][[[C0_3]]] to [[X1]][[[C0_3]]] box <8> : memref<8xi8, #dsconv.space<l2>> to memref<8xi8, #dsconv.space<l1>>
// CHECK-NEXT: dsconv.wait [[T_5]]
// CHECK-NEXT: dsconv.wait [[T_6]]
// CHECK-NEXT: dsconv.barrier
// CHECK-NEXT: dsconv.run @res_kernel([[X0_3]], [[X1]], [[Y_3]]) at [[C0_3]], [[C0_3]] : memref<8xi8, #dsconv.space<l1>>, memref<8xi8, #dsconv.space<l1>>, memref<8xi8, #dsconv.space<l1>>
// CHECK-NEXT: dsconv.barrier
// CHECK-NEXT: [[T_7:%[0-9]+]] = dsconv.dma_start [[Y_3]][[[C0_3]]] to [[RES]][[[C0_3]]] box <8> : memref<8xi8, #dsconv.space<l1>> to memref<8xi8, #dsconv.space<l2>>
// CHECK-NEXT: dsconv.wait [[T_7]]
// CHECK-NEXT: }
// CHECK-NEXT: dsconv.layer "max" "max_pool" makes tensor<1x2x1x1xui8, #dsconv.layout<chw>> in [[OUT]] : memref<2xi8, #dsconv.space<l2>> attributes {tile = #dsconv.tile<2, 1, 1, weights>, schedule = #dsconv.schedule<[chw, chw]>, macs = 0 : i64, estimate = {{[0-9]+}} : i64} {
// CHECK-NEXT: [[X0_4:%[0-9]+]] = dsconv.buffer "max.x0" : memref<8xi8, #dsconv.space<l1>>
// CHECK-NEXT: [[Y_4:%[0-9]+]] = dsconv.buffer "max.y" : memref<2xi8, #dsconv.space<l1>>
// CHECK-NEXT: [[C0_4:%[0-9]+]] = arith.constant 0 : index
// CHECK-NEXT: [[T_8:%[0-9]+]] = dsconv.dma_start [[RES]][[[C0_4]]] to [[X0_4]][[[C0_4]]] box <8> : memref<8xi8, #dsconv.space<l2>> to memref<8xi8, #dsconv.space<l1>>
// CHECK-NEXT: dsconv.wait [[T_8]]
// CHECK-NEXT: dsconv.barrier
// CHECK-NEXT: dsconv.run @max_kernel([[X0_4]], [[Y_4]]) at [[C0_4]], [[C0_4]] : memref<8xi8, #dsconv.space<l1>>, memref<2xi8, #dsconv.space<l1>>
// CHECK-NEXT: dsconv.barrier
// CHECK-NEXT: [[T_9:%[0-9]+]] = dsconv.dma_start [[Y_4]][[[C0_4]]] to [[OUT]][[[C0_4]]] box <2> : memref<2xi8, #dsconv.space<l1>> to memref<2xi8, #dsconv.space<l2>>
// CHECK-NEXT: dsconv.wait [[T_9]]
// CHECK-NEXT: }
// CHECK-NEXT: func.return
// CHECK-NEXT: }

// Functions without layers stay.
func.func @foreign(%a: memref<8xi8>, %i: index) -> i8 {
  %v = memref.load %a[%i] : memref<8xi8>
  func.return %v : i8
}
// CHECK: func.func @foreign(%a: memref<8xi8>, %i: index) -> i8 {
// CHECK-NEXT: %v = memref.load %a[%i] : memref<8xi8>
// CHECK-NEXT: func.return %v : i8
// CHECK-NEXT: }

// Labels are any text, symbols are C identifiers that the module does not have yet.
func.func @first(%x: tensor<1x2x2x2xsi8, #dsconv.layout<chw>>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>> {
  %w = dsconv.constant dense<1> : tensor<2x2xsi8>
  %b = dsconv.constant dense<1> : tensor<2xi32>
  %y = dsconv.pointwise "s/1 a"(%x, %w, %b) requant <multiplier = [1], shift = [1], half_even, clip = [-128, 127]> {tile = #dsconv.tile<2, 2, 2, weights>} : (tensor<1x2x2x2xsi8, #dsconv.layout<chw>>, tensor<2x2xsi8>, tensor<2xi32>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
  func.return %y : tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
}
// CHECK: sym_name = "s_1_a_weights"
// CHECK-NEXT: dsconv.kernel "conv2d" @s_1_a_kernel :
// CHECK-NEXT: func.func @first(
// CHECK-NEXT: dsconv.layer "s/1 a" "pointwise"
// CHECK: memref.get_global @s_1_a_weights :
// CHECK: dsconv.run @s_1_a_kernel(
func.func @second(%x: tensor<1x2x2x2xsi8, #dsconv.layout<chw>>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>> {
  %w = dsconv.constant dense<1> : tensor<2x2xsi8>
  %b = dsconv.constant dense<1> : tensor<2xi32>
  %y = dsconv.pointwise "s/1 a"(%x, %w, %b) requant <multiplier = [1], shift = [1], half_even, clip = [-128, 127]> {tile = #dsconv.tile<2, 2, 2, weights>} : (tensor<1x2x2x2xsi8, #dsconv.layout<chw>>, tensor<2x2xsi8>, tensor<2xi32>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
  func.return %y : tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
}
// CHECK: sym_name = "s_1_a_weights_2"
// CHECK-NEXT: dsconv.kernel "conv2d" @s_1_a_kernel_2 :
// CHECK-NEXT: func.func @second(
// CHECK: memref.get_global @s_1_a_weights_2 :
// CHECK: dsconv.run @s_1_a_kernel_2(
func.func @third(%x: tensor<1x2x2x2xsi8, #dsconv.layout<chw>>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>> {
  %w = dsconv.constant dense<1> : tensor<2x2xsi8>
  %b = dsconv.constant dense<1> : tensor<2xi32>
  %y = dsconv.pointwise "1"(%x, %w, %b) requant <multiplier = [1], shift = [1], half_even, clip = [-128, 127]> {tile = #dsconv.tile<2, 2, 2, weights>} : (tensor<1x2x2x2xsi8, #dsconv.layout<chw>>, tensor<2x2xsi8>, tensor<2xi32>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
  func.return %y : tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
}
func.func private @v_1_kernel()
// CHECK: sym_name = "v_1_weights"
// CHECK-NEXT: dsconv.kernel "conv2d" @v_1_kernel_2 :
// CHECK: func.func private @v_1_kernel()

// Functions without layers stay, whatever their blocks.
// CHECK-LABEL: func.func @blocks
func.func @blocks(%c: i1) {
  cf.cond_br %c, ^one, ^two
  // CHECK-NEXT: cf.cond_br %c, ^{{[a-z0-9]+}}, ^{{[a-z0-9]+}}
^one:
  func.return
^two:
  func.return
}
