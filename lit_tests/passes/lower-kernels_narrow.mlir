// RUN: xdsl-opt -p lower-kernels,canonicalize,cse %s | filecheck %s

// Each channel's high and low are the halves of one word.
dsconv.kernel "depthwise" @dw : (tensor<1x8x1x1xsi8, #dsconv.layout<chw>>) -> tensor<1x8x1x1xsi8, #dsconv.layout<chw>> window <kernel = [1, 1]> {narrow = #dsconv.narrow_requant<bits = 18, high = [0], low_shift = 12, addend = 5, shift = 6, clip = [-128, 127]>, record = #dsconv.record<1, bias, high, low>}
func.func @a(%x: memref<8xi8, #dsconv.space<l1>>, %w: memref<96xi8, #dsconv.space<l1>>, %y: memref<8xi8, #dsconv.space<l1>>, %i: index) {
  dsconv.run @dw(%x, %w, %y) at %i, %i : memref<8xi8, #dsconv.space<l1>>, memref<96xi8, #dsconv.space<l1>>, memref<8xi8, #dsconv.space<l1>>
  func.return
}
// CHECK-LABEL: func.func private @dw
// CHECK-DAG: [[LOWEST:%[0-9]+]] = arith.constant -131072 : i32
// CHECK-DAG: [[HIGHEST:%[0-9]+]] = arith.constant 131071 : i32
// CHECK: [[CLIPPED:%[0-9]+]] = arith.minsi {{%[0-9]+}}, [[HIGHEST]] : i32
// CHECK: %multiplier = dsconv.load_word %w
// CHECK-NEXT: [[HALF:%[0-9]+]] = arith.trunci %multiplier : i32 to i16
// CHECK-NEXT: [[HIGH:%[0-9]+]] = arith.extsi [[HALF]] : i16 to i32
// CHECK-NEXT: [[LOW:%[0-9]+]] = arith.shrsi %multiplier, {{%[0-9]+}} : i32
// CHECK-NEXT: [[FIRST:%[0-9]+]] = arith.muli [[CLIPPED]], [[HIGH]] : i32
// CHECK-NEXT: [[SECOND:%[0-9]+]] = arith.muli [[CLIPPED]], [[LOW]] : i32
// CHECK-NEXT: [[PLACES:%[0-9]+]] = arith.shrsi [[SECOND]], {{%[0-9]+}} : i32
// CHECK-NEXT: [[SUM:%[0-9]+]] = arith.addi [[FIRST]], [[PLACES]] : i32
// CHECK-NEXT: [[ROUNDED:%[0-9]+]] = arith.addi [[SUM]], {{%[0-9]+}} : i32
// CHECK-NEXT: [[SHIFTED:%[0-9]+]] = arith.shrsi [[ROUNDED]], {{%[0-9]+}} : i32
// CHECK-NEXT: [[UP:%[0-9]+]] = arith.maxsi [[SHIFTED]], {{%[0-9]+}} : i32
// CHECK-NEXT: arith.minsi [[UP]], {{%[0-9]+}} : i32

// A multiplication by 1 is none, and 0 more is nothing.
dsconv.kernel "rescale" @scale : (tensor<1x8x1x1xsi8, #dsconv.layout<chw>>) -> tensor<1x8x1x1xsi8, #dsconv.layout<chw>> window <kernel = [1, 1]> {narrow = #dsconv.narrow_requant<high = [1], addend = 0, shift = 2, clip = [-128, 127]>, zero_points = array<i64: 3>}
func.func @b(%x: memref<8xi8, #dsconv.space<l1>>, %y: memref<8xi8, #dsconv.space<l1>>, %i: index) {
  dsconv.run @scale(%x, %y) at %i, %i : memref<8xi8, #dsconv.space<l1>>, memref<8xi8, #dsconv.space<l1>>
  func.return
}
// CHECK-LABEL: func.func private @scale
// CHECK: [[X:%[0-9]+]] = arith.extsi
// CHECK-NEXT: [[CENTRED:%[0-9]+]] = arith.addi [[X]], {{%[0-9]+}} : i32
// CHECK-NEXT: [[SHIFTED:%[0-9]+]] = arith.shrsi [[CENTRED]], {{%[0-9]+}} : i32
// CHECK-NEXT: [[UP:%[0-9]+]] = arith.maxsi [[SHIFTED]], {{%[0-9]+}} : i32
// CHECK-NEXT: arith.minsi [[UP]], {{%[0-9]+}} : i32

// The upper word of a product of 64 bits.
dsconv.kernel "depthwise" @upper : (tensor<1x8x1x1xsi8, #dsconv.layout<chw>>) -> tensor<1x8x1x1xsi8, #dsconv.layout<chw>> window <kernel = [1, 1]> {narrow = #dsconv.narrow_requant<high = [0], low_shift = 32, addend = 5, shift = 6, clip = [-128, 127]>, record = #dsconv.record<1, bias, multiplier>}
func.func @c(%x: memref<8xi8, #dsconv.space<l1>>, %w: memref<96xi8, #dsconv.space<l1>>, %y: memref<8xi8, #dsconv.space<l1>>, %i: index) {
  dsconv.run @upper(%x, %w, %y) at %i, %i : memref<8xi8, #dsconv.space<l1>>, memref<96xi8, #dsconv.space<l1>>, memref<8xi8, #dsconv.space<l1>>
  func.return
}
// CHECK-LABEL: func.func private @upper
// CHECK-DAG: [[PLACES:%[0-9]+]] = arith.constant 32 : i64
// CHECK: %multiplier = dsconv.load_word %w
// CHECK-NEXT: [[A:%[0-9]+]] = arith.extsi {{%[0-9]+}} : i32 to i64
// CHECK-NEXT: [[M:%[0-9]+]] = arith.extsi %multiplier : i32 to i64
// CHECK-NEXT: [[PRODUCT:%[0-9]+]] = arith.muli [[A]], [[M]] : i64
// CHECK-NEXT: [[SHIFTED:%[0-9]+]] = arith.shrsi [[PRODUCT]], [[PLACES]] : i64
// CHECK-NEXT: [[UPPER:%[0-9]+]] = arith.trunci [[SHIFTED]] : i64 to i32
// CHECK-NEXT: arith.addi [[UPPER]], {{%[0-9]+}} : i32

// Channels whose scales are far apart shift it.
dsconv.kernel "depthwise" @apart : (tensor<1x8x1x1xsi8, #dsconv.layout<chw>>) -> tensor<1x8x1x1xsi8, #dsconv.layout<chw>> window <kernel = [1, 1]> {narrow = #dsconv.narrow_requant<high = [0], low_shift = 32, addend = 5, shift = 6, clip = [-128, 127]>, record = #dsconv.record<1, bias, multiplier, shift>}
func.func @d(%x: memref<8xi8, #dsconv.space<l1>>, %w: memref<128xi8, #dsconv.space<l1>>, %y: memref<8xi8, #dsconv.space<l1>>, %i: index) {
  dsconv.run @apart(%x, %w, %y) at %i, %i : memref<8xi8, #dsconv.space<l1>>, memref<128xi8, #dsconv.space<l1>>, memref<8xi8, #dsconv.space<l1>>
  func.return
}
// CHECK-LABEL: func.func private @apart
// CHECK: [[UPPER:%[0-9]+]] = arith.trunci {{%[0-9]+}} : i64 to i32
// CHECK: %shift = dsconv.load_word %w
// CHECK-NEXT: [[SHIFTED:%[0-9]+]] = arith.shrsi [[UPPER]], %shift : i32
// CHECK-NEXT: arith.addi [[SHIFTED]], {{%[0-9]+}} : i32

// Channels with addends and shifts of their own.
dsconv.kernel "depthwise" @own : (tensor<1x8x1x1xsi8, #dsconv.layout<chw>>) -> tensor<1x8x1x1xsi8, #dsconv.layout<chw>> window <kernel = [1, 1]> {narrow = #dsconv.narrow_requant<high = [0], low_shift = 12, addend = 0, shift = 0, clip = [-128, 127]>, record = #dsconv.record<1, bias, narrow_addend, shift, high, low>}
func.func @e(%x: memref<8xi8, #dsconv.space<l1>>, %w: memref<160xi8, #dsconv.space<l1>>, %y: memref<8xi8, #dsconv.space<l1>>, %i: index) {
  dsconv.run @own(%x, %w, %y) at %i, %i : memref<8xi8, #dsconv.space<l1>>, memref<160xi8, #dsconv.space<l1>>, memref<8xi8, #dsconv.space<l1>>
  func.return
}
// CHECK-LABEL: func.func private @own
// CHECK: %shift = dsconv.load_word %w
// CHECK: %narrow_addend = dsconv.load_word %w
// CHECK: [[SUM:%[0-9]+]] = arith.addi {{%[0-9]+}}, %narrow_addend : i32
// CHECK-NEXT: arith.shrsi [[SUM]], %shift : i32
