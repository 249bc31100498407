// RUN: xdsl-opt -p select-layout,tile-l1,lower-to-tiles,plan-memory,lower-kernels -t dsconv-c %s | filecheck %s

// What the importer says of inputs and outputs stands in the header, harmless in a comment.
func.func @net(%x: tensor<1x2x1x1xsi8, #dsconv.layout<chw>>) -> tensor<1x3x1x1xi32, #dsconv.layout<chw>> attributes {dsconv.inputs = [{meaning = "int8 1x2, real = 0.5 * q"}], dsconv.outputs = [{meaning = "int32 1x3 */ /* "}]} {
  %w = dsconv.constant dense<1> : tensor<3x2xsi8>
  %b = dsconv.constant dense<7> : tensor<3xi32>
  %y = dsconv.linear "fc"(%x, %w, %b) requant <multiplier = [1], shift = [0], floor, clip = [-2147483648, 2147483647]> : (tensor<1x2x1x1xsi8, #dsconv.layout<chw>>, tensor<3x2xsi8>, tensor<3xi32>) -> tensor<1x3x1x1xi32, #dsconv.layout<chw>>
  func.return %y : tensor<1x3x1x1xi32, #dsconv.layout<chw>>
}
// CHECK: net_network.run, read net_network.output.
// CHECK: input: int8 1x2, real = 0.5 * q
// CHECK-NEXT: output: int32 1x3 * / / *{{ +}}*/
// CHECK: .output_bytes = 12,
