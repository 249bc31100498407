// RUN: xdsl-opt -p 'lower-to-tiles,narrow-requant,plan-memory,lower-kernels{cores=1},canonicalize,cse' %s | filecheck %s

// The divisor of an average whose padding does not count is that of one pixel, 4, times the pixels of
// the window in the map: rows times columns.
func.func @edges(%x: tensor<1x1x3x3xui8, #dsconv.layout<chw>>) -> tensor<1x1x3x3xui8, #dsconv.layout<chw>> {
  %y = dsconv.avg_pool "edges"(%x) window <kernel = [3, 3], pads = [1, 1, 1, 1]> requant <multiplier = [1], shift = [2], half_even, clip = [0, 255]> {counted_pads = array<i64: 0, 0, 0, 0>, tile = #dsconv.tile<1, 3, 3, weights>} : (tensor<1x1x3x3xui8, #dsconv.layout<chw>>) -> tensor<1x1x3x3xui8, #dsconv.layout<chw>>
  func.return %y : tensor<1x1x3x3xui8, #dsconv.layout<chw>>
}
// CHECK-LABEL: func.func private @edges_kernel
// CHECK: [[DIVISOR:%[0-9]+]] = arith.constant 4 : i64
// CHECK: [[ROWS:%[a-z0-9_]+]] = scf.for %tap
// CHECK: arith.cmpi ult
// CHECK: [[COLUMNS:%[a-z0-9_]+]] = scf.for %tap
// CHECK: [[PIXELS:%[0-9]+]] = arith.muli [[ROWS]], [[COLUMNS]] : i32
// CHECK: [[WIDE:%[0-9]+]] = arith.extsi [[PIXELS]] : i32 to i64
// CHECK: [[PRODUCT:%[0-9]+]] = arith.muli [[WIDE]], [[DIVISOR]] : i64
// CHECK: dsconv.requantise {{.*}} over [[PRODUCT]] : i64
