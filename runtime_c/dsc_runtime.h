/* The one API that generated networks call. A platform folder (host, qemu, pulp_open, ...) implements it in
   dsc_platform.h, found on the include path, and dsc_platform.c.

   Every core of the cluster runs the same network function. Core 0 alone moves data; the others meet it at barriers. */
#ifndef DSC_RUNTIME_H
#define DSC_RUNTIME_H

#include <stdbool.h>
#include <stdint.h>

#include "dsc_network.h"

/* Memory that tiles and activations live in. Offsets are bytes from base; bytes is the size of the whole buffer, which
   the host checks every transfer against. */
typedef struct {
  uint8_t *base;
  uint32_t bytes;
} dsc_buffer;

typedef struct {
  const uint8_t *base;
  uint32_t bytes;
} dsc_const_buffer;

/* What a transfer moves: blocks x lines x line_bytes. block_stride and line_stride are bytes in the outer memory (L2 seen from
   L1, L3 seen from L2). In the inner one lines are contiguous, and so are blocks where inner_block_stride is 0; otherwise that
   is the distance from one to the next. L3 knows contiguous blocks only. */
typedef struct {
  uint32_t blocks;
  uint32_t block_stride;
  uint32_t lines;
  uint32_t line_stride;
  uint32_t line_bytes;
  uint32_t inner_block_stride;
} dsc_box;

/* Counters of one layer, in the order in which the harness writes them. Cycles are 0 where the platform has no cycle
   counter that means anything (host, qemu). */
typedef struct {
  uint32_t cycles;
  uint32_t l2_l1_in;
  uint32_t l2_l1_out;
  uint32_t l2_l1_weights;
  uint32_t l3_l2;
} dsc_layer_stats;

/* The platform defines dsc_dma (the handle of a started transfer), DSC_CORES, DSC_L1 (the attribute that places an array in
   L1; or DSC_L1_BASE, a pointer to what was allocated there), DSC_RUNTIME_DATA (the attribute of the runtime's own counters),
   and as static inline functions or declarations:

   void     dsc_barrier(uint32_t core);                      waits for all DSC_CORES cores
   dsc_dma  dsc_load(dsc_buffer l1, uint32_t l1_offset, dsc_buffer l2, uint32_t l2_offset, dsc_box box);
   dsc_dma  dsc_load_weights(dsc_buffer l1, uint32_t l1_offset, dsc_const_buffer l2, uint32_t l2_offset, dsc_box box);
   dsc_dma  dsc_store(dsc_buffer l1, uint32_t l1_offset, dsc_buffer l2, uint32_t l2_offset, dsc_box box);
   void     dsc_wait(dsc_dma transfer);                      all of them: core 0 only, every transfer waited for once
   dsc_dma  dsc_prefetch(dsc_buffer l1, dsc_const_buffer l2, uint32_t l2_offset, dsc_box box);
   void     dsc_wait_prefetch(dsc_dma transfer, uint32_t bytes);  weights for the next layer, which waits and counts them
   void     dsc_check_nothing_in_flight(void);               ends the run if a layer did not wait for a transfer of its own
   void     dsc_check_no_prefetch_in_flight(void);           ends the run if a transfer was never waited for
   uint32_t dsc_cycles(void);                                core 0 only; counts sleep too

   and dsc_l3_transfer, for L3, an address space of its own that begins at 0:

   dsc_l3_transfer dsc_l3_load(dsc_buffer l2, uint32_t l2_offset, uint32_t l3_offset, dsc_box box);
   dsc_l3_transfer dsc_l3_store(dsc_buffer l2, uint32_t l2_offset, uint32_t l3_offset, dsc_box box);
   void     dsc_l3_wait(dsc_l3_transfer transfer);           all of them: core 0 only, every transfer waited for once
   void     dsc_check_l3_is_idle(void);                      ends the run if a transfer was never waited for

   These transfers go on while layers end and begin, until the network ends. They are served one after the other, in the order
   in which they were started; up to eight may be in flight. The hardware knows words of 4 bytes: addresses are multiples of 4, and so are the strides and
   line_bytes of a box of several lines. A single line may have any length; loading it leaves the rest of its last word in L2
   undefined, and the buffer must have room for that. */
