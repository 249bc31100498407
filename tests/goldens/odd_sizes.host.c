#include "network.h"

#include "dsc_math.h"
#include "dsc_requant.h"
#include "dsc_runtime.h"
#include "dsc_simd.h"

#if defined DSC_L1_ARENA /* an array that several networks share */
extern uint8_t DSC_L1_ARENA[];
#define net_l1 DSC_L1_ARENA
#elif defined DSC_L1_BASE /* what the platform has allocated for all of them */
#define net_l1 DSC_L1_BASE
#else
DSC_L1 static uint8_t net_l1[4800];
#endif
DSC_L2 static uint8_t net_l2[2064];

static void net_conv_kernel(uint32_t core, const uint8_t *x, const uint8_t *w, uint8_t *y, int32_t row, int32_t column) {
  const int32_t pixel_first = (int32_t)core * 49 / (int32_t)DSC_CORES;
  const int32_t pixel_end = ((int32_t)core + 1) * 49 / (int32_t)DSC_CORES;
  for (int32_t pixel = pixel_first; pixel < pixel_end; pixel++) {
    const int32_t oy = pixel / 7;
    const int32_t ox = pixel % 7;
    for (int32_t k = 0; k < 21; k++) {
      const int32_t v = k * 44;
      const int32_t bias = (int32_t)dsc_load_word(w + v + 36);
      int32_t acc = bias;
      for (int32_t fy = 0; fy < 3; fy++) {
        const int32_t v_2 = oy + row + fy;
        for (int32_t fx = 0; fx < 3; fx++) {
          const int32_t v_3 = ox + column + fx;
          acc = dsc_sdot4_ss(acc, dsc_load_word(x + ((uint32_t)v_2 < (uint32_t)7 && (uint32_t)v_3 < (uint32_t)7 ? v_2 * 28 + v_3 * 4 : 196)), dsc_load_word(w + v + (fy * 3 + fx) * 4));
        }
      }
      const int32_t multiplier = (int32_t)dsc_load_word(w + v + 40);
      y[oy * 7 + ox + k * 49] = (uint8_t)dsc_min(dsc_max((acc * (int16_t)multiplier + ((acc * (multiplier >> 16)) >> 13) - 5242880) >> 21, -128), 127);
    }
  }
}

static void net_dw_kernel(uint32_t core, const uint8_t *x, const uint8_t *w, uint8_t *y, int32_t row, int32_t column) {
  const int32_t k_first = (int32_t)core * 21 / (int32_t)DSC_CORES;
  const int32_t k_end = ((int32_t)core + 1) * 21 / (int32_t)DSC_CORES;
  for (int32_t k = k_first; k < k_end; k++) {
    for (int32_t oy = 0; oy < 7; oy++) {
      for (int32_t ox = 0; ox < 7; ox++) {
        const int32_t v = k * 20;
        const int32_t bias = (int32_t)dsc_load_word(w + v + 12);
        int32_t acc = bias;
        for (int32_t fy = 0; fy < 3; fy++) {
          const int32_t v_2 = oy + row + fy;
          for (int32_t fx = 0; fx < 3; fx++) {
            const int32_t v_3 = ox + column + fx;
            acc = acc + (int8_t)x[(uint32_t)v_2 < (uint32_t)7 && (uint32_t)v_3 < (uint32_t)7 ? v_2 * 7 + v_3 + k * 49 : 1029] * (int8_t)w[v + fy * 4 + fx];
          }
        }
        y[oy * 7 + ox + k * 49] = (uint8_t)dsc_min(dsc_max((acc * (int16_t)(int32_t)dsc_load_word(w + v + 16) - 2621440) >> 20, -128), 127);
      }
    }
  }
}

static void net_pw_kernel(uint32_t core, const uint8_t *x, const uint8_t *w, uint8_t *y, int32_t row, int32_t column) {
  const int32_t pixel_first = (int32_t)core * 49 / (int32_t)DSC_CORES;
  const int32_t pixel_end = ((int32_t)core + 1) * 49 / (int32_t)DSC_CORES;
  for (int32_t pixel = pixel_first; pixel < pixel_end; pixel++) {
    const int32_t oy = pixel / 7;
    const int32_t ox = pixel % 7;
    for (int32_t k = 0; k < 21; k++) {
      const int32_t v = k * 32;
      const int32_t bias = (int32_t)dsc_load_word(w + v + 24);
      int32_t acc = bias;
      for (int32_t c = 0; c < 21; c++) {
        acc = acc + (int8_t)x[(oy + row) * 7 + ox + column + c * 49] * (int8_t)w[v + c];
      }
      const int32_t multiplier = (int32_t)dsc_load_word(w + v + 28);
      y[oy * 7 + ox + k * 49] = (uint8_t)dsc_min(dsc_max((acc * (int16_t)multiplier + ((acc * (multiplier >> 16)) >> 14) - 5242880) >> 21, -128), 127);
    }
  }
}

static void net_add_kernel(uint32_t core, const uint8_t *x0, const uint8_t *x1, uint8_t *y, int32_t row, int32_t column) {
  (void)row;
  (void)column;
  const int32_t k_first = (int32_t)core * 21 / (int32_t)DSC_CORES;
  const int32_t k_end = ((int32_t)core + 1) * 21 / (int32_t)DSC_CORES;
  for (int32_t k = k_first; k < k_end; k++) {
    for (int32_t oy = 0; oy < 7; oy++) {
      for (int32_t ox = 0; ox < 7; ox++) {
        const int32_t v = oy * 7 + ox + k * 49;
        const int32_t v_2 = (int8_t)x0[v] * 3000 + (int8_t)x1[v] * 2500 + 16500;
        y[oy * 147 + ox * 21 + k] = (uint8_t)dsc_min(dsc_max((v_2 * 2048 + ((v_2 * -1) >> 12) - 20971520) >> 23, -128), 127);
      }
    }
  }
}

