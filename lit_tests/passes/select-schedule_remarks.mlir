// RUN: xdsl-opt -p 'select-schedule{remarks=true}' %s 2>&1 | filecheck %s
// RUN: xdsl-opt -p 'select-schedule{l1=900 remarks=true}' %s 2>&1 | filecheck %s --check-prefix=SMALL
// RUN: xdsl-opt -p 'select-schedule{l1=700 remarks=true}' %s 2>&1 | filecheck %s --check-prefix=TINY
// RUN: xdsl-opt -p 'select-schedule{l2=790 remarks=true}' %s 2>&1 | filecheck %s --check-prefix=MAPS

func.func @net(%x: tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>) -> tensor<1x8x3x3xsi8, #dsconv.layout<hwc>> {
  %w = dsconv.constant dense<1> : tensor<8x8xsi8>
  %v = dsconv.constant dense<1> : tensor<8x1x3x3xsi8>
  %b = dsconv.constant dense<0> : tensor<8xi32>
  %0 = dsconv.pointwise "pw"(%x, %w, %b) requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>, tensor<8x8xsi8>, tensor<8xi32>) -> tensor<1x8x6x6xsi8, #dsconv.layout<chw>>
  %1 = dsconv.depthwise "dw"(%0, %v, %b) window <kernel = [3, 3], pads = [1, 1, 1, 1]> requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]> : (tensor<1x8x6x6xsi8, #dsconv.layout<chw>>, tensor<8x1x3x3xsi8>, tensor<8xi32>) -> tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>
  %2 = dsconv.max_pool "pool"(%1) window <kernel = [2, 2], strides = [2, 2]> : (tensor<1x8x6x6xsi8, #dsconv.layout<hwc>>) -> tensor<1x8x3x3xsi8, #dsconv.layout<hwc>>
  func.return %2 : tensor<1x8x3x3xsi8, #dsconv.layout<hwc>>
}
// CHECK:      remark: "pw", "dw" fused along rows, 6 rows a step
// CHECK-NEXT: remark: "dw", "pool" not fused: "pool" is of kind max_pool; depthwise, pointwise and add fuse

// SMALL: remark: "pw", "dw" not fused: as one, what they are in takes {{[0-9]+}} cycles and moves 288 bytes; apart, with the map between them in L1, {{[0-9]+}} and 288 (estimates)
// TINY: remark: "pw", "dw" not fused: no step fits 700 bytes of L1 beside the maps that stay there
// MAPS: remark: "pw", "dw" not fused: its weights and a step of its maps need 800 bytes of L2, 790 are there