#include "dsc_platform.h"

/* The attribute that places an array of activations in L2. */
#ifndef DSC_L2
#define DSC_L2 _Alignas(8)
#endif

/* Sets lines of bytes that lie a stride apart, from an offset on; all cores together, each its share. */
static inline void dsc_fill(uint32_t core, dsc_buffer l1, uint32_t offset, uint32_t bytes, uint8_t value, uint32_t lines,
                            uint32_t stride) {
  uint32_t first = lines == 1 ? core * bytes / DSC_CORES : 0;
  uint32_t end = lines == 1 ? (core + 1) * bytes / DSC_CORES : bytes;
  for (uint32_t line = lines == 1 ? 0 : core; line < lines; line += DSC_CORES) {
    uint8_t *target = l1.base + offset + line * stride;
    for (uint32_t i = first; i < end; i++) target[i] = value;
  }
}

/* Words of L1, whatever their bytes are used as. */
typedef uint32_t __attribute__((may_alias)) dsc_word;

static inline void dsc_move_words(dsc_word *to, const dsc_word *from, uint32_t words) {
  const dsc_word *end = from + words;
  for (; end - from >= 4; from += 4, to += 4) {
    dsc_word a = from[0], b = from[1], c = from[2], d = from[3];
    to[0] = a, to[1] = b, to[2] = c, to[3] = d;
  }
  while (from < end) *to++ = *from++;
}

/* Moves lines of bytes that lie a stride apart in both buffers. All cores together: each some lines, where there are enough for
   all, or its share of every line. */
static inline void dsc_move(uint32_t core, dsc_buffer source, uint32_t source_offset, dsc_buffer target, uint32_t target_offset,
                            uint32_t bytes, uint32_t lines, uint32_t stride) {
  bool whole_lines = lines % DSC_CORES == 0;
  uint32_t first_line = whole_lines ? core : 0, line_step = whole_lines ? DSC_CORES : 1;
  uint32_t part = whole_lines ? 0 : core, parts = whole_lines ? 1 : DSC_CORES;
  const uint8_t *from = source.base + source_offset + first_line * stride;
  uint8_t *to = target.base + target_offset + first_line * stride;
  bool in_words = ((uintptr_t)from | (uintptr_t)to | bytes | stride) % 4 == 0;
  for (uint32_t line = first_line; line < lines; line += line_step, from += line_step * stride, to += line_step * stride) {
    if (in_words) {
      uint32_t first = part * (bytes / 4) / parts, end = (part + 1) * (bytes / 4) / parts;
      dsc_move_words((dsc_word *)to + first, (const dsc_word *)from + first, end - first);
    } else {
      for (uint32_t i = part * bytes / parts; i < (part + 1) * bytes / parts; i++) to[i] = from[i];
    }
  }
}

/* Programs of the harness count and trace layers; libraries do not (DSC_HOOKS=0). */
#ifndef DSC_HOOKS
#define DSC_HOOKS 1
#endif

/* Core 0 only. The end comes after the layer's last barrier; with DSC_TRACE it also writes the layer's output to the host, out
   of L2, L1 or L3. The latter takes long, and transfers from L3 that are in flight go on meanwhile. */
#if DSC_HOOKS
void dsc_layer_begin(uint32_t layer);
void dsc_layer_end(uint32_t layer, dsc_buffer output);
void dsc_layer_end_in_l1(uint32_t layer, dsc_buffer output);
void dsc_layer_end_in_l3(uint32_t layer, uint32_t output_offset, uint32_t output_bytes);
#else
static inline void dsc_layer_begin(uint32_t layer) { (void)layer; }
static inline void dsc_layer_end(uint32_t layer, dsc_buffer output) { (void)layer, (void)output; }
static inline void dsc_layer_end_in_l1(uint32_t layer, dsc_buffer output) { (void)layer, (void)output; }
static inline void dsc_layer_end_in_l3(uint32_t layer, uint32_t output_offset, uint32_t output_bytes) {
  (void)layer, (void)output_offset, (void)output_bytes;
}
#endif

#endif
