// RUN: xdsl-opt -p lower-kernels %s | filecheck %s

// Two layers share a kernel; one of them has a larger buffer, for what lies behind the tile.
dsconv.kernel "rescale" @k : (tensor<1x1x2x2xsi8, #dsconv.layout<chw>>) -> tensor<1x1x2x2xsi8, #dsconv.layout<chw>> window <kernel = [1, 1]> {requant = #dsconv.requant<multiplier = [1], shift = [1], half_even, clip = [-128, 127]>, zero_points = array<i64: 0>}
func.func @net(%a: memref<12xi8, #dsconv.space<l1>>, %b: memref<4xi8, #dsconv.space<l1>>) {
  %zero = arith.constant 0 : index
  dsconv.run @k(%a, %b) at %zero, %zero : memref<12xi8, #dsconv.space<l1>>, memref<4xi8, #dsconv.space<l1>>
  dsconv.run @k(%b, %a) at %zero, %zero : memref<4xi8, #dsconv.space<l1>>, memref<12xi8, #dsconv.space<l1>>
  func.return
}
// CHECK: func.func private @k(%x: memref<4xi8, #dsconv.space<l1>>, %y: memref<4xi8, #dsconv.space<l1>>
// CHECK: %[[PART:.*]] = dsconv.view %a from %{{.*}} : memref<12xi8, #dsconv.space<l1>> to memref<4xi8, #dsconv.space<l1>>
// CHECK: func.call @k(%[[PART]], %b, %zero, %zero)
