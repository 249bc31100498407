"builtin.module"() ({
"func.func"() <{function_type = (tensor<1x8x8x4xi8>) -> (tensor<1x8x8x6xi8>), sym_name = "features"}> ({
  ^bb0(%arg0: tensor<1x8x8x4xi8>):
    %0 = "tosa.const"() <{values = dense<[[[[77], [22], [91], [13]], [[67], [79], [-113], [15]], [[-12], [-55], [-13], [-23]]], [[[-3], [81], [83], [32]], [[53], [117], [35], [-34]], [[-107], [13], [-69], [24]]], [[[-122], [89], [113], [-91]], [[81], [-24], [-118], [104]], [[112], [-117], [23], [82]]]]> : tensor<3x3x4x1xi8>}> : () -> tensor<3x3x4x1xi8>
    %1 = "tosa.const"() <{values = dense<[-375, -376, 278, -212]> : tensor<4xi32>}> : () -> tensor<4xi32>
    %2 = "tosa.const"() <{values = dense<[-5]> : tensor<1xi8>}> : () -> tensor<1xi8>
    %3 = "tosa.const"() <{values = dense<[0]> : tensor<1xi8>}> : () -> tensor<1xi8>
    %4 = "tosa.depthwise_conv2d"(%arg0, %0, %1, %2, %3) <{acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>}> : (tensor<1x8x8x4xi8>, tensor<3x3x4x1xi8>, tensor<4xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x8x8x4xi32>
    %5 = "tosa.const"() <{values = dense<[1463194972, 1187257038, 1143292249, 1352500804]> : tensor<4xi32>}> : () -> tensor<4xi32>
    %6 = "tosa.const"() <{values = dense<[38, 37, 39, 38]> : tensor<4xi8>}> : () -> tensor<4xi8>
    %7 = "tosa.const"() <{values = dense<[0]> : tensor<1xi32>}> : () -> tensor<1xi32>
    %8 = "tosa.const"() <{values = dense<[-128]> : tensor<1xi8>}> : () -> tensor<1xi8>
    %9 = "tosa.rescale"(%4, %5, %6, %7, %8) <{input_unsigned = false, output_unsigned = false, per_channel = true, rounding_mode = #tosa.rounding_mode<DOUBLE_ROUND>, scale32 = true}> : (tensor<1x8x8x4xi32>, tensor<4xi32>, tensor<4xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x8x8x4xi8>
    %10 = "tosa.clamp"(%9) <{max_val = 127 : i8, min_val = -128 : i8, nan_mode = #tosa.nan_mode<PROPAGATE>}> : (tensor<1x8x8x4xi8>) -> tensor<1x8x8x4xi8>
    %11 = "tosa.const"() <{values = dense<[[[[115, 51, 34, 113]]], [[[73, -96, -119, 93]]], [[[-24, -113, -6, -31]]], [[[-18, -18, -48, -3]]], [[[-3, 121, 49, 70]]], [[[-126, -49, 123, -59]]]]> : tensor<6x1x1x4xi8>}> : () -> tensor<6x1x1x4xi8>
    %12 = "tosa.const"() <{values = dense<[-391, -422, -242, 152, 24, -227]> : tensor<6xi32>}> : () -> tensor<6xi32>
    %13 = "tosa.const"() <{values = dense<[-128]> : tensor<1xi8>}> : () -> tensor<1xi8>
    %14 = "tosa.const"() <{values = dense<[0]> : tensor<1xi8>}> : () -> tensor<1xi8>
    %15 = "tosa.conv2d"(%10, %11, %12, %13, %14) <{acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>}> : (tensor<1x8x8x4xi8>, tensor<6x1x1x4xi8>, tensor<6xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x8x8x6xi32>
    %16 = "tosa.const"() <{values = dense<[1223888608, 1243885391, 1672811296, 1306870133, 1368801100, 1244523018]> : tensor<6xi32>}> : () -> tensor<6xi32>
    %17 = "tosa.const"() <{values = dense<[37, 37, 38, 38, 37, 38]> : tensor<6xi8>}> : () -> tensor<6xi8>
    %18 = "tosa.const"() <{values = dense<[0]> : tensor<1xi32>}> : () -> tensor<1xi32>
    %19 = "tosa.const"() <{values = dense<[7]> : tensor<1xi8>}> : () -> tensor<1xi8>
    %20 = "tosa.rescale"(%15, %16, %17, %18, %19) <{input_unsigned = false, output_unsigned = false, per_channel = true, rounding_mode = #tosa.rounding_mode<DOUBLE_ROUND>, scale32 = true}> : (tensor<1x8x8x6xi32>, tensor<6xi32>, tensor<6xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x8x8x6xi8>
    "func.return"(%20) : (tensor<1x8x8x6xi8>) -> ()
}) : () -> ()
"func.func"() <{function_type = (tensor<1x8x8x6xi8>) -> (tensor<1x5xi8>), sym_name = "classes"}> ({
  ^bb0(%arg0: tensor<1x8x8x6xi8>):
    %0 = "tosa.const"() <{values = dense<[1073741824]> : tensor<1xi32>}> : () -> tensor<1xi32>
    %1 = "tosa.const"() <{values = dense<[30]> : tensor<1xi8>}> : () -> tensor<1xi8>
    %2 = "tosa.const"() <{values = dense<[7]> : tensor<1xi8>}> : () -> tensor<1xi8>
    %3 = "tosa.const"() <{values = dense<[0]> : tensor<1xi32>}> : () -> tensor<1xi32>
    %4 = "tosa.rescale"(%arg0, %0, %1, %2, %3) <{input_unsigned = false, output_unsigned = false, per_channel = false, rounding_mode = #tosa.rounding_mode<DOUBLE_ROUND>, scale32 = true}> : (tensor<1x8x8x6xi8>, tensor<1xi32>, tensor<1xi8>, tensor<1xi8>, tensor<1xi32>) -> tensor<1x8x8x6xi32>
    %5 = "tosa.reduce_sum"(%4) <{axis = 1 : i32}> : (tensor<1x8x8x6xi32>) -> tensor<1x1x8x6xi32>
    %6 = "tosa.reduce_sum"(%5) <{axis = 2 : i32}> : (tensor<1x1x8x6xi32>) -> tensor<1x1x1x6xi32>
    %7 = "tosa.const"() <{values = dense<[1395864371]> : tensor<1xi32>}> : () -> tensor<1xi32>
    %8 = "tosa.const"() <{values = dense<[36]> : tensor<1xi8>}> : () -> tensor<1xi8>
    %9 = "tosa.const"() <{values = dense<[0]> : tensor<1xi32>}> : () -> tensor<1xi32>
    %10 = "tosa.const"() <{values = dense<[4]> : tensor<1xi8>}> : () -> tensor<1xi8>
    %11 = "tosa.rescale"(%6, %7, %8, %9, %10) <{input_unsigned = false, output_unsigned = false, per_channel = false, rounding_mode = #tosa.rounding_mode<DOUBLE_ROUND>, scale32 = true}> : (tensor<1x1x1x6xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x1x1x6xi8>
    %s12 = "tosa.const_shape"() <{values = dense<[1, 6]> : tensor<2xindex>}> : () -> !tosa.shape<2>
    %13 = "tosa.reshape"(%11, %s12) : (tensor<1x1x1x6xi8>, !tosa.shape<2>) -> tensor<1x6xi8>
    %s14 = "tosa.const_shape"() <{values = dense<[1, 1, 1, 6]> : tensor<4xindex>}> : () -> !tosa.shape<4>
    %15 = "tosa.reshape"(%13, %s14) : (tensor<1x6xi8>, !tosa.shape<4>) -> tensor<1x1x1x6xi8>
    %16 = "tosa.const"() <{values = dense<[[[[-80, 3, 121, 123, -101, 64]]], [[[-13, -9, -27, 86, -69, 21]]], [[[63, -22, 36, -98, 57, -51]]], [[[-107, -53, -38, 37, 5, 85]]], [[[-19, 98, -118, -45, -79, -31]]]]> : tensor<5x1x1x6xi8>}> : () -> tensor<5x1x1x6xi8>
    %17 = "tosa.const"() <{values = dense<[26, -96, -64, 15, -12]> : tensor<5xi32>}> : () -> tensor<5xi32>
    %18 = "tosa.const"() <{values = dense<[4]> : tensor<1xi8>}> : () -> tensor<1xi8>
    %19 = "tosa.const"() <{values = dense<[0]> : tensor<1xi8>}> : () -> tensor<1xi8>
    %20 = "tosa.conv2d"(%15, %16, %17, %18, %19) <{acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>}> : (tensor<1x1x1x6xi8>, tensor<5x1x1x6xi8>, tensor<5xi32>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x1x1x5xi32>
    %21 = "tosa.const"() <{values = dense<[1099511628]> : tensor<1xi32>}> : () -> tensor<1xi32>
    %22 = "tosa.const"() <{values = dense<[38]> : tensor<1xi8>}> : () -> tensor<1xi8>
    %23 = "tosa.const"() <{values = dense<[0]> : tensor<1xi32>}> : () -> tensor<1xi32>
    %24 = "tosa.const"() <{values = dense<[-3]> : tensor<1xi8>}> : () -> tensor<1xi8>
    %25 = "tosa.rescale"(%20, %21, %22, %23, %24) <{input_unsigned = false, output_unsigned = false, per_channel = false, rounding_mode = #tosa.rounding_mode<DOUBLE_ROUND>, scale32 = true}> : (tensor<1x1x1x5xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x1x1x5xi8>
    %s26 = "tosa.const_shape"() <{values = dense<[1, 5]> : tensor<2xindex>}> : () -> !tosa.shape<2>
    %27 = "tosa.reshape"(%25, %s26) : (tensor<1x1x1x5xi8>, !tosa.shape<2>) -> tensor<1x5xi8>
    "func.return"(%27) : (tensor<1x5xi8>) -> ()
}) : () -> ()
"func.func"() <{function_type = (tensor<1x8x8x4xi8>) -> tensor<1x5xi8>, sym_name = "app"}> ({
  ^bb0(%image: tensor<1x8x8x4xi8>):
    %0 = "func.call"(%image) <{callee = @features}> : (tensor<1x8x8x4xi8>) -> tensor<1x8x8x6xi8>
    %1 = "mine.clip"(%0) {low = -20 : i8, high = 90 : i8} : (tensor<1x8x8x6xi8>) -> tensor<1x8x8x6xi8>
    %2 = "func.call"(%1) <{callee = @classes}> : (tensor<1x8x8x6xi8>) -> tensor<1x5xi8>
    "func.return"(%2) : (tensor<1x5xi8>) -> ()
}) : () -> ()
"func.func"() <{function_type = (f32, f32) -> f32, sym_name = "mean"}> ({
  ^bb0(%a: f32, %b: f32):
    %sum = "arith.addf"(%a, %b) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
    %half = "arith.constant"() <{value = 5.000000e-01 : f32}> : () -> f32
    %mean = "arith.mulf"(%sum, %half) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32
    "func.return"(%mean) : (f32) -> ()
}) : () -> ()
}) : () -> ()
