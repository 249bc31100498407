// RUN: xdsl-opt -p lower-kernels,canonicalize,cse %s | filecheck %s

// Channels are split over the cores. Records of 20 bytes: 3 rows of 3 weights and a 0, the bias at 12 and the
// multiplier of the channel at 16.
dsconv.kernel "depthwise" @dw : (tensor<1x8x3x3xui8, #dsconv.layout<chw>>) -> tensor<1x8x1x1xui8, #dsconv.layout<chw>> window <kernel = [3, 3]> {requant = #dsconv.requant<multiplier = [1], shift = [4], half_even, zero_point = 3, clip = [0, 255]>, record = #dsconv.record<12, bias, multiplier>}
func.func @a(%x: memref<72xi8, #dsconv.space<l1>>, %w: memref<160xi8, #dsconv.space<l1>>, %y: memref<8xi8, #dsconv.space<l1>>, %i: index) {
  dsconv.run @dw(%x, %w, %y) at %i, %i : memref<72xi8, #dsconv.space<l1>>, memref<160xi8, #dsconv.space<l1>>, memref<8xi8, #dsconv.space<l1>>
  func.return
}
// CHECK: func.func private @dw(%x: memref<72xi8, #dsconv.space<l1>>, %w: memref<160xi8, #dsconv.space<l1>>, %y: memref<8xi8, #dsconv.space<l1>>, %row: index, %column: index) {
// CHECK-NEXT: [[V:%[0-9]+]] = dsconv.core_id
// CHECK-NEXT: [[V_2:%[0-9]+]] = dsconv.cores
// CHECK-NEXT: [[C8:%[0-9]+]] = arith.constant 8 : index
// CHECK-NEXT: [[V_3:%[0-9]+]] = arith.muli [[V]], [[C8]] : index
// CHECK-NEXT: %k_first = arith.divsi [[V_3]], [[V_2]] : index
// CHECK-NEXT: [[C1:%[0-9]+]] = arith.constant 1 : index
// CHECK-NEXT: [[V_4:%[0-9]+]] = arith.addi [[V]], [[C1]] : index
// CHECK-NEXT: [[V_5:%[0-9]+]] = arith.muli [[V_4]], [[C8]] : index
// CHECK-NEXT: %k_end = arith.divsi [[V_5]], [[V_2]] : index
// CHECK-NEXT: [[C20:%[0-9]+]] = arith.constant 20 : index
// CHECK-NEXT: [[C12:%[0-9]+]] = arith.constant 12 : index
// CHECK-NEXT: [[C0:%[0-9]+]] = arith.constant 0 : index
// CHECK-NEXT: [[C3:%[0-9]+]] = arith.constant 3 : index
// CHECK-NEXT: [[C16:%[0-9]+]] = arith.constant 16 : index
// CHECK-NEXT: [[C0_2:%[0-9]+]] = arith.constant 0 : i64
// CHECK-NEXT: [[C4:%[0-9]+]] = arith.constant 4 : i32
// CHECK-NEXT: [[C4_2:%[0-9]+]] = arith.constant 4 : index
// CHECK-NEXT: [[C9:%[0-9]+]] = arith.constant 9 : index
// CHECK-NEXT: scf.for %k = %k_first to %k_end step [[C1]] {
// CHECK-NEXT: [[V_6:%[0-9]+]] = arith.muli %k, [[C20]] : index
// CHECK-NEXT: [[V_7:%[0-9]+]] = arith.addi [[V_6]], [[C12]] : index
// CHECK-NEXT: %bias = dsconv.load_word %w[[[V_7]]] : memref<160xi8, #dsconv.space<l1>> -> i32
// CHECK-NEXT: %acc = scf.for %fy = [[C0]] to [[C3]] step [[C1]] iter_args(%acc_1 = %bias) -> (i32) {
// CHECK-NEXT: [[V_8:%[0-9]+]] = arith.addi %row, %fy : index
// CHECK-NEXT: %acc_2 = scf.for %fx = [[C0]] to [[C3]] step [[C1]] iter_args(%acc_3 = %acc_1) -> (i32) {
// CHECK-NEXT: [[V_9:%[0-9]+]] = arith.addi %column, %fx : index
// CHECK-NEXT: [[V_10:%[0-9]+]] = arith.muli %fy, [[C4_2]] : index
// CHECK-NEXT: [[V_11:%[0-9]+]] = arith.addi [[V_10]], %fx : index
// CHECK-NEXT: [[V_12:%[0-9]+]] = arith.muli [[V_8]], [[C3]] : index
// CHECK-NEXT: [[V_13:%[0-9]+]] = arith.muli %k, [[C9]] : index
// CHECK-NEXT: [[V_14:%[0-9]+]] = arith.addi [[V_12]], [[V_9]] : index
// CHECK-NEXT: [[V_15:%[0-9]+]] = arith.addi [[V_14]], [[V_13]] : index
// CHECK-NEXT: [[V_16:%[0-9]+]] = arith.addi [[V_6]], [[V_11]] : index
// CHECK-NEXT: [[V_17:%[0-9]+]] = memref.load %w[[[V_16]]] : memref<160xi8, #dsconv.space<l1>>
// CHECK-NEXT: [[V_18:%[0-9]+]] = arith.extsi [[V_17]] : i8 to i32
// CHECK-NEXT: [[V_19:%[0-9]+]] = memref.load %x[[[V_15]]] : memref<72xi8, #dsconv.space<l1>>
// CHECK-NEXT: [[V_20:%[0-9]+]] = arith.extui [[V_19]] : i8 to i32
// CHECK-NEXT: [[V_21:%[0-9]+]] = arith.muli [[V_20]], [[V_18]] : i32
// CHECK-NEXT: [[V_22:%[0-9]+]] = arith.addi %acc_3, [[V_21]] : i32
// CHECK-NEXT: scf.yield [[V_22]] : i32
// CHECK-NEXT: }
// CHECK-NEXT: scf.yield %acc_2 : i32
// CHECK-NEXT: }
// CHECK-NEXT: [[V_23:%[0-9]+]] = arith.addi [[V_6]], [[C16]] : index
// CHECK-NEXT: %multiplier = dsconv.load_word %w[[[V_23]]] : memref<160xi8, #dsconv.space<l1>> -> i32
// CHECK-NEXT: [[V_24:%[0-9]+]] = dsconv.requantise %acc times %multiplier plus [[C0_2]] over [[C4]] : i32 "half_even" plus 3 clip 0 to 255
// CHECK-NEXT: [[V_25:%[0-9]+]] = arith.trunci [[V_24]] : i32 to i8
// CHECK-NEXT: memref.store [[V_25]], %y[%k] : memref<8xi8, #dsconv.space<l1>>
// CHECK-NEXT: }
// CHECK-NEXT: func.return
// CHECK-NEXT: }
// CHECK-NEXT: func.func @a(%x: memref<72xi8, #dsconv.space<l1>>, %w: memref<160xi8, #dsconv.space<l1>>, %y: memref<8xi8, #dsconv.space<l1>>, %i: index) {
// CHECK-NEXT: func.call @dw(%x, %w, %y, %i, %i) : (memref<72xi8, #dsconv.space<l1>>, memref<160xi8, #dsconv.space<l1>>, memref<8xi8, #dsconv.space<l1>>, index, index) -> ()
// CHECK-NEXT: func.return
// CHECK-NEXT: }

// Pixels are split. Four of the five input channels are one dot product, the fifth follows. Records of 12
// bytes: 5 weights, 3 of padding, the bias at 8. A divisor that is no power of two is divided by.
dsconv.kernel "conv2d" @pw : (tensor<1x5x2x4xui8, #dsconv.layout<hwc>>) -> tensor<1x3x2x4xsi8, #dsconv.layout<hwc>> window <kernel = [1, 1]> {requant = #dsconv.requant<multiplier = [3], addend = [7], divisor = [255], floor, clip = [-128, 127]>, record = #dsconv.record<5, bias>}
func.func @b(%x: memref<40xi8, #dsconv.space<l1>>, %w: memref<36xi8, #dsconv.space<l1>>, %y: memref<24xi8, #dsconv.space<l1>>, %i: index) {
  dsconv.run @pw(%x, %w, %y) at %i, %i : memref<40xi8, #dsconv.space<l1>>, memref<36xi8, #dsconv.space<l1>>, memref<24xi8, #dsconv.space<l1>>
  func.return
}
// CHECK: func.func private @pw(%x: memref<40xi8, #dsconv.space<l1>>, %w: memref<36xi8, #dsconv.space<l1>>, %y: memref<24xi8, #dsconv.space<l1>>, %row: index, %column: index) {
// CHECK-NEXT: [[V:%[0-9]+]] = dsconv.core_id
// CHECK-NEXT: [[V_2:%[0-9]+]] = dsconv.cores
// CHECK-NEXT: [[C8:%[0-9]+]] = arith.constant 8 : index
// CHECK-NEXT: [[V_3:%[0-9]+]] = arith.muli [[V]], [[C8]] : index
// CHECK-NEXT: %pixel_first = arith.divsi [[V_3]], [[V_2]] : index
// CHECK-NEXT: [[C1:%[0-9]+]] = arith.constant 1 : index
// CHECK-NEXT: [[V_4:%[0-9]+]] = arith.addi [[V]], [[C1]] : index
// CHECK-NEXT: [[V_5:%[0-9]+]] = arith.muli [[V_4]], [[C8]] : index
// CHECK-NEXT: %pixel_end = arith.divsi [[V_5]], [[V_2]] : index
// CHECK-NEXT: [[C4:%[0-9]+]] = arith.constant 4 : index
// CHECK-NEXT: [[C0:%[0-9]+]] = arith.constant 0 : index
// CHECK-NEXT: [[C3:%[0-9]+]] = arith.constant 3 : index
// CHECK-NEXT: [[C12:%[0-9]+]] = arith.constant 12 : index
// CHECK-NEXT: [[C20:%[0-9]+]] = arith.constant 20 : index
// CHECK-NEXT: [[C5:%[0-9]+]] = arith.constant 5 : index
// CHECK-NEXT: [[C3_2:%[0-9]+]] = arith.constant 3 : i32
// CHECK-NEXT: [[C7:%[0-9]+]] = arith.constant 7 : i64
// CHECK-NEXT: [[C255:%[0-9]+]] = arith.constant 255 : i64
// CHECK-NEXT: scf.for %pixel = %pixel_first to %pixel_end step [[C1]] {
// CHECK-NEXT: %oy = arith.divsi %pixel, [[C4]] : index
// CHECK-NEXT: %ox = arith.remsi %pixel, [[C4]] : index
// CHECK-NEXT: scf.for %k = [[C0]] to [[C3]] step [[C1]] {
// CHECK-NEXT: [[V_6:%[0-9]+]] = arith.muli %k, [[C12]] : index
// CHECK-NEXT: [[V_7:%[0-9]+]] = arith.addi [[V_6]], [[C8]] : index
// CHECK-NEXT: %bias = dsconv.load_word %w[[[V_7]]] : memref<36xi8, #dsconv.space<l1>> -> i32
// CHECK-NEXT: [[V_8:%[0-9]+]] = arith.addi %oy, %row : index
// CHECK-NEXT: [[V_9:%[0-9]+]] = arith.addi %ox, %column : index
// CHECK-NEXT: [[V_10:%[0-9]+]] = arith.muli [[V_8]], [[C20]] : index
// CHECK-NEXT: [[V_11:%[0-9]+]] = arith.muli [[V_9]], [[C5]] : index
// CHECK-NEXT: [[V_12:%[0-9]+]] = arith.addi [[V_10]], [[V_11]] : index
// CHECK-NEXT: [[V_13:%[0-9]+]] = dsconv.load_word %x[[[V_12]]] : memref<40xi8, #dsconv.space<l1>> -> i32
// CHECK-NEXT: [[V_14:%[0-9]+]] = dsconv.load_word %w[[[V_6]]] : memref<36xi8, #dsconv.space<l1>> -> i32
// CHECK-NEXT: [[V_15:%[0-9]+]] = dsconv.sdot4 %bias, [[V_13]] unsigned, [[V_14]]
// CHECK-NEXT: [[V_16:%[0-9]+]] = arith.addi [[V_12]], [[C4]] : index
// CHECK-NEXT: [[V_17:%[0-9]+]] = memref.load %x[[[V_16]]] : memref<40xi8, #dsconv.space<l1>>
// CHECK-NEXT: [[V_18:%[0-9]+]] = arith.extui [[V_17]] : i8 to i32
// CHECK-NEXT: [[V_19:%[0-9]+]] = arith.addi [[V_6]], [[C4]] : index
// CHECK-NEXT: [[V_20:%[0-9]+]] = memref.load %w[[[V_19]]] : memref<36xi8, #dsconv.space<l1>>
// CHECK-NEXT: [[V_21:%[0-9]+]] = arith.extsi [[V_20]] : i8 to i32
// CHECK-NEXT: [[V_22:%[0-9]+]] = arith.muli [[V_18]], [[V_21]] : i32
// CHECK-NEXT: [[V_23:%[0-9]+]] = arith.addi [[V_15]], [[V_22]] : i32
// CHECK-NEXT: [[V_24:%[0-9]+]] = dsconv.requantise [[V_23]] times [[C3_2]] plus [[C7]] over [[C255]] : i64 "floor" plus 0 clip -128 to 127
// CHECK-NEXT: [[V_25:%[0-9]+]] = arith.muli %oy, [[C12]] : index
// CHECK-NEXT: [[V_26:%[0-9]+]] = arith.muli %ox, [[C3]] : index
// CHECK-NEXT: [[V_27:%[0-9]+]] = arith.addi [[V_25]], [[V_26]] : index
// CHECK-NEXT: [[V_28:%[0-9]+]] = arith.addi [[V_27]], %k : index
// CHECK-NEXT: [[V_29:%[0-9]+]] = arith.trunci [[V_24]] : i32 to i8
// CHECK-NEXT: memref.store [[V_29]], %y[[[V_28]]] : memref<24xi8, #dsconv.space<l1>>
// CHECK-NEXT: }
// CHECK-NEXT: }
// CHECK-NEXT: func.return
// CHECK-NEXT: }
// CHECK-NEXT: func.func @b(%x: memref<40xi8, #dsconv.space<l1>>, %w: memref<36xi8, #dsconv.space<l1>>, %y: memref<24xi8, #dsconv.space<l1>>, %i: index) {
// CHECK-NEXT: func.call @pw(%x, %w, %y, %i, %i) : (memref<40xi8, #dsconv.space<l1>>, memref<36xi8, #dsconv.space<l1>>, memref<24xi8, #dsconv.space<l1>>, index, index) -> ()
// CHECK-NEXT: func.return
// CHECK-NEXT: }

// Taps outside the 2x2 tile read the pad pixel behind it, at byte 32 + k.
dsconv.kernel "max_pool" @max : (tensor<1x8x2x2xsi8, #dsconv.layout<hwc>>) -> tensor<1x8x1x1xsi8, #dsconv.layout<hwc>> window <kernel = [1, 2], pads = [0, 1, 0, 0]>
func.func @c(%x: memref<40xi8, #dsconv.space<l1>>, %y: memref<8xi8, #dsconv.space<l1>>, %i: index) {
  dsconv.run @max(%x, %y) at %i, %i : memref<40xi8, #dsconv.space<l1>>, memref<8xi8, #dsconv.space<l1>>
  func.return
}
// CHECK: func.func private @max(%x: memref<40xi8, #dsconv.space<l1>>, %y: memref<8xi8, #dsconv.space<l1>>, %row: index, %column: index) {
// CHECK-NEXT: [[V:%[0-9]+]] = dsconv.core_id
// CHECK-NEXT: [[V_2:%[0-9]+]] = dsconv.cores
// CHECK-NEXT: [[C8:%[0-9]+]] = arith.constant 8 : index
// CHECK-NEXT: [[V_3:%[0-9]+]] = arith.muli [[V]], [[C8]] : index
// CHECK-NEXT: %k_first = arith.divsi [[V_3]], [[V_2]] : index
// CHECK-NEXT: [[C1:%[0-9]+]] = arith.constant 1 : index
// CHECK-NEXT: [[V_4:%[0-9]+]] = arith.addi [[V]], [[C1]] : index
// CHECK-NEXT: [[V_5:%[0-9]+]] = arith.muli [[V_4]], [[C8]] : index
// CHECK-NEXT: %k_end = arith.divsi [[V_5]], [[V_2]] : index
// CHECK-NEXT: [[CM128:%[0-9]+]] = arith.constant -128 : i32
// CHECK-NEXT: [[C0:%[0-9]+]] = arith.constant 0 : index
// CHECK-NEXT: [[C2:%[0-9]+]] = arith.constant 2 : index
// CHECK-NEXT: [[C16:%[0-9]+]] = arith.constant 16 : index
// CHECK-NEXT: [[C32:%[0-9]+]] = arith.constant 32 : index
// CHECK-NEXT: scf.for %k = %k_first to %k_end step [[C1]] {
// CHECK-NEXT: %largest = scf.for %fx = [[C0]] to [[C2]] step [[C1]] iter_args(%largest_1 = [[CM128]]) -> (i32) {
// CHECK-NEXT: [[V_6:%[0-9]+]] = arith.addi %column, %fx : index
// CHECK-NEXT: [[V_7:%[0-9]+]] = arith.muli %row, [[C16]] : index
// CHECK-NEXT: [[V_8:%[0-9]+]] = arith.muli [[V_6]], [[C8]] : index
// CHECK-NEXT: [[V_9:%[0-9]+]] = arith.addi [[V_7]], [[V_8]] : index
// CHECK-NEXT: [[V_10:%[0-9]+]] = arith.addi [[V_9]], %k : index
// CHECK-NEXT: [[V_11:%[0-9]+]] = arith.addi %k, [[C32]] : index
// CHECK-NEXT: [[V_12:%[0-9]+]] = arith.cmpi ult, %row, [[C2]] : index
// CHECK-NEXT: [[V_13:%[0-9]+]] = arith.cmpi ult, [[V_6]], [[C2]] : index
// CHECK-NEXT: [[V_14:%[0-9]+]] = arith.andi [[V_12]], [[V_13]] : i1
// CHECK-NEXT: %tap = arith.select [[V_14]], [[V_10]], [[V_11]] : index
// CHECK-NEXT: [[V_15:%[0-9]+]] = memref.load %x[%tap] : memref<40xi8, #dsconv.space<l1>>
// CHECK-NEXT: [[V_16:%[0-9]+]] = arith.extsi [[V_15]] : i8 to i32
// CHECK-NEXT: [[V_17:%[0-9]+]] = arith.maxsi %largest_1, [[V_16]] : i32
// CHECK-NEXT: scf.yield [[V_17]] : i32
// CHECK-NEXT: }
// CHECK-NEXT: [[V_18:%[0-9]+]] = arith.trunci %largest : i32 to i8
// CHECK-NEXT: memref.store [[V_18]], %y[%k] : memref<8xi8, #dsconv.space<l1>>
// CHECK-NEXT: }
// CHECK-NEXT: func.return
// CHECK-NEXT: }
// CHECK-NEXT: func.func @c(%x: memref<40xi8, #dsconv.space<l1>>, %y: memref<8xi8, #dsconv.space<l1>>, %i: index) {
// CHECK-NEXT: func.call @max(%x, %y, %i, %i) : (memref<40xi8, #dsconv.space<l1>>, memref<8xi8, #dsconv.space<l1>>, index, index) -> ()
// CHECK-NEXT: func.return
// CHECK-NEXT: }

// The zero points are taken off at once: -(3 * 1 + 5 * 128). The right operand is unsigned.
dsconv.kernel "add" @add : (tensor<1x1x1x8xsi8, #dsconv.layout<chw>>, tensor<1x1x1x8xui8, #dsconv.layout<chw>>) -> tensor<1x1x1x8xsi8, #dsconv.layout<chw>> window <kernel = [1, 1]> {requant = #dsconv.requant<multiplier = [1], shift = [4], half_up, clip = [-128, 127]>, zero_points = array<i64: 1, 128>, multipliers = array<i64: 3, 5>}
func.func @d(%x: memref<8xi8, #dsconv.space<l1>>, %y: memref<8xi8, #dsconv.space<l1>>, %i: index) {
  dsconv.run @add(%x, %x, %y) at %i, %i : memref<8xi8, #dsconv.space<l1>>, memref<8xi8, #dsconv.space<l1>>, memref<8xi8, #dsconv.space<l1>>
  func.return
}
// CHECK: func.func private @add(%x0: memref<8xi8, #dsconv.space<l1>>, %x1: memref<8xi8, #dsconv.space<l1>>, %y: memref<8xi8, #dsconv.space<l1>>, %row: index, %column: index) {
// CHECK-NEXT: [[V:%[0-9]+]] = dsconv.core_id
// CHECK-NEXT: [[V_2:%[0-9]+]] = dsconv.cores
// CHECK-NEXT: [[C8:%[0-9]+]] = arith.constant 8 : index
// CHECK-NEXT: [[V_3:%[0-9]+]] = arith.muli [[V]], [[C8]] : index
// CHECK-NEXT: %pixel_first = arith.divsi [[V_3]], [[V_2]] : index
// CHECK-NEXT: [[C1:%[0-9]+]] = arith.constant 1 : index
// CHECK-NEXT: [[V_4:%[0-9]+]] = arith.addi [[V]], [[C1]] : index
// CHECK-NEXT: [[V_5:%[0-9]+]] = arith.muli [[V_4]], [[C8]] : index
// CHECK-NEXT: %pixel_end = arith.divsi [[V_5]], [[V_2]] : index
// CHECK-NEXT: [[C3:%[0-9]+]] = arith.constant 3 : i32
// CHECK-NEXT: [[C5:%[0-9]+]] = arith.constant 5 : i32
// CHECK-NEXT: [[CM643:%[0-9]+]] = arith.constant -643 : i32
// CHECK-NEXT: [[C1_2:%[0-9]+]] = arith.constant 1 : i32
// CHECK-NEXT: [[C0:%[0-9]+]] = arith.constant 0 : i64
// CHECK-NEXT: [[C4:%[0-9]+]] = arith.constant 4 : i32
// CHECK-NEXT: scf.for %pixel = %pixel_first to %pixel_end step [[C1]] {
// CHECK-NEXT: %oy = arith.divsi %pixel, [[C8]] : index
// CHECK-NEXT: %ox = arith.remsi %pixel, [[C8]] : index
// CHECK-NEXT: [[V_8:%[0-9]+]] = memref.load %x0[%ox] : memref<8xi8, #dsconv.space<l1>>
// CHECK-NEXT: [[V_9:%[0-9]+]] = arith.extsi [[V_8]] : i8 to i32
// CHECK-NEXT: [[V_11:%[0-9]+]] = memref.load %x1[%ox] : memref<8xi8, #dsconv.space<l1>>
// CHECK-NEXT: [[V_12:%[0-9]+]] = arith.extui [[V_11]] : i8 to i32
// CHECK-NEXT: [[V_10:%[0-9]+]] = arith.muli [[V_9]], [[C3]] : i32
// CHECK-NEXT: [[V_13:%[0-9]+]] = arith.muli [[V_12]], [[C5]] : i32
// CHECK-NEXT: [[V_14:%[0-9]+]] = arith.addi [[V_10]], [[V_13]] : i32
// CHECK-NEXT: [[V_15:%[0-9]+]] = arith.addi [[V_14]], [[CM643]] : i32
// CHECK-NEXT: [[V_16:%[0-9]+]] = dsconv.requantise [[V_15]] times [[C1_2]] plus [[C0]] over [[C4]] : i32 "half_up" plus 0 clip -128 to 127
// CHECK-NEXT: [[V_6:%[0-9]+]] = arith.muli %oy, [[C8]] : index
// CHECK-NEXT: [[V_7:%[0-9]+]] = arith.addi [[V_6]], %ox : index
// CHECK-NEXT: [[V_17:%[0-9]+]] = arith.trunci [[V_16]] : i32 to i8
// CHECK-NEXT: memref.store [[V_17]], %y[[[V_7]]] : memref<8xi8, #dsconv.space<l1>>
// CHECK-NEXT: }
// CHECK-NEXT: func.return
// CHECK-NEXT: }
// CHECK-NEXT: func.func @d(%x: memref<8xi8, #dsconv.space<l1>>, %y: memref<8xi8, #dsconv.space<l1>>, %i: index) {
// CHECK-NEXT: func.call @add(%x, %x, %y, %i, %i) : (memref<8xi8, #dsconv.space<l1>>, memref<8xi8, #dsconv.space<l1>>, memref<8xi8, #dsconv.space<l1>>, index, index) -> ()
// CHECK-NEXT: func.return
// CHECK-NEXT: }

// Nor are the four zero points of -5 taken off one by one: the sum begins at 20.
dsconv.kernel "avg_pool" @avg : (tensor<1x8x2x2xsi8, #dsconv.layout<chw>>) -> tensor<1x8x1x1xsi8, #dsconv.layout<chw>> window <kernel = [2, 2]> {requant = #dsconv.requant<multiplier = [1], shift = [2], half_even, clip = [-128, 127]>, zero_points = array<i64: -5>}
func.func @e(%x: memref<32xi8, #dsconv.space<l1>>, %y: memref<8xi8, #dsconv.space<l1>>, %i: index) {
  dsconv.run @avg(%x, %y) at %i, %i : memref<32xi8, #dsconv.space<l1>>, memref<8xi8, #dsconv.space<l1>>
  func.return
}
// CHECK: func.func private @avg(%x: memref<32xi8, #dsconv.space<l1>>, %y: memref<8xi8, #dsconv.space<l1>>, %row: index, %column: index) {
// CHECK-NEXT: [[V:%[0-9]+]] = dsconv.core_id
// CHECK-NEXT: [[V_2:%[0-9]+]] = dsconv.cores
// CHECK-NEXT: [[C8:%[0-9]+]] = arith.constant 8 : index
// CHECK-NEXT: [[V_3:%[0-9]+]] = arith.muli [[V]], [[C8]] : index
// CHECK-NEXT: %k_first = arith.divsi [[V_3]], [[V_2]] : index
// CHECK-NEXT: [[C1:%[0-9]+]] = arith.constant 1 : index
// CHECK-NEXT: [[V_4:%[0-9]+]] = arith.addi [[V]], [[C1]] : index
// CHECK-NEXT: [[V_5:%[0-9]+]] = arith.muli [[V_4]], [[C8]] : index
// CHECK-NEXT: %k_end = arith.divsi [[V_5]], [[V_2]] : index
// CHECK-NEXT: [[C20:%[0-9]+]] = arith.constant 20 : i32
// CHECK-NEXT: [[C0:%[0-9]+]] = arith.constant 0 : index
// CHECK-NEXT: [[C2:%[0-9]+]] = arith.constant 2 : index
// CHECK-NEXT: [[C1_2:%[0-9]+]] = arith.constant 1 : i32
// CHECK-NEXT: [[C0_2:%[0-9]+]] = arith.constant 0 : i64
// CHECK-NEXT: [[C2_2:%[0-9]+]] = arith.constant 2 : i32
// CHECK-NEXT: [[C4:%[0-9]+]] = arith.constant 4 : index
// CHECK-NEXT: scf.for %k = %k_first to %k_end step [[C1]] {
// CHECK-NEXT: %acc = scf.for %fy = [[C0]] to [[C2]] step [[C1]] iter_args(%acc_1 = [[C20]]) -> (i32) {
// CHECK-NEXT: [[V_6:%[0-9]+]] = arith.addi %row, %fy : index
// CHECK-NEXT: %acc_2 = scf.for %fx = [[C0]] to [[C2]] step [[C1]] iter_args(%acc_3 = %acc_1) -> (i32) {
// CHECK-NEXT: [[V_7:%[0-9]+]] = arith.addi %column, %fx : index
// CHECK-NEXT: [[V_8:%[0-9]+]] = arith.muli [[V_6]], [[C2]] : index
// CHECK-NEXT: [[V_9:%[0-9]+]] = arith.muli %k, [[C4]] : index
// CHECK-NEXT: [[V_10:%[0-9]+]] = arith.addi [[V_8]], [[V_7]] : index
// CHECK-NEXT: [[V_11:%[0-9]+]] = arith.addi [[V_10]], [[V_9]] : index
// CHECK-NEXT: [[V_12:%[0-9]+]] = memref.load %x[[[V_11]]] : memref<32xi8, #dsconv.space<l1>>
// CHECK-NEXT: [[V_13:%[0-9]+]] = arith.extsi [[V_12]] : i8 to i32
// CHECK-NEXT: [[V_14:%[0-9]+]] = arith.addi %acc_3, [[V_13]] : i32
// CHECK-NEXT: scf.yield [[V_14]] : i32
// CHECK-NEXT: }
// CHECK-NEXT: scf.yield %acc_2 : i32
// CHECK-NEXT: }
// CHECK-NEXT: [[V_15:%[0-9]+]] = dsconv.requantise %acc times [[C1_2]] plus [[C0_2]] over [[C2_2]] : i32 "half_even" plus 0 clip -128 to 127
// CHECK-NEXT: [[V_16:%[0-9]+]] = arith.trunci [[V_15]] : i32 to i8
// CHECK-NEXT: memref.store [[V_16]], %y[%k] : memref<8xi8, #dsconv.space<l1>>
// CHECK-NEXT: }
// CHECK-NEXT: func.return
// CHECK-NEXT: }
// CHECK-NEXT: func.func @e(%x: memref<32xi8, #dsconv.space<l1>>, %y: memref<8xi8, #dsconv.space<l1>>, %i: index) {
// CHECK-NEXT: func.call @avg(%x, %y, %i, %i) : (memref<32xi8, #dsconv.space<l1>>, memref<8xi8, #dsconv.space<l1>>, index, index) -> ()
// CHECK-NEXT: func.return
// CHECK-NEXT: }

// Weights with zero points: the bias less zero point times the sum of the pixel's inputs. A pixel is too
// few for eight cores, so channels are split and the sum is shared.
dsconv.kernel "conv2d" @zp : (tensor<1x4x1x1xsi8, #dsconv.layout<hwc>>) -> tensor<1x8x1x1xsi8, #dsconv.layout<hwc>> window <kernel = [1, 1]> {requant = #dsconv.requant<multiplier = [1], shift = [4], half_even, clip = [-128, 127]>, record = #dsconv.record<4, bias, weight_zero_point>}
func.func @f(%x: memref<8xi8, #dsconv.space<l1>>, %w: memref<96xi8, #dsconv.space<l1>>, %y: memref<8xi8, #dsconv.space<l1>>, %i: index) {
  dsconv.run @zp(%x, %w, %y) at %i, %i : memref<8xi8, #dsconv.space<l1>>, memref<96xi8, #dsconv.space<l1>>, memref<8xi8, #dsconv.space<l1>>
  func.return
}
// CHECK: func.func private @zp(%x: memref<8xi8, #dsconv.space<l1>>, %w: memref<96xi8, #dsconv.space<l1>>, %y: memref<8xi8, #dsconv.space<l1>>, %row: index, %column: index) {
// CHECK-NEXT: [[C0:%[0-9]+]] = arith.constant 0 : i32
// CHECK-NEXT: [[C4:%[0-9]+]] = arith.constant 4 : index
// CHECK-NEXT: [[V:%[0-9]+]] = arith.muli %row, [[C4]] : index
// CHECK-NEXT: [[V_2:%[0-9]+]] = arith.muli %column, [[C4]] : index
// CHECK-NEXT: [[V_3:%[0-9]+]] = arith.addi [[V]], [[V_2]] : index
// CHECK-NEXT: [[V_4:%[0-9]+]] = dsconv.load_word %x[[[V_3]]] : memref<8xi8, #dsconv.space<l1>> -> i32
// CHECK-NEXT: [[C16843009:%[0-9]+]] = arith.constant 16843009 : i32
// CHECK-NEXT: [[V_5:%[0-9]+]] = dsconv.sdot4 [[C0]], [[V_4]], [[C16843009]]
// CHECK-NEXT: [[V_6:%[0-9]+]] = dsconv.core_id
// CHECK-NEXT: [[V_7:%[0-9]+]] = dsconv.cores
// CHECK-NEXT: [[C8:%[0-9]+]] = arith.constant 8 : index
// CHECK-NEXT: [[V_8:%[0-9]+]] = arith.muli [[V_6]], [[C8]] : index
// CHECK-NEXT: %k_first = arith.divsi [[V_8]], [[V_7]] : index
// CHECK-NEXT: [[C1:%[0-9]+]] = arith.constant 1 : index
// CHECK-NEXT: [[V_9:%[0-9]+]] = arith.addi [[V_6]], [[C1]] : index
// CHECK-NEXT: [[V_10:%[0-9]+]] = arith.muli [[V_9]], [[C8]] : index
// CHECK-NEXT: %k_end = arith.divsi [[V_10]], [[V_7]] : index
// CHECK-NEXT: [[C12:%[0-9]+]] = arith.constant 12 : index
// CHECK-NEXT: [[C1_2:%[0-9]+]] = arith.constant 1 : i32
// CHECK-NEXT: [[C0_2:%[0-9]+]] = arith.constant 0 : i64
// CHECK-NEXT: [[C4_2:%[0-9]+]] = arith.constant 4 : i32
// CHECK-NEXT: scf.for %k = %k_first to %k_end step [[C1]] {
// CHECK-NEXT: [[V_11:%[0-9]+]] = arith.muli %k, [[C12]] : index
// CHECK-NEXT: [[V_12:%[0-9]+]] = arith.addi [[V_11]], [[C4]] : index
// CHECK-NEXT: %bias = dsconv.load_word %w[[[V_12]]] : memref<96xi8, #dsconv.space<l1>> -> i32
// CHECK-NEXT: [[V_13:%[0-9]+]] = arith.addi [[V_11]], [[C8]] : index
// CHECK-NEXT: %weight_zero_point = dsconv.load_word %w[[[V_13]]] : memref<96xi8, #dsconv.space<l1>> -> i32
// CHECK-NEXT: [[V_14:%[0-9]+]] = arith.muli %weight_zero_point, [[V_5]] : i32
// CHECK-NEXT: [[V_15:%[0-9]+]] = arith.subi %bias, [[V_14]] : i32
// CHECK-NEXT: [[V_16:%[0-9]+]] = dsconv.load_word %x[[[V_3]]] : memref<8xi8, #dsconv.space<l1>> -> i32
// CHECK-NEXT: [[V_17:%[0-9]+]] = dsconv.load_word %w[[[V_11]]] : memref<96xi8, #dsconv.space<l1>> -> i32
// CHECK-NEXT: [[V_18:%[0-9]+]] = dsconv.sdot4 [[V_15]], [[V_16]], [[V_17]]
// CHECK-NEXT: [[V_19:%[0-9]+]] = dsconv.requantise [[V_18]] times [[C1_2]] plus [[C0_2]] over [[C4_2]] : i32 "half_even" plus 0 clip -128 to 127
// CHECK-NEXT: [[V_20:%[0-9]+]] = arith.trunci [[V_19]] : i32 to i8
// CHECK-NEXT: memref.store [[V_20]], %y[%k] : memref<8xi8, #dsconv.space<l1>>
// CHECK-NEXT: }
// CHECK-NEXT: func.return
// CHECK-NEXT: }
// CHECK-NEXT: func.func @f(%x: memref<8xi8, #dsconv.space<l1>>, %w: memref<96xi8, #dsconv.space<l1>>, %y: memref<8xi8, #dsconv.space<l1>>, %i: index) {
// CHECK-NEXT: func.call @zp(%x, %w, %y, %i, %i) : (memref<8xi8, #dsconv.space<l1>>, memref<96xi8, #dsconv.space<l1>>, memref<8xi8, #dsconv.space<l1>>, index, index) -> ()
// CHECK-NEXT: func.return
// CHECK-NEXT: }

// A rescaling takes off the zero point, then requantises; the low byte is stored.
dsconv.kernel "rescale" @scale : (tensor<1x1x1x8xui8, #dsconv.layout<chw>>) -> tensor<1x1x1x8xsi8, #dsconv.layout<chw>> window <kernel = [1, 1]> {requant = #dsconv.requant<multiplier = [1], shift = [0], half_even, clip = [-128, 127]>, zero_points = array<i64: 128>}
func.func @g(%x: memref<8xi8, #dsconv.space<l1>>, %y: memref<8xi8, #dsconv.space<l1>>, %i: index) {
  dsconv.run @scale(%x, %y) at %i, %i : memref<8xi8, #dsconv.space<l1>>, memref<8xi8, #dsconv.space<l1>>
  func.return
}
// CHECK: func.func private @scale(%x: memref<8xi8, #dsconv.space<l1>>, %y: memref<8xi8, #dsconv.space<l1>>, %row: index, %column: index) {
// CHECK-NEXT: [[V:%[0-9]+]] = dsconv.core_id
// CHECK-NEXT: [[V_2:%[0-9]+]] = dsconv.cores
// CHECK-NEXT: [[C8:%[0-9]+]] = arith.constant 8 : index
// CHECK-NEXT: [[V_3:%[0-9]+]] = arith.muli [[V]], [[C8]] : index
// CHECK-NEXT: %pixel_first = arith.divsi [[V_3]], [[V_2]] : index
// CHECK-NEXT: [[C1:%[0-9]+]] = arith.constant 1 : index
// CHECK-NEXT: [[V_4:%[0-9]+]] = arith.addi [[V]], [[C1]] : index
// CHECK-NEXT: [[V_5:%[0-9]+]] = arith.muli [[V_4]], [[C8]] : index
// CHECK-NEXT: %pixel_end = arith.divsi [[V_5]], [[V_2]] : index
// CHECK-NEXT: [[CM128:%[0-9]+]] = arith.constant -128 : i32
// CHECK-NEXT: [[C1_2:%[0-9]+]] = arith.constant 1 : i32
// CHECK-NEXT: [[C0:%[0-9]+]] = arith.constant 0 : i64
// CHECK-NEXT: [[C0_2:%[0-9]+]] = arith.constant 0 : i32
// CHECK-NEXT: scf.for %pixel = %pixel_first to %pixel_end step [[C1]] {
// CHECK-NEXT: %oy = arith.divsi %pixel, [[C8]] : index
// CHECK-NEXT: %ox = arith.remsi %pixel, [[C8]] : index
// CHECK-NEXT: [[V_6:%[0-9]+]] = arith.muli %oy, [[C8]] : index
// CHECK-NEXT: [[V_7:%[0-9]+]] = arith.addi [[V_6]], %ox : index
// CHECK-NEXT: [[V_8:%[0-9]+]] = memref.load %x[[[V_7]]] : memref<8xi8, #dsconv.space<l1>>
// CHECK-NEXT: [[V_9:%[0-9]+]] = arith.extui [[V_8]] : i8 to i32
// CHECK-NEXT: [[V_10:%[0-9]+]] = arith.addi [[V_9]], [[CM128]] : i32
// CHECK-NEXT: [[V_11:%[0-9]+]] = dsconv.requantise [[V_10]] times [[C1_2]] plus [[C0]] over [[C0_2]] : i32 "half_even" plus 0 clip -128 to 127
// CHECK-NEXT: [[V_12:%[0-9]+]] = arith.trunci [[V_11]] : i32 to i8
// CHECK-NEXT: memref.store [[V_12]], %y[[[V_7]]] : memref<8xi8, #dsconv.space<l1>>
// CHECK-NEXT: }
// CHECK-NEXT: func.return
// CHECK-NEXT: }
// CHECK-NEXT: func.func @g(%x: memref<8xi8, #dsconv.space<l1>>, %y: memref<8xi8, #dsconv.space<l1>>, %i: index) {
// CHECK-NEXT: func.call @scale(%x, %y, %i, %i) : (memref<8xi8, #dsconv.space<l1>>, memref<8xi8, #dsconv.space<l1>>, index, index) -> ()
// CHECK-NEXT: func.return
// CHECK-NEXT: }

// Row 4 of a ring of four is row 0.
dsconv.kernel "depthwise" @ring : (tensor<1x1x4x1xsi8, #dsconv.layout<chw>>) -> tensor<1x1x1x1xsi8, #dsconv.layout<chw>> window <kernel = [3, 1]> {requant = #dsconv.requant<multiplier = [1], shift = [0], half_even, clip = [-128, 127]>, record = #dsconv.record<3, bias>, circular}
func.func @h(%x: memref<8xi8, #dsconv.space<l1>>, %w: memref<8xi8, #dsconv.space<l1>>, %y: memref<8xi8, #dsconv.space<l1>>, %i: index) {
  dsconv.run @ring(%x, %w, %y) at %i, %i : memref<8xi8, #dsconv.space<l1>>, memref<8xi8, #dsconv.space<l1>>, memref<8xi8, #dsconv.space<l1>>
  func.return
}
// CHECK: func.func private @ring(
// CHECK: [[C4:%[0-9]+]] = arith.constant 4 : index
// CHECK: %acc = scf.for %fy
// CHECK-NEXT: [[ROW:%[0-9]+]] = arith.addi %row, %fy : index
// CHECK-NEXT: [[PLACE:%[0-9]+]] = arith.remsi [[ROW]], [[C4]] : index
// CHECK: memref.load %x[
// CHECK: func.func @h

// A kernel that nothing runs is gone, and functions that run none stay.
dsconv.kernel "rescale" @unused : (tensor<1x1x1x8xui8, #dsconv.layout<chw>>) -> tensor<1x1x1x8xsi8, #dsconv.layout<chw>> window <kernel = [1, 1]> {requant = #dsconv.requant<multiplier = [1], shift = [0], half_even, clip = [-128, 127]>, zero_points = array<i64: 128>}
func.func @foreign(%a: i32) -> i32 {
  %s = arith.addi %a, %a : i32
  func.return %s : i32
}
// CHECK-NOT: @unused
// CHECK: func.func @foreign(%a: i32) -> i32 {
// CHECK-NEXT: %s = arith.addi %a, %a : i32
// CHECK-NEXT: func.return %s : i32
// CHECK-NEXT: }

// Two comparisons find one of four steps; a record has three words of thresholds and four values behind them.
dsconv.kernel "steps" @silu : (tensor<1x1x1x8xi32, #dsconv.layout<chw>>) -> tensor<1x1x1x8xsi8, #dsconv.layout<chw>> window <kernel = [1, 1]> {record = #dsconv.record<16>, shared_record}
func.func @i(%x: memref<32xi8, #dsconv.space<l1>>, %w: memref<16xi8, #dsconv.space<l1>>, %y: memref<8xi8, #dsconv.space<l1>>, %i: index) {
  dsconv.run @silu(%x, %w, %y) at %i, %i : memref<32xi8, #dsconv.space<l1>>, memref<16xi8, #dsconv.space<l1>>, memref<8xi8, #dsconv.space<l1>>
  func.return
}
// CHECK: func.func private @silu(
// CHECK: [[SUM:%[0-9]+]] = dsconv.load_word %x[{{%[0-9]+}}] : memref<32xi8, #dsconv.space<l1>> -> i32
// CHECK-NEXT: [[MIDDLE:%[0-9]+]] = dsconv.load_word %w[{{%[0-9]+}}] : memref<16xi8, #dsconv.space<l1>> -> i32
// CHECK-NEXT: [[PASSED:%[0-9]+]] = arith.cmpi sge, [[SUM]], [[MIDDLE]] : i32
// CHECK-NEXT: %step = arith.select [[PASSED]], {{%[0-9]+}}, {{%[0-9]+}} : index
// CHECK: [[NEXT:%[0-9]+]] = dsconv.load_word %w[
// CHECK-NEXT: arith.cmpi sge, [[SUM]], [[NEXT]] : i32
// CHECK: %step_1 = arith.select
// CHECK: [[VALUE:%[0-9]+]] = memref.load %w[
// CHECK-NEXT: memref.store [[VALUE]], %y[
// CHECK: func.func @i

// Four channels of one pixel become a block of 2x2.
dsconv.kernel "depth_to_space" @blocks : (tensor<1x4x3x3xsi8, #dsconv.layout<chw>>) -> tensor<1x1x6x6xsi8, #dsconv.layout<chw>> window <kernel = [1, 1]> {factors = array<i64: 2, 2>}
func.func @j(%x: memref<36xi8, #dsconv.space<l1>>, %y: memref<36xi8, #dsconv.space<l1>>, %i: index) {
  dsconv.run @blocks(%x, %y) at %i, %i : memref<36xi8, #dsconv.space<l1>>, memref<36xi8, #dsconv.space<l1>>
  func.return
}
// CHECK: func.func private @blocks(
// CHECK: [[Y:%[0-9]+]] = arith.addi %oy, %row : index
// CHECK-NEXT: [[X:%[0-9]+]] = arith.addi %ox, %column : index
// CHECK-NEXT: [[ROW:%[0-9]+]] = arith.remsi [[Y]], [[TWO:%[0-9]+]] : index
// CHECK-NEXT: [[FIRST:%[0-9]+]] = arith.muli [[ROW]], [[TWO]] : index
// CHECK-NEXT: [[COLUMN:%[0-9]+]] = arith.remsi [[X]], [[TWO]] : index
// CHECK-NEXT: [[CHANNEL:%[0-9]+]] = arith.addi [[FIRST]], [[COLUMN]] : index
// CHECK-NEXT: arith.divsi [[Y]], [[TWO]] : index
// CHECK-NEXT: arith.divsi [[X]], [[TWO]] : index
// CHECK: func.func @j

// Places in quarters between rows, moved into the map; columns lie where they were.
dsconv.kernel "interpolate" @up : (tensor<1x1x4x2xui8, #dsconv.layout<chw>>) -> tensor<1x1x8x2xui8, #dsconv.layout<chw>> window <kernel = [1, 1]> {requant = #dsconv.requant<multiplier = [1], shift = [2], half_even, clip = [0, 255]>, zero_points = array<i64: 0>, places = array<i64: 2, -1, 4, 1, 0, 1>}
func.func @k(%x: memref<8xi8, #dsconv.space<l1>>, %y: memref<16xi8, #dsconv.space<l1>>, %i: index) {
  dsconv.run @up(%x, %y) at %i, %i : memref<8xi8, #dsconv.space<l1>>, memref<16xi8, #dsconv.space<l1>>
  func.return
}
// CHECK: func.func private @up(
// CHECK: [[MOVED:%[0-9]+]] = arith.addi {{%[0-9]+}}, %row : index
// CHECK-NEXT: [[BELOW:%[0-9]+]] = arith.maxsi [[MOVED]], {{%[0-9]+}} : index
// CHECK-NEXT: [[PLACE:%[0-9]+]] = arith.minsi [[BELOW]], {{%[0-9]+}} : index
// CHECK-NEXT: arith.divsi [[PLACE]], [[FOUR:%[0-9]+]] : index
// CHECK-NEXT: [[PARTS:%[0-9]+]] = arith.remsi [[PLACE]], [[FOUR]] : index
// CHECK-NEXT: [[SHARE:%[0-9]+]] = arith.index_cast [[PARTS]] : index to i32
// CHECK: func.func @k

// A weighted sum of 64 bits, and two comparisons for one of four steps; the record has a row of factors and what is
// added, three thresholds, and four values.
dsconv.kernel "sum_steps" @sum : (tensor<1x1x1x8xi32, #dsconv.layout<chw>>, tensor<1x1x1x8xui8, #dsconv.layout<chw>>) -> tensor<1x1x1x8xsi8, #dsconv.layout<chw>> window <kernel = [1, 1]> {record = #dsconv.record<52>, shared_record, thresholds = 3 : i64}
func.func @sum_of(%x: memref<32xi8, #dsconv.space<l1>>, %b: memref<8xi8, #dsconv.space<l1>>, %w: memref<52xi8, #dsconv.space<l1>>, %y: memref<8xi8, #dsconv.space<l1>>, %i: index) {
  dsconv.run @sum(%x, %b, %w, %y) at %i, %i : memref<32xi8, #dsconv.space<l1>>, memref<8xi8, #dsconv.space<l1>>, memref<52xi8, #dsconv.space<l1>>, memref<8xi8, #dsconv.space<l1>>
  func.return
}
// CHECK: func.func private @sum(
// CHECK: [[ADDED:%[0-9]+]] = dsconv.load_word %w[{{%[0-9]+}}] : memref<52xi8, #dsconv.space<l1>> -> i64
// CHECK: [[PRODUCT:%[0-9]+]] = arith.muli {{%[0-9]+}}, {{%[0-9]+}} : i64
// CHECK: arith.addi [[ADDED]], [[PRODUCT]] : i64
// CHECK: %sum{{.*}} = arith.addi {{.*}} : i64
// CHECK: [[MIDDLE:%[0-9]+]] = dsconv.load_word %w[{{%[0-9]+}}] : memref<52xi8, #dsconv.space<l1>> -> i64
// CHECK: arith.cmpi sge, %sum{{.*}}, [[MIDDLE]] : i64
// CHECK: arith.select
// CHECK: [[VALUE:%[0-9]+]] = memref.load %w[
// CHECK: memref.store [[VALUE]], %y[
// CHECK: func.func @sum_of
