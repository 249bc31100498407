// RUN: xdsl-opt -p lower-to-tiles --split-input-file --verify-diagnostics %s | filecheck %s

// Other functions and operations of the module stay; attributes go along.
// CHECK: func.func @of_others(%x: i32) -> i32 {
// CHECK-NEXT: %y = "test.op"(%x) : (i32) -> i32
// CHECK-NEXT: func.return %y : i32
// CHECK-NEXT: }
// CHECK-NEXT: "test.op"() {beside} : () -> ()
func.func @of_others(%x: i32) -> i32 {
  %y = "test.op"(%x) : (i32) -> i32
  func.return %y : i32
}
"test.op"() {beside} : () -> ()
// CHECK: func.func private @net(
// CHECK-SAME: attributes {test.network}
// CHECK-NEXT: dsconv.layer "a"
// CHECK-SAME: test.layer
func.func private @net(%x: tensor<1x1x2x4xsi8, #dsconv.layout<chw>>) -> tensor<1x1x2x4xsi8, #dsconv.layout<chw>> attributes {test.network} {
  %y = dsconv.rescale "a"(%x) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> {tile = #dsconv.tile<1, 2, 4, weights>, test.layer} : (tensor<1x1x2x4xsi8, #dsconv.layout<chw>>) -> tensor<1x1x2x4xsi8, #dsconv.layout<chw>>
  func.return %y : tensor<1x1x2x4xsi8, #dsconv.layout<chw>>
}

// -----

func.func private @net(%x: tensor<1x1x2x4xsi8, #dsconv.layout<chw>>) -> tensor<1x1x2x4xsi8, #dsconv.layout<chw>> {
  %y = dsconv.rescale "a"(%x) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> {tile = #dsconv.tile<1, 2, 4, weights>} : (tensor<1x1x2x4xsi8, #dsconv.layout<chw>>) -> tensor<1x1x2x4xsi8, #dsconv.layout<chw>>
  func.return %y : tensor<1x1x2x4xsi8, #dsconv.layout<chw>>
}
func.func @main(%x: tensor<1x1x2x4xsi8, #dsconv.layout<chw>>) -> tensor<1x1x2x4xsi8, #dsconv.layout<chw>> {
  %y = func.call @net(%x) : (tensor<1x1x2x4xsi8, #dsconv.layout<chw>>) -> tensor<1x1x2x4xsi8, #dsconv.layout<chw>>
  func.return %y : tensor<1x1x2x4xsi8, #dsconv.layout<chw>>
}
// A caller passes the bytes of its tensor, and room for the result.
// CHECK: func.func @main
// CHECK-NEXT: %[[x:[0-9]+]] = builtin.unrealized_conversion_cast %x : tensor<1x1x2x4xsi8, #dsconv.layout<chw>> to memref<8xi8, #dsconv.space<l2>>
// CHECK-NEXT: %[[y:[0-9]+]] = memref.alloc() : memref<8xi8, #dsconv.space<l2>>
// CHECK-NEXT: func.call @net(%[[x]], %[[y]]) : (memref<8xi8, #dsconv.space<l2>>, memref<8xi8, #dsconv.space<l2>>) -> ()
// CHECK-NEXT: %y = builtin.unrealized_conversion_cast %[[y]] : memref<8xi8, #dsconv.space<l2>> to tensor<1x1x2x4xsi8, #dsconv.layout<chw>>
// CHECK-NEXT: func.return %y

// -----

func.func @net(%x: tensor<1x1x2x4xsi8, #dsconv.layout<chw>>) -> tensor<1x1x2x4xsi8, #dsconv.layout<chw>> {
  %y = dsconv.rescale "a"(%x) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> {tile = #dsconv.tile<1, 2, 4, weights>} : (tensor<1x1x2x4xsi8, #dsconv.layout<chw>>) -> tensor<1x1x2x4xsi8, #dsconv.layout<chw>>
  "test.op"(%y) : (tensor<1x1x2x4xsi8, #dsconv.layout<chw>>) -> ()
  func.return %y : tensor<1x1x2x4xsi8, #dsconv.layout<chw>>
}
// CHECK: test.op in network "net" cannot be tiled