static const dsc_buffer net_input = {net_l2 + 1032, 196};
static const dsc_buffer net_output = {net_l2 + 1032, 1029};
static const dsc_buffer net_conv = {net_l2 + 0, 1029};
#define net_conv_kept ((dsc_buffer){net_l1 + 3744, 1056})
#define net_dw_w ((dsc_buffer){net_l1 + 3320, 420})
static dsc_dma net_dw_w_dma;
#define net_pw_w ((dsc_buffer){net_l1 + 0, 672})
static dsc_dma net_pw_w_dma;
#define net_dw_kept ((dsc_buffer){net_l1 + 672, 1029})

/* conv: conv2d, makes 21x7x7 si8 chw; tile 21x7x7, hwc/chw */
static DSC_NOINLINE void net_layer_conv(uint32_t core) {
  if (core == 0) {
    dsc_layer_begin(0);
  }
  const dsc_buffer x0 = {net_l1 + 0, 200};
  const dsc_buffer w = {net_l1 + 200, 924};
  dsc_barrier(core);
  dsc_fill(core, x0, 196, 4, 253, 1, 0);
  const dsc_const_buffer weights = {net_conv_weights, 924};
  if (core == 0) {
    const dsc_dma transfer = dsc_load_weights(w, 0, weights, 0, (dsc_box){1, 0, 1, 0, 924, 0});
    dsc_wait(transfer);
    const dsc_dma transfer_2 = dsc_load(x0, 0, net_input, 0, (dsc_box){1, 0, 1, 0, 196, 0});
    dsc_wait(transfer_2);
  }
  dsc_barrier(core);
  const dsc_buffer net_conv_kept_view = {net_conv_kept.base + 0, 1029};
  const dsc_const_buffer weights_2 = {net_dw_weights, 420};
  if (core == 0) {
    net_dw_w_dma = dsc_prefetch(net_dw_w, weights_2, 0, (dsc_box){1, 0, 1, 0, 420, 0});
  }
  net_conv_kernel(core, x0.base, w.base, net_conv_kept_view.base, -1, -1);
  dsc_barrier(core);
  if (core == 0) {
    const dsc_dma transfer_3 = dsc_store(net_conv_kept_view, 0, net_conv, 0, (dsc_box){1, 0, 1, 0, 1029, 0});
    dsc_wait(transfer_3);
  }
  if (core == 0) {
    dsc_layer_end(0, net_conv);
  }
}

/* dw: depthwise, makes 21x7x7 si8 chw; tile 21x7x7, chw/chw, input in L1 */
static DSC_NOINLINE void net_layer_dw(uint32_t core) {
  if (core == 0) {
    dsc_layer_begin(1);
  }
  dsc_barrier(core);
  dsc_fill(core, net_conv_kept, 1029, 21, 253, 1, 0);
  if (core == 0) {
    dsc_wait_prefetch(net_dw_w_dma, 420);
  }
  dsc_barrier(core);
  const dsc_buffer net_dw_kept_view = {net_dw_kept.base + 0, 1029};
  const dsc_const_buffer weights = {net_pw_weights, 672};
  if (core == 0) {
    net_pw_w_dma = dsc_prefetch(net_pw_w, weights, 0, (dsc_box){1, 0, 1, 0, 672, 0});
  }
  net_dw_kernel(core, net_conv_kept.base, net_dw_w.base, net_dw_kept_view.base, -1, -1);
  dsc_barrier(core);
  if (core == 0) {
    dsc_layer_end_in_l1(1, net_dw_kept);
  }
}

/* add: fused, makes 21x7x7 si8 hwc; tile 21x7x7, pointwise-add rows chw/chw/hwc, input in L1 */
static DSC_NOINLINE void net_layer_add(uint32_t core) {
  if (core == 0) {
    dsc_layer_begin(2);
  }
  const dsc_buffer v1 = {net_l1 + 2736, 1029};
  const dsc_buffer y = {net_l1 + 1704, 1029};
  const dsc_buffer r0 = {net_l1 + 3768, 1029};
  if (core == 0) {
    dsc_wait_prefetch(net_pw_w_dma, 672);
  }
  dsc_barrier(core);
  if (core == 0) {
    const dsc_dma transfer = dsc_load(r0, 0, net_conv, 0, (dsc_box){1, 0, 1, 0, 1029, 0});
    dsc_wait(transfer);
  }
  dsc_barrier(core);
  net_pw_kernel(core, net_dw_kept.base, net_pw_w.base, v1.base, 0, 0);
  dsc_barrier(core);
  net_add_kernel(core, r0.base, v1.base, y.base, 0, 0);
  dsc_barrier(core);
  if (core == 0) {
    const dsc_dma transfer_2 = dsc_store(y, 0, net_output, 0, (dsc_box){1, 0, 1, 0, 1029, 0});
    dsc_wait(transfer_2);
  }
  if (core == 0) {
    dsc_layer_end(2, net_output);
  }
}

static void net_run(uint32_t core) {
  net_layer_conv(core);
  net_layer_dw(core);
  net_layer_add(core);
}

const dsc_network net_network = {
  .name = "net",
  .input = net_l2 + 1032,
  .input_bytes = 196,
  .output = net_l2 + 1032,
  .output_bytes = 1029,
  .layers = 3,
  .run = net_run,
  .l3_bytes = 0,
  .l3_image_bytes = 0,
};
