// RUN: xdsl-opt -p lower-to-tiles,elide-copies %s | filecheck %s
// RUN: xdsl-opt -p 'lower-to-tiles,elide-copies{l2=100}' %s | filecheck %s --check-prefix SMALL
// RUN: dsconv-opt --verify-each -p 'lower-to-tiles,elide-copies,keep-in-l1{l1=1000},double-buffer,plan-memory' %s | filecheck %s --check-prefix VERIFIED

// Four channels of 4x4 bytes. Each pool reads its half of "a" and writes its half of the result: no slice and no
// concat remain, nor their kernels, nor buffers for what they copied. The second half begins at byte 32.
// CHECK-NOT: dsconv.kernel "slice"
// CHECK-NOT: dsconv.kernel "concat"
// CHECK-LABEL: func.func @halves
// CHECK-NEXT: %2 = dsconv.buffer "a"
// CHECK-NEXT: dsconv.layer "a" "rescale" makes {{.*}} in %2
// CHECK: dsconv.layer "p" "max_pool" makes tensor<1x2x4x4xsi8, #dsconv.layout<chw>> in %1
// CHECK: dsconv.dma_start %2[
// CHECK: to %1[
// CHECK: dsconv.layer "q" "max_pool" makes tensor<1x2x4x4xsi8, #dsconv.layout<chw>> in %1 {{.*}} output_offset = 32 : i64
// CHECK: [[HALF:%[0-9]+]] = arith.constant 32 : index
// CHECK-NEXT: [[OFFSET:%[0-9]+]] = arith.addi %{{[0-9]+}}, [[HALF]] : index
// CHECK-NEXT: %{{[0-9]+}} = dsconv.dma_start %2{{.}}[[OFFSET]]] to
// CHECK: [[PLACE:%[0-9]+]] = arith.addi %{{[0-9]+}}, %{{[0-9]+}} : index
// CHECK-NEXT: %{{[0-9]+}} = dsconv.dma_start {{.*}} to %1{{.}}[[PLACE]]] box <2 by 16, 8>
// CHECK-NOT: dsconv.layer
// CHECK: func.return
// VERIFIED-LABEL: func.func @halves
// Where activations have to go to L3, they stay apart.
// SMALL-LABEL: func.func @halves
// SMALL: dsconv.layer "c" "concat"
func.func @halves(%x: tensor<1x4x4x4xsi8, #dsconv.layout<chw>>) -> tensor<1x4x4x4xsi8, #dsconv.layout<chw>> {
  %a = dsconv.rescale "a"(%x) requant <multiplier = [2], shift = [1], half_even, clip = [-128, 127]> {tile = #dsconv.tile<4, 4, 4, weights>} : (tensor<1x4x4x4xsi8, #dsconv.layout<chw>>) -> tensor<1x4x4x4xsi8, #dsconv.layout<chw>>
  %r = dsconv.slice "r"(%a) first [0, 0, 0] {tile = #dsconv.tile<2, 4, 4, weights>} : (tensor<1x4x4x4xsi8, #dsconv.layout<chw>>) -> tensor<1x2x4x4xsi8, #dsconv.layout<chw>>
  %s = dsconv.slice "s"(%a) first [2, 0, 0] {tile = #dsconv.tile<2, 4, 4, weights>} : (tensor<1x4x4x4xsi8, #dsconv.layout<chw>>) -> tensor<1x2x4x4xsi8, #dsconv.layout<chw>>
  %p = dsconv.max_pool "p"(%r) window <kernel = [1, 3], pads = [0, 1, 0, 1]> {tile = #dsconv.tile<2, 2, 4, weights>} : (tensor<1x2x4x4xsi8, #dsconv.layout<chw>>) -> tensor<1x2x4x4xsi8, #dsconv.layout<chw>>
  %q = dsconv.max_pool "q"(%s) window <kernel = [3, 1], pads = [1, 0, 1, 0]> {tile = #dsconv.tile<2, 2, 4, weights>} : (tensor<1x2x4x4xsi8, #dsconv.layout<chw>>) -> tensor<1x2x4x4xsi8, #dsconv.layout<chw>>
  %c = dsconv.concat "c"(%p, %q) {tile = #dsconv.tile<4, 4, 4, weights>} : (tensor<1x2x4x4xsi8, #dsconv.layout<chw>>, tensor<1x2x4x4xsi8, #dsconv.layout<chw>>) -> tensor<1x4x4x4xsi8, #dsconv.layout<chw>>
  func.return %c : tensor<1x4x4x4xsi8, #dsconv.layout<chw>>
}

// A caller's input cannot be a part of the result.
// CHECK-LABEL: func.func @input
// CHECK: dsconv.layer "c" "concat"
// VERIFIED-LABEL: func.func @input
func.func @input(%x: tensor<1x2x4x4xsi8, #dsconv.layout<chw>>) -> tensor<1x4x4x4xsi8, #dsconv.layout<chw>> {
  %p = dsconv.max_pool "p"(%x) window <kernel = [1, 3], pads = [0, 1, 0, 1]> {tile = #dsconv.tile<2, 4, 4, weights>} : (tensor<1x2x4x4xsi8, #dsconv.layout<chw>>) -> tensor<1x2x4x4xsi8, #dsconv.layout<chw>>
  %c = dsconv.concat "c"(%p, %x) {tile = #dsconv.tile<4, 4, 4, weights>} : (tensor<1x2x4x4xsi8, #dsconv.layout<chw>>, tensor<1x2x4x4xsi8, #dsconv.layout<chw>>) -> tensor<1x4x4x4xsi8, #dsconv.layout<chw>>
  func.return %c : tensor<1x4x4x4xsi8, #dsconv.layout<chw>>
}

// One channel of "a" is read at the end. As a part of "a" it would keep all of it in L2 beside "b" and "c".
// CHECK-LABEL: func.func @long
// CHECK: dsconv.layer "r" "slice"
// VERIFIED-LABEL: func.func @long
func.func @long(%x: tensor<1x4x4x4xsi8, #dsconv.layout<chw>>) -> (tensor<1x4x4x4xsi8, #dsconv.layout<chw>>, tensor<1x1x4x4xsi8, #dsconv.layout<chw>>) {
  %a = dsconv.rescale "a"(%x) requant <multiplier = [2], shift = [1], half_even, clip = [-128, 127]> {tile = #dsconv.tile<4, 4, 4, weights>} : (tensor<1x4x4x4xsi8, #dsconv.layout<chw>>) -> tensor<1x4x4x4xsi8, #dsconv.layout<chw>>
  %r = dsconv.slice "r"(%a) first [1, 0, 0] {tile = #dsconv.tile<1, 4, 4, weights>} : (tensor<1x4x4x4xsi8, #dsconv.layout<chw>>) -> tensor<1x1x4x4xsi8, #dsconv.layout<chw>>
  %b = dsconv.rescale "b"(%a) requant <multiplier = [2], shift = [1], half_even, clip = [-128, 127]> {tile = #dsconv.tile<4, 4, 4, weights>} : (tensor<1x4x4x4xsi8, #dsconv.layout<chw>>) -> tensor<1x4x4x4xsi8, #dsconv.layout<chw>>
  %c = dsconv.rescale "c"(%b) requant <multiplier = [2], shift = [1], half_even, clip = [-128, 127]> {tile = #dsconv.tile<4, 4, 4, weights>} : (tensor<1x4x4x4xsi8, #dsconv.layout<chw>>) -> tensor<1x4x4x4xsi8, #dsconv.layout<chw>>
  %d = dsconv.rescale "d"(%c) requant <multiplier = [2], shift = [1], half_even, clip = [-128, 127]> {tile = #dsconv.tile<4, 4, 4, weights>} : (tensor<1x4x4x4xsi8, #dsconv.layout<chw>>) -> tensor<1x4x4x4xsi8, #dsconv.layout<chw>>
  %p = dsconv.max_pool "p"(%r) window <kernel = [1, 1]> {tile = #dsconv.tile<1, 4, 4, weights>} : (tensor<1x1x4x4xsi8, #dsconv.layout<chw>>) -> tensor<1x1x4x4xsi8, #dsconv.layout<chw>>
  func.return %d, %p : tensor<1x4x4x4xsi8, #dsconv.layout<chw>>, tensor<1x1x4x4xsi8, #dsconv.layout<chw>>
}
