// RUN: xdsl-opt -p 'tile-l1,lower-to-tiles,cse' %s | filecheck %s
// RUN: xdsl-opt -p 'tile-l1,lower-to-tiles,plan-memory,lower-kernels{cores=1},canonicalize,cse' %s | filecheck %s --check-prefix=LOOPS
// RUN: xdsl-opt -p 'tile-l1{l1=1000 sizes=5,9,9},lower-to-tiles' %s | filecheck %s --check-prefix=SIZES

// Three groups of 2 input and 4 output channels. A tile of one group needs its inputs alone: those
// of output channel k begin at k / 4 * 2.
func.func @groups(%x: tensor<1x6x2x2xsi8, #dsconv.layout<chw>>) -> tensor<1x12x2x2xsi8, #dsconv.layout<chw>> {
  %w = dsconv.constant dense<1> : tensor<12x2x1x1xsi8>
  %b = dsconv.constant dense<0> : tensor<12xi32>
  %y = dsconv.conv2d "g"(%x, %w, %b) window <kernel = [1, 1]> requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> {tile = #dsconv.tile<4, 2, 2, weights>} : (tensor<1x6x2x2xsi8, #dsconv.layout<chw>>, tensor<12x2x1x1xsi8>, tensor<12xi32>) -> tensor<1x12x2x2xsi8, #dsconv.layout<chw>>
  func.return %y : tensor<1x12x2x2xsi8, #dsconv.layout<chw>>
}
// CHECK: dsconv.kernel "conv2d" @g_kernel : (tensor<1x2x2x2xsi8, #dsconv.layout<chw>>) -> tensor<1x4x2x2xsi8, #dsconv.layout<chw>>
// CHECK: scf.for %tile
// CHECK: %k = arith.muli %tile
// CHECK: [[GROUP:%[0-9]+]] = arith.divsi %k, [[C4:%[0-9]+]]
// CHECK: [[FIRST:%[0-9]+]] = arith.muli [[GROUP]], [[C2:%[0-9]+]]
// CHECK: [[OFFSET:%[0-9]+]] = arith.muli [[FIRST]], [[C4]]
// CHECK: dsconv.dma_start {{%[0-9]+}}[[[OFFSET]]] to {{.*}} box <8>

// Within the kernel, a tile of two groups is a loop over groups.
func.func @two(%x: tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>) -> tensor<1x6x2x2xsi8, #dsconv.layout<hwc>> {
  %w = dsconv.constant dense<1> : tensor<6x2x1x1xsi8>
  %b = dsconv.constant dense<0> : tensor<6xi32>
  %y = dsconv.conv2d "two"(%x, %w, %b) window <kernel = [1, 1]> requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> {tile = #dsconv.tile<6, 2, 2, weights>} : (tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>, tensor<6x2x1x1xsi8>, tensor<6xi32>) -> tensor<1x6x2x2xsi8, #dsconv.layout<hwc>>
  func.return %y : tensor<1x6x2x2xsi8, #dsconv.layout<hwc>>
}
// LOOPS-LABEL: func.func private @two_kernel
// LOOPS: [[TWO:%[0-9]+]] = arith.constant 2 : index
// LOOPS: [[THREE:%[0-9]+]] = arith.constant 3 : index
// LOOPS: scf.for %pixel =
// LOOPS: scf.for %g = {{%[0-9]+}} to [[TWO]] step
// LOOPS: arith.muli %g, [[TWO]]
// LOOPS: scf.for %k = {{%[0-9]+}} to [[THREE]] step

// A tile that is asked for is cut to whole groups.
func.func @asked(%x: tensor<1x6x2x2xsi8, #dsconv.layout<chw>>) -> tensor<1x12x2x2xsi8, #dsconv.layout<chw>> {
  %w = dsconv.constant dense<1> : tensor<12x2x1x1xsi8>
  %b = dsconv.constant dense<0> : tensor<12xi32>
  %y = dsconv.conv2d "asked"(%x, %w, %b) window <kernel = [1, 1]> requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> : (tensor<1x6x2x2xsi8, #dsconv.layout<chw>>, tensor<12x2x1x1xsi8>, tensor<12xi32>) -> tensor<1x12x2x2xsi8, #dsconv.layout<chw>>
  func.return %y : tensor<1x12x2x2xsi8, #dsconv.layout<chw>>
}
// SIZES: dsconv.layer "asked" "conv2d"
// SIZES-SAME: tile = #dsconv.tile<4, 2, 2, weights
