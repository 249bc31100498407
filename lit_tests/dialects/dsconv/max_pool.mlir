// RUN: xdsl-opt %s | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | xdsl-opt | filecheck %s
// RUN: xdsl-opt %s --print-op-generic | filecheck %s --check-prefix=GENERIC

%x = "test.op"() : () -> tensor<1x2x4x4xsi8, #dsconv.layout<chw>>

%halved = dsconv.max_pool "pool1"(%x) window <kernel = [2, 2], strides = [2, 2]> : (tensor<1x2x4x4xsi8, #dsconv.layout<chw>>) -> tensor<1x2x2x2xsi8>
// CHECK: %halved = dsconv.max_pool "pool1"(%x) window <kernel = [2, 2], strides = [2, 2]> : (tensor<1x2x4x4xsi8, #dsconv.layout<chw>>) -> tensor<1x2x2x2xsi8>
// GENERIC: %halved = "dsconv.max_pool"(%x) <{layer = "pool1", window = #dsconv.window<kernel = [2, 2], strides = [2, 2]>}> : (tensor<1x2x4x4xsi8, #dsconv.layout<chw>>) -> tensor<1x2x2x2xsi8>

%same = dsconv.max_pool "pool2"(%x) window <kernel = [3, 3], pads = [1, 1, 1, 1]> {tile = #dsconv.tile<2, 4, 4, weights>} : (tensor<1x2x4x4xsi8, #dsconv.layout<chw>>) -> tensor<1x2x4x4xsi8, #dsconv.layout<hwc>>
// CHECK: %same = dsconv.max_pool "pool2"(%x) window <kernel = [3, 3], pads = [1, 1, 1, 1]> {tile = #dsconv.tile<2, 4, 4, weights>} : (tensor<1x2x4x4xsi8, #dsconv.layout<chw>>) -> tensor<1x2x4x4xsi8, #dsconv.layout<hwc>>
// GENERIC: %same = "dsconv.max_pool"(%x) <{layer = "pool2", window = #dsconv.window<kernel = [3, 3], pads = [1, 1, 1, 1]>, tile = #dsconv.tile<2, 4, 4, weights>}> : (tensor<1x2x4x4xsi8, #dsconv.layout<chw>>) -> tensor<1x2x4x4xsi8, #dsconv.layout<hwc>>
