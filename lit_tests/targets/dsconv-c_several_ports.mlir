// RUN: xdsl-opt -p select-layout,tile-l1,lower-to-tiles,plan-memory,lower-kernels -t dsconv-c %s | filecheck %s

// Several inputs and outputs are listed by the names that they have in the model's file, whatever these are.
!x = tensor<1x2x1x1xsi8, #dsconv.layout<chw>>
func.func @net(%a: !x, %b: !x) -> (!x, tensor<1x2x1x1xsi8, #dsconv.layout<chw>>) attributes {
    dsconv.inputs = [{name = "left:0", meaning = "int8 1x2, real = 0.5 * q"}, {name = "left/0", meaning = "int8 1x2"}],
    dsconv.outputs = [{name = "sum", meaning = "int8 1x2 */"}, {name = "a \"b\"", meaning = "int8 1x2"}]} {
  %s = dsconv.add "sum"(%a, %b) requant <multiplier = [1], shift = [0], floor, clip = [-128, 127]> {multipliers = array<i32: 1, 1>, zero_points = array<i32: 0, 0>} : (!x, !x) -> !x
  %r = dsconv.rescale "more"(%s) requant <multiplier = [2], shift = [0], floor, clip = [-128, 127]> : (!x) -> !x
  func.return %s, %r : !x, !x
}
// CHECK: /* The network net, made by dsconv. Write the data of net_network.inputs, let every core call
// CHECK-NEXT: net_network.run, read the data of net_network.outputs.
// CHECK: input left:0: int8 1x2, real = 0.5 * q
// CHECK-NEXT: input left/0: int8 1x2
// CHECK-NEXT: output sum: int8 1x2 * /
// CHECK-NEXT: output a "b": int8 1x2 */
// CHECK: /* Of inputs, by name. */
// CHECK-NEXT: enum { NET_INPUT_LEFT_0, NET_INPUT_LEFT_0_1 };
// CHECK-NEXT: /* Of outputs, by name. */
// CHECK-NEXT: enum { NET_OUTPUT_SUM, NET_OUTPUT_A__B_ };
// CHECK: static const dsc_port net_inputs[] = {
// CHECK-NEXT{LITERAL}: [NET_INPUT_LEFT_0] = {"left:0", net_l2 + 0, 2},
// CHECK-NEXT{LITERAL}: [NET_INPUT_LEFT_0_1] = {"left/0", net_l2 + 8, 2},
// CHECK-NEXT: };
// CHECK: static const dsc_port net_outputs[] = {
// CHECK-NEXT{LITERAL}: [NET_OUTPUT_SUM] = {"sum", net_l2 + 16, 2},
// CHECK-NEXT{LITERAL}: [NET_OUTPUT_A__B_] = {"a \042b\042", net_l2 + 0, 2},
// CHECK-NEXT: };
// CHECK: const dsc_network net_network = {
// CHECK-NEXT: .name = "net",
// CHECK-NEXT: .inputs = net_inputs,
// CHECK-NEXT: .input_count = 2,
// CHECK-NEXT: .outputs = net_outputs,
// CHECK-NEXT: .output_count = 2,
// CHECK-NEXT: .layers = 2,
