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
DSC_L1 static uint8_t net_l1[1336];
#endif
DSC_L2 static uint8_t net_l2[6912];

static void net_conv_kernel(uint32_t core, const uint8_t *x, const uint8_t *w, uint8_t *y, int32_t row, int32_t column) {
  const int32_t pixel_first = (int32_t)core * 144 / (int32_t)DSC_CORES;
  const int32_t pixel_end = ((int32_t)core + 1) * 144 / (int32_t)DSC_CORES;
  for (int32_t pixel = pixel_first; pixel < pixel_end; pixel++) {
    const int32_t oy = pixel / 12;
    const int32_t ox = pixel % 12;
    for (int32_t k = 0; k < 4; k++) {
      const int32_t v = k * 44;
      const int32_t bias = (int32_t)dsc_load_word(w + v + 36);
      int32_t acc = bias;
      for (int32_t fy = 0; fy < 3; fy++) {
        const int32_t v_2 = oy + row + fy;
        for (int32_t fx = 0; fx < 3; fx++) {
          const int32_t v_3 = ox + column + fx;
          acc = dsc_sdot4_ss(acc, dsc_load_word(x + ((uint32_t)v_2 < (uint32_t)12 && (uint32_t)v_3 < (uint32_t)12 ? v_2 * 48 + v_3 * 4 : 576)), dsc_load_word(w + v + (fy * 3 + fx) * 4));
        }
      }
      const int32_t multiplier = (int32_t)dsc_load_word(w + v + 40);
      y[oy * 12 + ox + k * 144] = (uint8_t)dsc_min(dsc_max((acc * (int16_t)multiplier + ((acc * (multiplier >> 16)) >> 13) - 5242880) >> 21, -128), 127);
    }
  }
}

static void net_dw_kernel(uint32_t core, const uint8_t *x, const uint8_t *w, uint8_t *y, int32_t row, int32_t column) {
  const int32_t k_first = (int32_t)core * 4 / (int32_t)DSC_CORES;
  const int32_t k_end = ((int32_t)core + 1) * 4 / (int32_t)DSC_CORES;
  for (int32_t k = k_first; k < k_end; k++) {
    for (int32_t oy = 0; oy < 12; oy++) {
      for (int32_t ox = 0; ox < 12; ox++) {
        const int32_t v = k * 20;
        const int32_t bias = (int32_t)dsc_load_word(w + v + 12);
        int32_t acc = bias;
        for (int32_t fy = 0; fy < 3; fy++) {
          const int32_t v_2 = oy + row + fy;
          for (int32_t fx = 0; fx < 3; fx++) {
            const int32_t v_3 = ox + column + fx;
            acc = acc + (int8_t)x[(uint32_t)v_2 < (uint32_t)12 && (uint32_t)v_3 < (uint32_t)12 ? v_2 * 12 + v_3 + k * 144 : 576] * (int8_t)w[v + fy * 4 + fx];
          }
        }
        y[oy * 12 + ox + k * 144] = (uint8_t)dsc_min(dsc_max((acc * (int16_t)(int32_t)dsc_load_word(w + v + 16) - 2621440) >> 20, -128), 127);
      }
    }
  }
}

static void net_pw_kernel(uint32_t core, const uint8_t *x, const uint8_t *w, uint8_t *y, int32_t row, int32_t column) {
  const int32_t pixel_first = (int32_t)core * 24 / (int32_t)DSC_CORES;
  const int32_t pixel_end = ((int32_t)core + 1) * 24 / (int32_t)DSC_CORES;
  for (int32_t pixel = pixel_first; pixel < pixel_end; pixel++) {
    const int32_t oy = pixel / 12;
    const int32_t ox = pixel % 12;
    for (int32_t k = 0; k < 16; k++) {
      const int32_t v = k * 24;
      const int32_t bias = (int32_t)dsc_load_word(w + v + 16);
      int32_t acc = bias;
      for (int32_t c = 0; c < 16; c++) {
        acc = acc + (int8_t)x[(oy + row) * 12 + ox + column + c * 24] * (int8_t)w[v + c];
      }
      const int32_t multiplier = (int32_t)dsc_load_word(w + v + 20);
      y[oy * 192 + ox * 16 + k] = (uint8_t)dsc_clip(dsc_round_half_even((int64_t)acc * multiplier, 20) - 3, -128, 127);
    }
  }
}

