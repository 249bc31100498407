// RUN: xdsl-opt -p lower-to-tiles,cse %s | filecheck %s
// RUN: xdsl-opt -p 'lower-to-tiles,plan-memory,lower-kernels{cores=1},canonicalize,cse' %s | filecheck %s --check-prefix=LOOPS

// A tile of a concat has all channels of all inputs.
func.func @join(%a: tensor<1x2x4x2xsi8, #dsconv.layout<chw>>, %b: tensor<1x1x4x2xsi8, #dsconv.layout<chw>>) -> tensor<1x3x4x2xsi8, #dsconv.layout<chw>> {
  %y = dsconv.concat "join"(%a, %b) {tile = #dsconv.tile<3, 2, 2, weights>} : (tensor<1x2x4x2xsi8, #dsconv.layout<chw>>, tensor<1x1x4x2xsi8, #dsconv.layout<chw>>) -> tensor<1x3x4x2xsi8, #dsconv.layout<chw>>
  func.return %y : tensor<1x3x4x2xsi8, #dsconv.layout<chw>>
}
// CHECK: dsconv.kernel "concat" @join_kernel : (tensor<1x2x2x2xsi8, #dsconv.layout<chw>>, tensor<1x1x2x2xsi8, #dsconv.layout<chw>>) -> tensor<1x3x2x2xsi8
// CHECK-LABEL: func.func @join
// CHECK: dsconv.dma_start %0{{.*}} box <2 by 8, 4>
// CHECK: dsconv.dma_start %1{{.*}} box <4>
// LOOPS-LABEL: func.func private @join_kernel
// LOOPS: memref.load %x0
// LOOPS: memref.store
// LOOPS: memref.load %x1
// LOOPS: memref.store

// Padding in memory is a window of one pixel, and the pad pixel its value.
func.func @around(%x: tensor<1x1x4x2xsi8, #dsconv.layout<chw>>) -> tensor<1x1x5x2xsi8, #dsconv.layout<chw>> {
  %y = dsconv.pad "around"(%x) pads [1, 0, 0, 0] value 7 {tile = #dsconv.tile<1, 5, 2, weights>} : (tensor<1x1x4x2xsi8, #dsconv.layout<chw>>) -> tensor<1x1x5x2xsi8, #dsconv.layout<chw>>
  func.return %y : tensor<1x1x5x2xsi8, #dsconv.layout<chw>>
}
// CHECK: dsconv.kernel "max_pool" @around_kernel
// CHECK-SAME: window <kernel = [1, 1], pads = [1, 0, 0, 0]> {pad_value = 7 : i64, row_starts = array<i64: -1>}
// CHECK-LABEL: func.func @around
// CHECK: dsconv.fill {{.*}} with 7

// Rows 3 to 5 of an output that repeats them twice are rows 1 and 2 of the input; the first of them is
// the second repetition of row 1.
func.func @up(%x: tensor<1x1x3x2xsi8, #dsconv.layout<chw>>) -> tensor<1x1x6x2xsi8, #dsconv.layout<chw>> {
  %y = dsconv.resize "up"(%x) {tile = #dsconv.tile<1, 3, 2, weights>} : (tensor<1x1x3x2xsi8, #dsconv.layout<chw>>) -> tensor<1x1x6x2xsi8, #dsconv.layout<chw>>
  func.return %y : tensor<1x1x6x2xsi8, #dsconv.layout<chw>>
}
// CHECK: dsconv.kernel "resize" @up_kernel : (tensor<1x1x2x2xsi8, #dsconv.layout<chw>>) -> tensor<1x1x3x2xsi8, #dsconv.layout<chw>> window <kernel = [1, 1]> {factors = array<i64: 2, 1>, row_starts = array<i64: 0, 1>}
// LOOPS-LABEL: func.func private @up_kernel
// LOOPS: [[ROW:%[0-9]+]] = arith.addi %oy, %row
// LOOPS: arith.divsi [[ROW]], {{%[0-9]+}}

// A part of the input: channel 1, from row 2 and column 3 on.
func.func @part(%x: tensor<1x2x4x5xsi8, #dsconv.layout<chw>>) -> tensor<1x1x2x2xsi8, #dsconv.layout<chw>> {
  %y = dsconv.slice "part"(%x) first [1, 2, 3] {tile = #dsconv.tile<1, 2, 2, weights>} : (tensor<1x2x4x5xsi8, #dsconv.layout<chw>>) -> tensor<1x1x2x2xsi8, #dsconv.layout<chw>>
  func.return %y : tensor<1x1x2x2xsi8, #dsconv.layout<chw>>
}
// CHECK-LABEL: func.func @part
// CHECK: [[OFFSET:%[0-9]+]] = arith.constant 33 : index
// CHECK: dsconv.dma_start %0[[[OFFSET]]] to {{.*}} box <2 by 5, 2>

// Along rows, a tile has all rows of all inputs and some channels and columns.
func.func @stack(%a: tensor<1x2x3x4xsi8, #dsconv.layout<chw>>, %b: tensor<1x2x1x4xsi8, #dsconv.layout<chw>>) -> tensor<1x2x4x4xsi8, #dsconv.layout<chw>> {
  %y = dsconv.concat "stack"(%a, %b) {axis = 2 : i64, tile = #dsconv.tile<1, 4, 2, weights>} : (tensor<1x2x3x4xsi8, #dsconv.layout<chw>>, tensor<1x2x1x4xsi8, #dsconv.layout<chw>>) -> tensor<1x2x4x4xsi8, #dsconv.layout<chw>>
  func.return %y : tensor<1x2x4x4xsi8, #dsconv.layout<chw>>
}
// CHECK: dsconv.kernel "concat" @stack_kernel : (tensor<1x1x3x2xsi8, #dsconv.layout<chw>>, tensor<1x1x1x2xsi8, #dsconv.layout<chw>>) -> tensor<1x1x4x2xsi8, #dsconv.layout<chw>> window <kernel = [1, 1]> {axis = 2 : i64}
// CHECK-LABEL: func.func @stack
// CHECK: dsconv.dma_start %0{{.*}} box <3 by 4, 2>
// CHECK: dsconv.dma_start %1{{.*}} box <2>

// Every second row is a window of one pixel with a stride: three rows have two of them.
func.func @every_second(%x: tensor<1x1x4x2xsi8, #dsconv.layout<chw>>) -> tensor<1x1x2x2xsi8, #dsconv.layout<chw>> {
  %y = dsconv.slice "every_second"(%x) first [0, 1, 0] {strides = array<i64: 2, 1>, tile = #dsconv.tile<1, 2, 2, weights>} : (tensor<1x1x4x2xsi8, #dsconv.layout<chw>>) -> tensor<1x1x2x2xsi8, #dsconv.layout<chw>>
  func.return %y : tensor<1x1x2x2xsi8, #dsconv.layout<chw>>
}
// CHECK: dsconv.kernel "max_pool" @every_second_kernel : (tensor<1x1x3x2xsi8, #dsconv.layout<chw>>) -> tensor<1x1x2x2xsi8, #dsconv.layout<chw>> window <kernel = [1, 1], strides = [2, 1]>

// A tile of a shuffle has all channels.
func.func @turns(%x: tensor<1x6x4x2xsi8, #dsconv.layout<chw>>) -> tensor<1x6x4x2xsi8, #dsconv.layout<chw>> {
  %y = dsconv.shuffle "turns"(%x) groups 2 {tile = #dsconv.tile<6, 1, 2, weights>} : (tensor<1x6x4x2xsi8, #dsconv.layout<chw>>) -> tensor<1x6x4x2xsi8, #dsconv.layout<chw>>
  func.return %y : tensor<1x6x4x2xsi8, #dsconv.layout<chw>>
}
// CHECK: dsconv.kernel "shuffle" @turns_kernel : (tensor<1x6x1x2xsi8, #dsconv.layout<chw>>) -> tensor<1x6x1x2xsi8, #dsconv.layout<chw>> window <kernel = [1, 1]> {shuffled_groups = 2 : i64}
// LOOPS-LABEL: func.func private @turns_kernel
// LOOPS: scf.for %n =
// LOOPS: scf.for %g =
// LOOPS: memref.load %x
// LOOPS: memref.store
