// RUN: xdsl-opt --allow-unregistered-dialect -p convert-tosa-to-dsconv %s | filecheck %s
// RUN: dsconv-opt --allow-unregistered-dialect -p 'convert-tosa-to-dsconv{remarks=true}' %s 2>&1 | filecheck %s --check-prefix=REMARK

// A depthwise layer and a pointwise one become layers of the graph level, with their clamps. What
// calls them gets casts. A function with anything else in it stays as it is.
"builtin.module"() ({
"func.func"() <{function_type = (tensor<1x4x4x2xi8>) -> (tensor<1x4x4x3xi8>), sym_name = "block"}> ({
  ^bb0(%arg0: tensor<1x4x4x2xi8>):
    %0 = "tosa.const"() <{values = dense<[[[[-8], [-7]], [[-6], [-5]], [[-4], [-3]]], [[[-2], [-1]], [[0], [1]], [[2], [3]]], [[[4], [5]], [[6], [7]], [[8], [9]]]]> : tensor<3x3x2x1xi8>}> : () -> tensor<3x3x2x1xi8>
    %1 = "tosa.const"() <{values = dense<[7, -7]> : tensor<2xi32>}> : () -> tensor<2xi32>
    %2 = "tosa.const"() <{values = dense<[-128]> : tensor<1xi8>}> : () -> tensor<1xi8>
    %3 = "tosa.const"() <{values = dense<[0]> : tensor<1xi8>}> : () -> tensor<1xi8>
    %4 = "tosa.depthwise_conv2d"(%arg0, %0, %1, %2, %3) <{acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>}> : (tensor<1x4x4x2xi8>, tensor<3x3x2x1xi8>, tensor<2xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x4x4x2xi32>
    %5 = "tosa.const"() <{values = dense<[1374389535, 1374389535]> : tensor<2xi32>}> : () -> tensor<2xi32>
    %6 = "tosa.const"() <{values = dense<[37, 36]> : tensor<2xi8>}> : () -> tensor<2xi8>
    %7 = "tosa.const"() <{values = dense<[0]> : tensor<1xi32>}> : () -> tensor<1xi32>
    %8 = "tosa.const"() <{values = dense<[-128]> : tensor<1xi8>}> : () -> tensor<1xi8>
    %9 = "tosa.rescale"(%4, %5, %6, %7, %8) <{input_unsigned = false, output_unsigned = false, per_channel = true, rounding_mode = #tosa.rounding_mode<DOUBLE_ROUND>, scale32 = true}> : (tensor<1x4x4x2xi32>, tensor<2xi32>, tensor<2xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x4x4x2xi8>
    %10 = "tosa.clamp"(%9) <{max_val = 127 : i8, min_val = -128 : i8, nan_mode = #tosa.nan_mode<PROPAGATE>}> : (tensor<1x4x4x2xi8>) -> tensor<1x4x4x2xi8>
    %11 = "tosa.const"() <{values = dense<[[[[1, -2]]], [[[3, 4]]], [[[5, -6]]]]> : tensor<3x1x1x2xi8>}> : () -> tensor<3x1x1x2xi8>
    %12 = "tosa.const"() <{values = dense<[1, 2, 3]> : tensor<3xi32>}> : () -> tensor<3xi32>
    %13 = "tosa.const"() <{values = dense<[-128]> : tensor<1xi8>}> : () -> tensor<1xi8>
    %14 = "tosa.const"() <{values = dense<[0]> : tensor<1xi8>}> : () -> tensor<1xi8>
    %15 = "tosa.conv2d"(%10, %11, %12, %13, %14) <{acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>}> : (tensor<1x4x4x2xi8>, tensor<3x1x1x2xi8>, tensor<3xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x4x4x3xi32>
    %16 = "tosa.const"() <{values = dense<[2061584302, 1374389535, 1374389535]> : tensor<3xi32>}> : () -> tensor<3xi32>
    %17 = "tosa.const"() <{values = dense<[36, 36, 37]> : tensor<3xi8>}> : () -> tensor<3xi8>
    %18 = "tosa.const"() <{values = dense<[0]> : tensor<1xi32>}> : () -> tensor<1xi32>
    %19 = "tosa.const"() <{values = dense<[4]> : tensor<1xi8>}> : () -> tensor<1xi8>
    %20 = "tosa.rescale"(%15, %16, %17, %18, %19) <{input_unsigned = false, output_unsigned = false, per_channel = true, rounding_mode = #tosa.rounding_mode<DOUBLE_ROUND>, scale32 = true}> : (tensor<1x4x4x3xi32>, tensor<3xi32>, tensor<3xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x4x4x3xi8>
    %21 = "tosa.clamp"(%20) <{max_val = 127 : i8, min_val = 4 : i8, nan_mode = #tosa.nan_mode<PROPAGATE>}> : (tensor<1x4x4x3xi8>) -> tensor<1x4x4x3xi8>
    "func.return"(%21) : (tensor<1x4x4x3xi8>) -> ()
}) : () -> ()
"func.func"() <{function_type = (tensor<1x4x4x2xi8>) -> tensor<1x4x4x3xi8>, sym_name = "caller"}> ({
  ^bb0(%arg0: tensor<1x4x4x2xi8>):
    %0 = "func.call"(%arg0) <{callee = @block}> : (tensor<1x4x4x2xi8>) -> tensor<1x4x4x3xi8>
    "func.return"(%0) : (tensor<1x4x4x3xi8>) -> ()
}) : () -> ()
"func.func"() <{function_type = (tensor<1x2x2x3xi8>) -> tensor<1x2x2x3xi8>, sym_name = "foreign"}> ({
  ^bb0(%arg0: tensor<1x2x2x3xi8>):
    %0 = "tosa.clamp"(%arg0) <{max_val = 9 : i8, min_val = -9 : i8, nan_mode = #tosa.nan_mode<PROPAGATE>}> : (tensor<1x2x2x3xi8>) -> tensor<1x2x2x3xi8>
    %1 = "test.op"(%0) : (tensor<1x2x2x3xi8>) -> tensor<1x2x2x3xi8>
    "func.return"(%1) : (tensor<1x2x2x3xi8>) -> ()
}) : () -> ()
}) : () -> ()

// CHECK-LABEL: func.func @block
// CHECK-SAME:    tensor<1x2x4x4xsi8, #dsconv.layout<hwc>>) -> tensor<1x3x4x4xsi8, #dsconv.layout<hwc>>
// CHECK:         dsconv.depthwise
// CHECK-SAME:    window <kernel = [3, 3], pads = [1, 1, 1, 1]> requant <multiplier = [1374389535, 1374389535], shift = [37, 36], twice, zero_point = -128, clip = [-128, 127]> {input_zero_point = -128 : i32}
// CHECK:         dsconv.pointwise
// CHECK-SAME:    twice, zero_point = 4, clip = [4, 127]>
// CHECK-NOT:     tosa
// CHECK:         func.return
// CHECK-LABEL: func.func @caller
// CHECK:         builtin.unrealized_conversion_cast %arg0 : tensor<1x4x4x2xi8> to tensor<1x2x4x4xsi8, #dsconv.layout<hwc>>
// CHECK-NEXT:    func.call @block
// CHECK-NEXT:    builtin.unrealized_conversion_cast
// CHECK-LABEL: func.func @foreign
// CHECK-NEXT:    tosa.clamp
// CHECK-NEXT:    "test.op"

// REMARK: remark: @foreign stays: {{.*}}convert-tosa-to-dsconv.mlir:{{[0-9]+}}:5: operation 1 (test.op): this operation is not supported
