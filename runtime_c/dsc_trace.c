#include "dsc_trace.h"

#include "dsc_files.h"

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

void dsc_trace_layer(uint32_t layer, dsc_buffer output) {
  static uint32_t header[2];
  header[0] = layer;
  header[1] = output.bytes;
  check(dsc_file_write(layers, header, sizeof header));
  check(dsc_file_write(layers, output.base, output.bytes));
}

void dsc_trace_close(void) { dsc_file_close(layers); }