static void net_add_kernel(uint32_t core, const uint8_t *x0, const uint8_t *x1, uint8_t *y, int32_t row, int32_t column) {
  (void)row;
  (void)column;
  const int32_t k_first = (int32_t)core * 16 / (int32_t)DSC_CORES;
  const int32_t k_end = ((int32_t)core + 1) * 16 / (int32_t)DSC_CORES;
  for (int32_t k = k_first; k < k_end; k++) {
    for (int32_t oy = 0; oy < 2; oy++) {
      for (int32_t ox = 0; ox < 12; ox++) {
        const int32_t v = oy * 192 + ox * 16 + k;
        const int32_t v_2 = (int8_t)x0[oy * 12 + ox + k * 24] * 3000 + (int8_t)x1[v] * 2500 + 16500;
        y[v] = (uint8_t)dsc_min(dsc_max((v_2 * 2048 + ((v_2 * -1) >> 12) - 20971520) >> 23, -128), 127);
      }
    }
  }
}

static const dsc_buffer net_input = {net_l2 + 2304, 576};
static const dsc_buffer net_output = {net_l2 + 2304, 2304};
static const dsc_buffer net_conv = {net_l2 + 0, 2304};
static const dsc_buffer net_dw = {net_l2 + 2304, 2304};
static const dsc_buffer net_pw = {net_l2 + 4608, 2304};

/* conv: conv2d, makes 16x12x12 si8 chw; tile 4x12x12, hwc/chw */
static DSC_NOINLINE void net_layer_conv(uint32_t core) {
  if (core == 0) {
    dsc_layer_begin(0);
  }
  const dsc_buffer x0 = {net_l1 + 0, 584};
  const dsc_buffer w = {net_l1 + 584, 176};
  const dsc_buffer y = {net_l1 + 760, 576};
  dsc_barrier(core);
  dsc_fill(core, x0, 576, 4, 253, 1, 0);
  const dsc_const_buffer weights = {net_conv_weights, 704};
  if (core == 0) {
    const dsc_dma transfer = dsc_load(x0, 0, net_input, 0, (dsc_box){1, 0, 1, 0, 576, 0});
    dsc_wait(transfer);
  }
  for (int32_t tile = 0; tile < 4; tile++) {
    const int32_t k = tile * 4;
    if (core == 0) {
      const dsc_dma transfer_2 = dsc_load_weights(w, 0, weights, (uint32_t)(k * 44), (dsc_box){1, 0, 1, 0, 176, 0});
      dsc_wait(transfer_2);
    }
    dsc_barrier(core);
    net_conv_kernel(core, x0.base, w.base, y.base, -1, -1);
    dsc_barrier(core);
    if (core == 0) {
      const dsc_dma transfer_3 = dsc_store(y, 0, net_conv, (uint32_t)(k * 144), (dsc_box){1, 0, 1, 0, 576, 0});
      dsc_wait(transfer_3);
    }
  }
  if (core == 0) {
    dsc_layer_end(0, net_conv);
  }
}

/* dw: depthwise, makes 16x12x12 si8 chw; tile 4x12x12, chw/chw */
static DSC_NOINLINE void net_layer_dw(uint32_t core) {
  if (core == 0) {
    dsc_layer_begin(1);
  }
  const dsc_buffer x0 = {net_l1 + 0, 584};
  const dsc_buffer w = {net_l1 + 584, 80};
  const dsc_buffer y = {net_l1 + 664, 576};
  dsc_barrier(core);
  dsc_fill(core, x0, 576, 4, 253, 1, 0);
  const dsc_const_buffer weights = {net_dw_weights, 320};
  for (int32_t tile = 0; tile < 4; tile++) {
    const int32_t k = tile * 4;
    if (core == 0) {
      const dsc_dma transfer = dsc_load_weights(w, 0, weights, (uint32_t)(k * 20), (dsc_box){1, 0, 1, 0, 80, 0});
      dsc_wait(transfer);
    }
    const int32_t v = k * 144;
    if (core == 0) {
      const dsc_dma transfer_2 = dsc_load(x0, 0, net_conv, (uint32_t)v, (dsc_box){1, 0, 1, 0, 576, 0});
      dsc_wait(transfer_2);
    }
    dsc_barrier(core);
    net_dw_kernel(core, x0.base, w.base, y.base, -1, -1);
    dsc_barrier(core);
    if (core == 0) {
      const dsc_dma transfer_3 = dsc_store(y, 0, net_dw, (uint32_t)v, (dsc_box){1, 0, 1, 0, 576, 0});
      dsc_wait(transfer_3);
    }
  }
  if (core == 0) {
    dsc_layer_end(1, net_dw);
  }
}

