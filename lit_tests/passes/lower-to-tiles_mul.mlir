// RUN: xdsl-opt -p lower-to-tiles,cse %s | filecheck %s
// RUN: xdsl-opt -p 'lower-to-tiles,plan-memory,lower-kernels{cores=1},canonicalize,cse' %s | filecheck %s --check-prefix=LOOPS

// A map times one value for each channel: of that, a tile is the values of its channels.
func.func @gate(%x: tensor<1x4x3x2xui8, #dsconv.layout<chw>>, %v: tensor<1x4x1x1xsi8, #dsconv.layout<hwc>>) -> tensor<1x4x3x2xsi8, #dsconv.layout<chw>> {
  %y = dsconv.mul "gate"(%x, %v) requant <multiplier = [3], shift = [10], half_even, clip = [-128, 127]> {tile = #dsconv.tile<2, 1, 2, weights>, zero_points = array<i32: 128, -5>} : (tensor<1x4x3x2xui8, #dsconv.layout<chw>>, tensor<1x4x1x1xsi8, #dsconv.layout<hwc>>) -> tensor<1x4x3x2xsi8, #dsconv.layout<chw>>
  func.return %y : tensor<1x4x3x2xsi8, #dsconv.layout<chw>>
}
// CHECK: dsconv.kernel "mul" @gate_kernel : (tensor<1x2x1x2xui8, #dsconv.layout<chw>>, tensor<1x2x1x1xsi8, #dsconv.layout<hwc>>) -> tensor<1x2x1x2xsi8, #dsconv.layout<chw>>
// CHECK-LABEL: func.func @gate
// CHECK: dsconv.buffer "gate.x0" : memref<8xi8, #dsconv.space<l1>>
// CHECK: dsconv.buffer "gate.x1" : memref<8xi8, #dsconv.space<l1>>
// CHECK: %k = arith.muli
// CHECK: dsconv.dma_start {{.*}} box <2 by 6, 2>
// CHECK: dsconv.dma_start {{%[0-9]+}}[%k] to {{.*}} box <2> : memref<4xi8
// LOOPS-LABEL: func.func private @gate_kernel
// LOOPS: scf.for [[CHANNEL:%k[_0-9]*]] =
// LOOPS: memref.load %x1[[[CHANNEL]]]
// LOOPS: arith.muli {{%[0-9]+, %[0-9]+}} : i32
// LOOPS: dsconv.requantise

// A map and one value for each pixel, each rounded to 32 bits before they are added.
func.func @pixels(%x: tensor<1x4x3x2xsi8, #dsconv.layout<chw>>, %p: tensor<1x1x3x2xsi8, #dsconv.layout<hwc>>) -> tensor<1x4x3x2xsi8, #dsconv.layout<chw>> {
  %y = dsconv.add "pixels"(%x, %p) requant <multiplier = [3], shift = [10], half_even, clip = [-128, 127]> {tile = #dsconv.tile<2, 1, 2, weights>, multipliers = array<i32: 16, 16>, zero_points = array<i32: 0, 0>, terms = [#dsconv.requant<multiplier = [3], shift = [31], twice, clip = [-2147483648, 2147483647]>, #dsconv.requant<multiplier = [3], shift = [31], twice, clip = [-2147483648, 2147483647]>]} : (tensor<1x4x3x2xsi8, #dsconv.layout<chw>>, tensor<1x1x3x2xsi8, #dsconv.layout<hwc>>) -> tensor<1x4x3x2xsi8, #dsconv.layout<chw>>
  func.return %y : tensor<1x4x3x2xsi8, #dsconv.layout<chw>>
}
// CHECK: dsconv.kernel "add" @pixels_kernel : (tensor<1x2x1x2xsi8, #dsconv.layout<chw>>, tensor<1x1x1x2xsi8, #dsconv.layout<hwc>>) -> tensor<1x2x1x2xsi8, #dsconv.layout<chw>>
// CHECK-SAME: terms = [
// LOOPS-LABEL: func.func private @pixels_kernel
// LOOPS: [[LHS:%[0-9]+]] = dsconv.requantise {{.*}} "twice"
// LOOPS: [[RHS:%[0-9]+]] = dsconv.requantise {{.*}} "twice"
// LOOPS: [[SUM:%[0-9]+]] = arith.addi [[LHS]], [[RHS]]
// LOOPS: dsconv.requantise [[SUM]]
