#include "dsc_trace.h"

#include "dsc_files.h"

enum { CHUNK_BYTES = 1024 };

static dsc_file layers = DSC_NO_FILE;

static void check(bool ok) {
  if (ok) return;
  dsc_print("layers.bin: cannot be written\n");
  dsc_exit(DSC_EXIT_FILE);
}

void dsc_trace_open(void) {
  layers = dsc_file_open("layers.bin", DSC_FILE_WRITE);
  check(layers != DSC_NO_FILE);
}

static void begin_record(uint32_t layer, uint32_t bytes) {
  static uint32_t header[2];
  header[0] = layer;
  header[1] = bytes;
  check(dsc_file_write(layers, header, sizeof header));
}

void dsc_trace_layer(uint32_t layer, dsc_buffer output) {
  begin_record(layer, output.bytes);
  check(dsc_file_write(layers, output.base, output.bytes));
}

static _Alignas(4) uint8_t chunk[CHUNK_BYTES];

/* The host of GAP8's model does not see L1. */
void dsc_trace_l1_layer(uint32_t layer, dsc_buffer output) {
  begin_record(layer, output.bytes);
  for (uint32_t done = 0; done < output.bytes; done += CHUNK_BYTES) {
    uint32_t left = output.bytes - done;
    uint32_t count = left < CHUNK_BYTES ? left : CHUNK_BYTES;
    for (uint32_t i = 0; i < count; i++) chunk[i] = output.base[done + i];
    check(dsc_file_write(layers, chunk, count));
  }
}

void dsc_trace_l3_layer(uint32_t layer, uint32_t offset, uint32_t bytes) {
  dsc_buffer l2 = {chunk, sizeof chunk};
  begin_record(layer, bytes);
  for (uint32_t done = 0; done < bytes; done += CHUNK_BYTES) {
    uint32_t left = bytes - done;
    uint32_t count = left < CHUNK_BYTES ? left : CHUNK_BYTES;
    dsc_l3_wait(dsc_l3_load(l2, 0, offset + done, (dsc_box){1, 0, 1, 0, count, 0}));
    check(dsc_file_write(layers, chunk, count));
  }
}

void dsc_trace_close(void) { dsc_file_close(layers); }
