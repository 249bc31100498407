/* layers.bin: what every layer gave, for comparing layer by layer. A record is the layer's index and its size in bytes, both
   little-endian 32-bit words, and the bytes. */
#ifndef DSC_TRACE_H
#define DSC_TRACE_H

#include "dsc_runtime.h"

#ifndef DSC_TRACE
#define DSC_TRACE 0
#endif

void dsc_trace_open(void);
void dsc_trace_layer(uint32_t layer, dsc_buffer output);
void dsc_trace_l1_layer(uint32_t layer, dsc_buffer output);
void dsc_trace_l3_layer(uint32_t layer, uint32_t offset, uint32_t bytes);
void dsc_trace_close(void);

#endif
