// RUN: xdsl-opt -p lower-kernels-to-xpulp %s | filecheck %s

// A kernel stays for other platforms, and gets assembly beside it where a writer knows its shape.
dsconv.kernel "conv2d" @pw : (tensor<1x16x4x4xsi8, #dsconv.layout<hwc>>) -> tensor<1x8x4x4xsi8, #dsconv.layout<hwc>> window <kernel = [1, 1]> {narrow = #dsconv.narrow_requant<high = [3], addend = 8, shift = 4, clip = [-128, 127]>, record = #dsconv.record<16, bias>}
// CHECK: dsconv.kernel "conv2d" @pw :
// CHECK-NEXT: dsconv.assembly "xpulp" for @pw "{{.*}}pv.sdotsp.b{{.*}}"

dsconv.kernel "depthwise" @dw : (tensor<1x8x6x6xsi8, #dsconv.layout<chw>>) -> tensor<1x8x4x4xsi8, #dsconv.layout<hwc>> window <kernel = [3, 3]> {narrow = #dsconv.narrow_requant<high = [3], addend = 8, shift = 4, clip = [-128, 127]>, record = #dsconv.record<12, bias>}
// CHECK-NEXT: dsconv.kernel "depthwise" @dw :
// CHECK-NEXT: dsconv.assembly "xpulp" for @dw "{{.*}}pv.{{.*}}"

// From row 3 of a ring of four the windows go back by 4 rows of 6 bytes, once.
dsconv.kernel "depthwise" @ring : (tensor<1x8x4x6xsi8, #dsconv.layout<chw>>) -> tensor<1x8x2x4xsi8, #dsconv.layout<hwc>> window <kernel = [3, 3]> {narrow = #dsconv.narrow_requant<high = [3], addend = 8, shift = 4, clip = [-128, 127]>, record = #dsconv.record<12, bias>, row_starts = array<i64: 3>, circular}
// CHECK-NEXT: dsconv.kernel "depthwise" @ring :
// CHECK-NEXT: dsconv.assembly "xpulp" for @ring "{{.*}}addi a1, a1, -24{{.*}}"

// Every second row and column by itself: words are put together from bytes two apart.
dsconv.kernel "depthwise" @dilated : (tensor<1x8x9x9xsi8, #dsconv.layout<chw>>) -> tensor<1x8x5x5xsi8, #dsconv.layout<hwc>> window <kernel = [3, 3], dilations = [2, 2]> {narrow = #dsconv.narrow_requant<high = [3], addend = 8, shift = 4, clip = [-128, 127]>, record = #dsconv.record<12, bias>}
// CHECK-NEXT: dsconv.kernel "depthwise" @dilated :
// CHECK-NEXT: dsconv.assembly "xpulp" for @dilated "{{.*}}lb {{.*}}, -14(a1){{.*}}pv.packlo.b{{.*}}"

// A value for each channel, 16 pixels apart, times all of them.
dsconv.kernel "mul" @scale : (tensor<1x8x4x4xui8, #dsconv.layout<chw>>, tensor<1x8x1x1xui8, #dsconv.layout<chw>>) -> tensor<1x8x4x4xui8, #dsconv.layout<chw>> window <kernel = [1, 1]> {narrow = #dsconv.narrow_requant<high = [3], addend = 8, shift = 4, clip = [0, 255]>, zero_points = array<i64: 7, 0>}
// CHECK-NEXT: dsconv.kernel "mul" @scale :
// CHECK-NEXT: dsconv.assembly "xpulp" for @scale "{{.*}}p.mulsN{{.*}}"

// From CHW to HWC bytes are moved one by one.
dsconv.kernel "concat" @joined : (tensor<1x8x4x4xui8, #dsconv.layout<chw>>, tensor<1x8x4x4xui8, #dsconv.layout<hwc>>) -> tensor<1x16x4x4xui8, #dsconv.layout<hwc>> window <kernel = [1, 1]>
// CHECK-NEXT: dsconv.kernel "concat" @joined :
// CHECK-NEXT: dsconv.assembly "xpulp" for @joined "{{.*}}p.lbu!{{.*}}p.lw!{{.*}}"

dsconv.kernel "lookup" @table : (tensor<1x8x4x4xsi8, #dsconv.layout<hwc>>) -> tensor<1x8x4x4xsi8, #dsconv.layout<chw>> window <kernel = [1, 1]> {record = #dsconv.record<256>, shared_record}
// CHECK-NEXT: dsconv.kernel "lookup" @table :
// CHECK-NEXT: dsconv.assembly "xpulp" for @table "{{.*}}p.lbu.r {{.*}}"

// Windows that begin at row -1 have code of their own.
dsconv.kernel "max_pool" @largest : (tensor<1x8x8x8xui8, #dsconv.layout<hwc>>) -> tensor<1x8x4x4xui8, #dsconv.layout<hwc>> window <kernel = [3, 3], strides = [2, 2], pads = [1, 1, 0, 0]> {row_starts = array<i64: -1>, column_starts = array<i64: -1>}
// CHECK-NEXT: dsconv.kernel "max_pool" @largest :
// CHECK-NEXT: dsconv.assembly "xpulp" for @largest "{{.*}}addi {{.*}}, zero, -1{{.*}}beq a3, {{.*}}pv.maxu.b{{.*}}"

// Three rows of two columns: the upper lanes of a word are no taps.
dsconv.kernel "avg_pool" @average : (tensor<1x8x6x6xui8, #dsconv.layout<chw>>) -> tensor<1x8x2x3xui8, #dsconv.layout<hwc>> window <kernel = [3, 2], strides = [3, 2]> {narrow = #dsconv.narrow_requant<high = [3], addend = 8, shift = 4, clip = [0, 255]>, zero_points = array<i64: 0>}
// CHECK-NEXT: dsconv.kernel "avg_pool" @average :
// CHECK-NEXT: dsconv.assembly "xpulp" for @average "{{.*}}addi {{.*}}, 257{{.*}}pv.sdotup.b{{.*}}"

// A slice of every second column.
dsconv.kernel "max_pool" @part : (tensor<1x8x4x7xui8, #dsconv.layout<hwc>>) -> tensor<1x8x4x4xui8, #dsconv.layout<hwc>> window <kernel = [1, 1], strides = [1, 2]>
// CHECK-NEXT: dsconv.kernel "max_pool" @part :
// CHECK-NEXT: dsconv.assembly "xpulp" for @part "{{.*}}p.lw!{{.*}}"

// No writer knows 64-bit fields and true divisions: loops alone.
dsconv.kernel "conv2d" @divided : (tensor<1x16x4x4xsi8, #dsconv.layout<hwc>>) -> tensor<1x8x4x4xsi8, #dsconv.layout<hwc>> window <kernel = [1, 1]> {requant = #dsconv.requant<multiplier = [1], divisor = [3], half_even, clip = [-128, 127]>, record = #dsconv.record<16, bias, divisor>}
// CHECK-NEXT: dsconv.kernel "conv2d" @divided :
// CHECK-NOT: dsconv.assembly

// CHECK: func.func @foreign()
func.func @foreign() {
  func.return
}
