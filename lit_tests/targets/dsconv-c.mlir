// RUN: xdsl-opt -p lower-to-tiles,plan-memory,lower-kernels,canonicalize,cse -t dsconv-c %s | filecheck %s

// Six layers; the convolution has two channel tiles, the others one tile.
func.func @net(%x: tensor<1x3x6x6xsi8, #dsconv.layout<hwc>>) -> tensor<1x2x1x1xsi8, #dsconv.layout<hwc>> {
  %w0 = dsconv.constant dense<1> : tensor<4x3x3x3xsi8>
  %b0 = dsconv.constant dense<[1, 2, 3, 4]> : tensor<4xi32>
  %0 = dsconv.conv2d "conv"(%x, %w0, %b0) window <kernel = [3, 3], pads = [1, 1, 1, 1]> requant <multiplier = [3], shift = [4], half_even, clip = [-128, 127]> {input_zero_point = -5 : i32, tile = #dsconv.tile<2, 6, 6, pixels>} : (tensor<1x3x6x6xsi8, #dsconv.layout<hwc>>, tensor<4x3x3x3xsi8>, tensor<4xi32>) -> tensor<1x4x6x6xsi8, #dsconv.layout<chw>>
  %w1 = dsconv.constant dense<2> : tensor<4x1x3x3xsi8>
  %1 = dsconv.depthwise "dw"(%0, %w1, %b0) window <kernel = [3, 3], strides = [2, 2], pads = [1, 1, 1, 1]> requant <multiplier = [3, 4, 5, 6], shift = [4], half_even, clip = [-128, 127]> {tile = #dsconv.tile<4, 3, 3, weights>} : (tensor<1x4x6x6xsi8, #dsconv.layout<chw>>, tensor<4x1x3x3xsi8>, tensor<4xi32>) -> tensor<1x4x3x3xsi8, #dsconv.layout<chw>>
  %w2 = dsconv.constant dense<3> : tensor<4x4xsi8>
  %2 = dsconv.pointwise "pw"(%1, %w2, %b0) requant <multiplier = [3], shift = [4], half_even, clip = [-128, 127]> {tile = #dsconv.tile<4, 3, 3, weights>} : (tensor<1x4x3x3xsi8, #dsconv.layout<chw>>, tensor<4x4xsi8>, tensor<4xi32>) -> tensor<1x4x3x3xsi8, #dsconv.layout<chw>>
  %3 = dsconv.add "res"(%1, %2) requant <multiplier = [1], shift = [4], half_even, clip = [-128, 127]> {multipliers = array<i32: 16, 8>, zero_points = array<i32: 0, 0>, tile = #dsconv.tile<4, 3, 3, weights>} : (tensor<1x4x3x3xsi8, #dsconv.layout<chw>>, tensor<1x4x3x3xsi8, #dsconv.layout<chw>>) -> tensor<1x4x3x3xsi8, #dsconv.layout<chw>>
  %4 = dsconv.avg_pool "pool"(%3) window <kernel = [3, 3]> requant <multiplier = [1], divisor = [9], half_even, clip = [-128, 127]> {tile = #dsconv.tile<4, 1, 1, weights>} : (tensor<1x4x3x3xsi8, #dsconv.layout<chw>>) -> tensor<1x4x1x1xsi8, #dsconv.layout<hwc>>
  %w5 = dsconv.constant dense<4> : tensor<2x4xsi8>
  %b5 = dsconv.constant dense<[1, 2]> : tensor<2xi32>
  %5 = dsconv.linear "fc"(%4, %w5, %b5) requant <multiplier = [3], shift = [4], half_even, clip = [-128, 127]> {tile = #dsconv.tile<2, 1, 1, weights>} : (tensor<1x4x1x1xsi8, #dsconv.layout<hwc>>, tensor<2x4xsi8>, tensor<2xi32>) -> tensor<1x2x1x1xsi8, #dsconv.layout<hwc>>
  func.return %5 : tensor<1x2x1x1xsi8, #dsconv.layout<hwc>>
}

// The header: what an application needs, and the sizes of the weights.
// CHECK{LITERAL}: // ---- network.h
// CHECK-NEXT{LITERAL}: /* The network net, made by dsconv. Write net_network.input, let every core call
// CHECK-NEXT{LITERAL}: net_network.run, read net_network.output. */
// CHECK-NEXT{LITERAL}: #ifndef NET_NETWORK_H
// CHECK-NEXT{LITERAL}: #define NET_NETWORK_H
// CHECK-EMPTY:
// CHECK-NEXT{LITERAL}: #include "dsc_network.h"
// CHECK-EMPTY:
// CHECK-NEXT{LITERAL}: #ifdef __cplusplus
// CHECK-NEXT{LITERAL}: extern "C" {
// CHECK-NEXT{LITERAL}: #endif
// CHECK-EMPTY:
// CHECK-NEXT{LITERAL}: extern const dsc_network net_network;
// CHECK-EMPTY:
// CHECK-NEXT{LITERAL}: #define NET_L1_BYTES 272
// CHECK-NEXT{LITERAL}: #define NET_L2_BYTES 256
// CHECK-NEXT{LITERAL}: #define NET_L3_BYTES 0
// CHECK-EMPTY:
// CHECK-NEXT{LITERAL}: extern const uint8_t net_conv_weights[128];
// CHECK-NEXT{LITERAL}: extern const uint8_t net_dw_weights[80];
// CHECK-NEXT{LITERAL}: extern const uint8_t net_pw_weights[32];
// CHECK-NEXT{LITERAL}: extern const uint8_t net_fc_weights[16];
// CHECK-EMPTY:
// CHECK-NEXT{LITERAL}: /* input:  */
// CHECK-NEXT{LITERAL}: #define NET_INPUT_BYTES 108
// CHECK-EMPTY:
// CHECK-NEXT{LITERAL}: /* output:  */
// CHECK-NEXT{LITERAL}: #define NET_OUTPUT_BYTES 2
// CHECK-EMPTY:
// CHECK-NEXT{LITERAL}: #ifdef DSC_PROGRAM /* what the harness of runtime_c runs */
// CHECK-NEXT{LITERAL}: #define DSC_NETWORK net_network
// CHECK-NEXT{LITERAL}: #define DSC_LAYERS 6
// CHECK-NEXT{LITERAL}: #define DSC_L1_BYTES 272
// CHECK-NEXT{LITERAL}: #define DSC_L3_BYTES 0
// CHECK-NEXT{LITERAL}: #endif
// CHECK-EMPTY:
// CHECK-NEXT{LITERAL}: #ifdef __cplusplus
// CHECK-NEXT{LITERAL}: }
// CHECK-NEXT{LITERAL}: #endif
// CHECK-EMPTY:
// CHECK-NEXT{LITERAL}: #endif
// CHECK-NEXT{LITERAL}: // ---- network.c

// Arenas, as large as the memory plan says.
// CHECK-NEXT{LITERAL}: #include "network.h"
// CHECK-EMPTY:
// CHECK-NEXT{LITERAL}: #include "dsc_math.h"
// CHECK-NEXT{LITERAL}: #include "dsc_requant.h"
// CHECK-NEXT{LITERAL}: #include "dsc_runtime.h"
// CHECK-NEXT{LITERAL}: #include "dsc_simd.h"
// CHECK-EMPTY:
// CHECK-NEXT{LITERAL}: #if defined DSC_L1_ARENA /* an array that several networks share */
// CHECK-NEXT{LITERAL}: extern uint8_t DSC_L1_ARENA[];
// CHECK-NEXT{LITERAL}: #define net_l1 DSC_L1_ARENA
// CHECK-NEXT{LITERAL}: #elif defined DSC_L1_BASE /* what the platform has allocated for all of them */
// CHECK-NEXT{LITERAL}: #define net_l1 DSC_L1_BASE
// CHECK-NEXT{LITERAL}: #else
// CHECK-NEXT{LITERAL}: DSC_L1 static uint8_t net_l1[272];
// CHECK-NEXT{LITERAL}: #endif
// CHECK-NEXT{LITERAL}: DSC_L2 static uint8_t net_l2[256];

// A kernel: loops with constant bounds for its shape, split over the cores.
// CHECK{LITERAL}: static void net_conv_kernel(uint32_t core, const uint8_t *x, const uint8_t *w, uint8_t *y, int32_t row, int32_t column) {
// CHECK-NEXT{LITERAL}: const int32_t pixel_first = (int32_t)core * 36 / (int32_t)DSC_CORES;
// CHECK-NEXT{LITERAL}: const int32_t pixel_end = ((int32_t)core + 1) * 36 / (int32_t)DSC_CORES;
// CHECK-NEXT{LITERAL}: for (int32_t pixel = pixel_first; pixel < pixel_end; pixel++) {
// CHECK-NEXT{LITERAL}: const int32_t oy = pixel / 6;
// CHECK-NEXT{LITERAL}: const int32_t ox = pixel % 6;
// CHECK{LITERAL}: y[oy * 6 + ox + k * 36] = (uint8_t)dsc_clip(dsc_round_half_even((int64_t)acc * 3, 4), -128, 127);

// Channels with multipliers of their own read them from their records.
// CHECK{LITERAL}: static void net_dw_kernel(uint32_t core, const uint8_t *x, const uint8_t *w, uint8_t *y, int32_t row, int32_t column) {
// CHECK{LITERAL}: const int32_t multiplier = (int32_t)dsc_load_word(w + v + 16);
// CHECK-NEXT{LITERAL}: y[oy * 3 + ox + k * 9] = (uint8_t)dsc_clip(dsc_round_half_even((int64_t)acc * multiplier, 4), -128, 127);

// Arguments that a kernel does not use are said to be so.
// CHECK{LITERAL}: static void net_res_kernel(uint32_t core, const uint8_t *x0, const uint8_t *x1, uint8_t *y, int32_t row, int32_t column) {
// CHECK-NEXT{LITERAL}: (void)row;
// CHECK-NEXT{LITERAL}: (void)column;

// A divisor that is no power of two is divided by.
// CHECK{LITERAL}: static void net_pool_kernel(uint32_t core, const uint8_t *x, uint8_t *y, int32_t row, int32_t column) {
// CHECK{LITERAL}: y[k] = (uint8_t)dsc_clip(dsc_div_half_even((int64_t)acc, INT64_C(9)), -128, 127);

// Four channels are one dot product.
// CHECK{LITERAL}: static void net_fc_kernel(uint32_t core, const uint8_t *x, const uint8_t *w, uint8_t *y, int32_t row, int32_t column) {
// CHECK{LITERAL}: dsc_sdot4_ss(

// Ports and buffers between layers have their places in L2.
// CHECK{LITERAL}: static const dsc_buffer net_input = {net_l2 + 144, 108};
// CHECK-NEXT{LITERAL}: static const dsc_buffer net_output = {net_l2 + 8, 2};
// CHECK-NEXT{LITERAL}: static const dsc_buffer net_conv = {net_l2 + 0, 144};
// CHECK-NEXT{LITERAL}: static const dsc_buffer net_dw = {net_l2 + 144, 36};
// CHECK-NEXT{LITERAL}: static const dsc_buffer net_pw = {net_l2 + 0, 36};
// CHECK-NEXT{LITERAL}: static const dsc_buffer net_res = {net_l2 + 40, 36};
// CHECK-NEXT{LITERAL}: static const dsc_buffer net_pool = {net_l2 + 0, 4};

// A layer: a comment, buffers in L1, what only core 0 does, barriers around the kernel for all cores.
// CHECK{LITERAL}: /* conv: conv2d, makes 4x6x6 si8 chw; tile 2x6x6, hwc/chw */
// CHECK-NEXT{LITERAL}: static DSC_NOINLINE void net_layer_conv(uint32_t core) {
// CHECK-NEXT{LITERAL}: if (core == 0) {
// CHECK-NEXT{LITERAL}: dsc_layer_begin(0);
// CHECK-NEXT{LITERAL}: }
// CHECK-NEXT{LITERAL}: const dsc_buffer x0 = {net_l1 + 0, 112};
// CHECK-NEXT{LITERAL}: const dsc_buffer w = {net_l1 + 112, 64};
// CHECK-NEXT{LITERAL}: const dsc_buffer y = {net_l1 + 176, 72};
// CHECK-NEXT{LITERAL}: dsc_barrier(core);
// CHECK-NEXT{LITERAL}: dsc_fill(core, x0, 108, 3, 251, 1, 0);
// CHECK-NEXT{LITERAL}: const dsc_const_buffer weights = {net_conv_weights, 128};
// CHECK-NEXT{LITERAL}: if (core == 0) {
// CHECK-NEXT{LITERAL}: const dsc_dma transfer = dsc_load(x0, 0, net_input, 0, (dsc_box){1, 0, 1, 0, 108, 0});
// CHECK-NEXT{LITERAL}: dsc_wait(transfer);
// CHECK-NEXT{LITERAL}: }
// CHECK-NEXT{LITERAL}: for (int32_t tile = 0; tile < 2; tile++) {
// CHECK-NEXT{LITERAL}: const int32_t k = tile * 2;
// CHECK-NEXT{LITERAL}: if (core == 0) {
// CHECK-NEXT{LITERAL}: const dsc_dma transfer_2 = dsc_load_weights(w, 0, weights, (uint32_t)(k * 32), (dsc_box){1, 0, 1, 0, 64, 0});
// CHECK-NEXT{LITERAL}: dsc_wait(transfer_2);
// CHECK-NEXT{LITERAL}: }
// CHECK-NEXT{LITERAL}: dsc_barrier(core);
// CHECK-NEXT{LITERAL}: net_conv_kernel(core, x0.base, w.base, y.base, -1, -1);
// CHECK-NEXT{LITERAL}: dsc_barrier(core);
// CHECK-NEXT{LITERAL}: if (core == 0) {
// CHECK-NEXT{LITERAL}: const dsc_dma transfer_3 = dsc_store(y, 0, net_conv, (uint32_t)(k * 36), (dsc_box){1, 0, 1, 0, 72, 0});
// CHECK-NEXT{LITERAL}: dsc_wait(transfer_3);
// CHECK-NEXT{LITERAL}: }
// CHECK-NEXT{LITERAL}: }
// CHECK-NEXT{LITERAL}: if (core == 0) {
// CHECK-NEXT{LITERAL}: dsc_layer_end(0, net_conv);
// CHECK-NEXT{LITERAL}: }
// CHECK-NEXT{LITERAL}: }

// The others, in their order.
// CHECK{LITERAL}: /* dw: depthwise, makes 4x3x3 si8 chw; tile 4x3x3, chw/chw */
// CHECK{LITERAL}: /* pw: pointwise, makes 4x3x3 si8 chw; tile 4x3x3, chw/chw */
// CHECK{LITERAL}: /* res: add, makes 4x3x3 si8 chw; tile 4x3x3, chw/chw */
// Both operands are on their way before the first is waited for.
// CHECK{LITERAL}: const dsc_dma transfer = dsc_load(x0, 0, net_dw, 0, (dsc_box){1, 0, 1, 0, 36, 0});
// CHECK-NEXT{LITERAL}: const dsc_dma transfer_2 = dsc_load(x1, 0, net_pw, 0, (dsc_box){1, 0, 1, 0, 36, 0});
// CHECK-NEXT{LITERAL}: dsc_wait(transfer);
// CHECK-NEXT{LITERAL}: dsc_wait(transfer_2);
// CHECK{LITERAL}: /* pool: avg_pool, makes 4x1x1 si8 hwc; tile 4x1x1, chw/hwc */
// CHECK{LITERAL}: /* fc: linear, makes 2x1x1 si8 hwc; tile 2x1x1, hwc/hwc */

// The network runs one after the other on every core.
// CHECK{LITERAL}: static void net_run(uint32_t core) {
// CHECK-NEXT{LITERAL}: net_layer_conv(core);
// CHECK-NEXT{LITERAL}: net_layer_dw(core);
// CHECK-NEXT{LITERAL}: net_layer_pw(core);
// CHECK-NEXT{LITERAL}: net_layer_res(core);
// CHECK-NEXT{LITERAL}: net_layer_pool(core);
// CHECK-NEXT{LITERAL}: net_layer_fc(core);
// CHECK-NEXT{LITERAL}: }

// What the harness starts from.
// CHECK{LITERAL}: const dsc_network net_network = {
// CHECK-NEXT{LITERAL}: .name = "net",
// CHECK-NEXT{LITERAL}: .input = net_l2 + 144,
// CHECK-NEXT{LITERAL}: .input_bytes = 108,
// CHECK-NEXT{LITERAL}: .output = net_l2 + 8,
// CHECK-NEXT{LITERAL}: .output_bytes = 2,
// CHECK-NEXT{LITERAL}: .layers = 6,
// CHECK-NEXT{LITERAL}: .run = net_run,
// CHECK-NEXT{LITERAL}: .l3_bytes = 0,
// CHECK-NEXT{LITERAL}: .l3_image_bytes = 0,
// CHECK-NEXT{LITERAL}: };

// Weights: the channel records. -5 * -27 = 135 is folded into the biases 1 to 4.
// CHECK{LITERAL}: // ---- weights.c
// CHECK-NEXT{LITERAL}: #include "network.h"
// CHECK-EMPTY:
// CHECK-NEXT{LITERAL}: _Alignas(4) const uint8_t net_conv_weights[128] = {
// CHECK-NEXT{LITERAL}: 1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,
// CHECK-NEXT{LITERAL}: 1,1,1,1,1,1,1,1,1,1,1,0,136,0,0,0,
// CHECK-NEXT{LITERAL}: 1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,
// CHECK-NEXT{LITERAL}: 1,1,1,1,1,1,1,1,1,1,1,0,137,0,0,0,
// CHECK-NEXT{LITERAL}: 1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,
// CHECK-NEXT{LITERAL}: 1,1,1,1,1,1,1,1,1,1,1,0,138,0,0,0,
// CHECK-NEXT{LITERAL}: 1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,
// CHECK-NEXT{LITERAL}: 1,1,1,1,1,1,1,1,1,1,1,0,139,0,0,0,
// CHECK-NEXT{LITERAL}: };
// CHECK{LITERAL}: _Alignas(4) const uint8_t net_dw_weights[80] = {
// CHECK{LITERAL}: _Alignas(4) const uint8_t net_pw_weights[32] = {
// CHECK{LITERAL}: _Alignas(4) const uint8_t net_fc_weights[16] = {
// CHECK-NEXT{LITERAL}: 4,4,4,4,1,0,0,0,4,4,4,4,2,0,0,0,
