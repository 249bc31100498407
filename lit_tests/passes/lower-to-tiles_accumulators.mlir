// RUN: xdsl-opt -p lower-to-tiles,lower-kernels,canonicalize,cse %s | filecheck %s

// Accumulators have four bytes each: in the buffers, in the transfers and in the kernel.
func.func @sums(%x: tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>) -> tensor<1x2x2x2xi32, #dsconv.layout<hwc>> {
  %w = dsconv.constant dense<[[1, 2, 3, 4], [-1, 0, 0, 0]]> : tensor<2x4xsi8>
  %b = dsconv.constant dense<7> : tensor<2xi32>
  %y = dsconv.pointwise "pw"(%x, %w, %b) requant <multiplier = [1], shift = [0], floor, clip = [0, 2147483647]> {tile = #dsconv.tile<2, 1, 2, weights>} : (tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>, tensor<2x4xsi8>, tensor<2xi32>) -> tensor<1x2x2x2xi32, #dsconv.layout<hwc>>
  func.return %y : tensor<1x2x2x2xi32, #dsconv.layout<hwc>>
}
// CHECK: func.func private @pw_kernel
// CHECK: [[VALUE:%[0-9]+]] = arith.maxsi
// CHECK-NOT: dsconv.requantise
// CHECK: [[BYTE:%[0-9]+]] = arith.trunci [[VALUE]] : i32 to i8
// CHECK-NEXT: memref.store [[BYTE]]
// CHECK: arith.shrsi [[VALUE]]
// CHECK: arith.shrsi [[VALUE]]
// CHECK: arith.shrsi [[VALUE]]
// CHECK: func.func @sums({{.*}}: memref<16xi8, #dsconv.space<l2>>, [[OUT:%[0-9]+]]: memref<32xi8, #dsconv.space<l2>>)
// CHECK: dsconv.buffer "pw.y" : memref<16xi8, #dsconv.space<l1>>
// CHECK: box <16> : memref<16xi8, #dsconv.space<l1>> to memref<32xi8, #dsconv.space<l2>>
