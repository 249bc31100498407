// RUN: xdsl-opt --allow-unregistered-dialect -p lower-to-tiles,plan-memory,lower-kernels,lower-to-upstream,canonicalize,cse %s | filecheck %s

// Two networks on tensors, and functions of others. A caller's tensors become buffers with bufferization's
// operations; what one network makes, the next one reads where it lies.

func.func @first(%x: tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>) -> tensor<1x4x2x2xsi8, #dsconv.layout<hwc>> {
  %y = dsconv.rescale "a"(%x) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> {tile = #dsconv.tile<4, 2, 2, weights>} : (tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>) -> tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>
  func.return %y : tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>
}
func.func @second(%x: tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>) -> tensor<1x4x2x2xsi8, #dsconv.layout<hwc>> {
  %y = dsconv.rescale "a"(%x) requant <multiplier = [3], shift = [1], half_up, clip = [-128, 127]> {tile = #dsconv.tile<4, 2, 2, weights>} : (tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>) -> tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>
  func.return %y : tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>
}
// CHECK:      func.func @first(%{{.*}}: memref<16xi8>, %{{.*}}: memref<16xi8>) {
// CHECK:      func.func @second(%{{.*}}: memref<16xi8>, %{{.*}}: memref<16xi8>) {

// CHECK:      func.func @one_behind_the_other(%x: tensor<?x2x2x4xi8>) -> tensor<1x16xi8> {
// CHECK-NEXT: %[[static:[0-9]+]] = tensor.cast %x : tensor<?x2x2x4xi8> to tensor<1x2x2x4xi8>
// CHECK-NEXT: %[[shaped:[0-9]+]] = bufferization.to_buffer %[[static]] read_only : tensor<1x2x2x4xi8> to memref<1x2x2x4xi8>
// CHECK-NEXT: %[[input:[0-9]+]] = memref.collapse_shape %[[shaped]] {{.*}} : memref<1x2x2x4xi8> into memref<16xi8>
// CHECK-NEXT: %[[between:[0-9]+]] = memref.alloc() : memref<16xi8>
// CHECK-NEXT: func.call @first(%[[input]], %[[between]]) : (memref<16xi8>, memref<16xi8>) -> ()
// CHECK-NEXT: %[[output:[0-9]+]] = memref.alloc() : memref<16xi8>
// CHECK-NEXT: func.call @second(%[[between]], %[[output]]) : (memref<16xi8>, memref<16xi8>) -> ()
// CHECK-NEXT: %[[cut:[0-9]+]] = memref.expand_shape %[[output]] {{.*}} output_shape [1, 16] : memref<16xi8> into memref<1x16xi8>
// CHECK-NEXT: %[[result:.+]] = bufferization.to_tensor %[[cut]] restrict : memref<1x16xi8> to tensor<1x16xi8>
// CHECK-NEXT: func.return %[[result]] : tensor<1x16xi8>
func.func @one_behind_the_other(%x: tensor<?x2x2x4xi8>) -> tensor<1x16xi8> {
  %0 = builtin.unrealized_conversion_cast %x : tensor<?x2x2x4xi8> to tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>
  %1 = func.call @first(%0) : (tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>) -> tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>
  %2 = builtin.unrealized_conversion_cast %1 : tensor<1x4x2x2xsi8, #dsconv.layout<hwc>> to tensor<1x2x2x4xi8>
  %3 = builtin.unrealized_conversion_cast %2 : tensor<1x2x2x4xi8> to tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>
  %4 = func.call @second(%3) : (tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>) -> tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>
  %5 = builtin.unrealized_conversion_cast %4 : tensor<1x4x2x2xsi8, #dsconv.layout<hwc>> to tensor<1x16xi8>
  func.return %5 : tensor<1x16xi8>
}

// A caller on tensors of ours is one on tensors of bytes, in the order of their layout.
// CHECK:      func.func @ours(%x: tensor<1x2x2x4xi8>) -> tensor<1x2x2x4xi8> {
// CHECK:      func.call @first
func.func @ours(%x: tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>) -> tensor<1x4x2x2xsi8, #dsconv.layout<hwc>> {
  %y = func.call @first(%x) : (tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>) -> tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>
  func.return %y : tensor<1x4x2x2xsi8, #dsconv.layout<hwc>>
}

// What is none of ours stays, casts too.
// CHECK:      func.func @foreign(%x: tensor<4xi8>, %m: memref<4xf32, 5 : i64>) -> tensor<4xf32> {
// CHECK-NEXT: "test.op"(%m) {space = 7 : i64} : (memref<4xf32, 5 : i64>) -> ()
// CHECK-NEXT: %y = builtin.unrealized_conversion_cast %x : tensor<4xi8> to tensor<4xf32>
func.func @foreign(%x: tensor<4xi8>, %m: memref<4xf32, 5 : i64>) -> tensor<4xf32> {
  "test.op"(%m) {space = 7 : i64} : (memref<4xf32, 5 : i64>) -> ()
  %y = builtin.unrealized_conversion_cast %x : tensor<4xi8> to tensor<4xf32>
  func.return %y : tensor<4xf32>
}