/* pw: pointwise, makes 16x12x12 si8 hwc; tile 16x2x12, chw/hwc */
static DSC_NOINLINE void net_layer_pw(uint32_t core) {
  if (core == 0) {
    dsc_layer_begin(2);
  }
  const dsc_buffer x0 = {net_l1 + 0, 384};
  const dsc_buffer w = {net_l1 + 384, 384};
  const dsc_buffer y = {net_l1 + 768, 384};
  const dsc_const_buffer weights = {net_pw_weights, 384};
  if (core == 0) {
    const dsc_dma transfer = dsc_load_weights(w, 0, weights, 0, (dsc_box){1, 0, 1, 0, 384, 0});
    dsc_wait(transfer);
  }
  for (int32_t tile = 0; tile < 6; tile++) {
    const int32_t v = tile * 2 * 12;
    if (core == 0) {
      const dsc_dma transfer_2 = dsc_load(x0, 0, net_dw, (uint32_t)v, (dsc_box){1, 0, 16, 144, 24, 0});
      dsc_wait(transfer_2);
    }
    dsc_barrier(core);
    net_pw_kernel(core, x0.base, w.base, y.base, 0, 0);
    dsc_barrier(core);
    if (core == 0) {
      const dsc_dma transfer_3 = dsc_store(y, 0, net_pw, (uint32_t)(v * 16), (dsc_box){1, 0, 1, 0, 384, 0});
      dsc_wait(transfer_3);
    }
  }
  if (core == 0) {
    dsc_layer_end(2, net_pw);
  }
}

/* add: add, makes 16x12x12 si8 hwc; tile 16x2x12, chw/hwc */
static DSC_NOINLINE void net_layer_add(uint32_t core) {
  if (core == 0) {
    dsc_layer_begin(3);
  }
  const dsc_buffer x0 = {net_l1 + 0, 384};
  const dsc_buffer x1 = {net_l1 + 384, 384};
  const dsc_buffer y = {net_l1 + 768, 384};
  for (int32_t tile = 0; tile < 6; tile++) {
    const int32_t v = tile * 2 * 12;
    const int32_t v_2 = v * 16;
    if (core == 0) {
      const dsc_dma transfer = dsc_load(x0, 0, net_conv, (uint32_t)v, (dsc_box){1, 0, 16, 144, 24, 0});
      const dsc_dma transfer_2 = dsc_load(x1, 0, net_pw, (uint32_t)v_2, (dsc_box){1, 0, 1, 0, 384, 0});
      dsc_wait(transfer);
      dsc_wait(transfer_2);
    }
    dsc_barrier(core);
    net_add_kernel(core, x0.base, x1.base, y.base, 0, 0);
    dsc_barrier(core);
    if (core == 0) {
      const dsc_dma transfer_3 = dsc_store(y, 0, net_output, (uint32_t)v_2, (dsc_box){1, 0, 1, 0, 384, 0});
      dsc_wait(transfer_3);
    }
  }
  if (core == 0) {
    dsc_layer_end(3, net_output);
  }
}

static void net_run(uint32_t core) {
  net_layer_conv(core);
  net_layer_dw(core);
  net_layer_pw(core);
  net_layer_add(core);
}

const dsc_network net_network = {
  .name = "net",
  .input = net_l2 + 2304,
  .input_bytes = 576,
  .output = net_l2 + 2304,
  .output_bytes = 2304,
  .layers = 4,
  .run = net_run,
  .l3_bytes = 0,
  .l3_image_bytes = 0,
};
