func.func @f(%x: tensor<1x2x2x2xsi8, #dsconv.layout<chw>>, %w: tensor<2x2xsi8>, %b: tensor<2xi32>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>> { 
 %y = dsconv.pointwise "s"(%x, %w, %b) requant <multiplier = [1], shift = [0], half_even, clip = [-128, 127]> {tile = #dsconv.tile<2, 2, 2, weights>} : (tensor<1x2x2x2xsi8, #dsconv.layout<chw>>, tensor<2x2xsi8>, tensor<2xi32>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
 func.return %y : tensor<1x2x2x2xsi8, #dsconv.layout<chw>> }
