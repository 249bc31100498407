#include "dsc_harness.h"

#include "dsc_counts.h"
#include "dsc_files.h"
#include "dsc_l3_image.h"
#include "dsc_profile.h"
#include "dsc_trace.h"
#include "network.h"

enum { WORDS_PER_ROW = sizeof(dsc_layer_stats) / sizeof(uint32_t) };

static dsc_file input_file;
static dsc_file output_file;
static dsc_file stats_file;
static uint32_t inputs;

static void check(bool ok, const char *message) {
  if (ok) return;
  dsc_print(message);
  dsc_exit(DSC_EXIT_FILE);
}

static dsc_file open_for_writing(const char *name, const char *message) {
  dsc_file file = dsc_file_open(name, DSC_FILE_WRITE);
  check(file != DSC_NO_FILE, message);
  return file;
}

static void write_stats(const void *words, uint32_t bytes) {
  check(dsc_file_write(stats_file, words, bytes), "stats.bin: cannot be written\n");
}

/* Of all inputs. */
static uint32_t input_bytes(void) {
  uint32_t bytes = DSC_NETWORK.input_bytes;
  for (uint32_t port = 0; port < DSC_NETWORK.input_count; port++) bytes += DSC_NETWORK.inputs[port].bytes;
  return bytes;
}

static void open_files(void) {
  input_file = dsc_file_open("input.bin", DSC_FILE_READ);
  check(input_file != DSC_NO_FILE, "input.bin: cannot be opened\n");
  uint32_t bytes = dsc_file_size(input_file);
  check(bytes % input_bytes() == 0, "input.bin: its size is no multiple of the network's input\n");
  inputs = bytes / input_bytes();

  output_file = open_for_writing("output.bin", "output.bin: cannot be opened\n");
  stats_file = open_for_writing("stats.bin", "stats.bin: cannot be opened\n");
  static uint32_t header[] = {0, DSC_LAYERS, WORDS_PER_ROW};
  header[0] = inputs;
  write_stats(header, sizeof header);
  if (DSC_TRACE) dsc_trace_open();
  if (DSC_COUNT) dsc_counts_open();
}

static void close_files(void) {
  dsc_file_close(input_file);
  dsc_file_close(output_file);
  dsc_file_close(stats_file);
  if (DSC_TRACE) dsc_trace_close();
  if (DSC_COUNT) dsc_counts_close();
}

static void read_port(uint8_t *data, uint32_t bytes) {
  check(dsc_file_read(input_file, data, bytes), "input.bin: cannot be read\n");
}

static void write_port(const uint8_t *data, uint32_t bytes) {
  check(dsc_file_write(output_file, data, bytes), "output.bin: cannot be written\n");
}

static void read_inputs(void) {
  if (DSC_NETWORK.input_count == 0) read_port(DSC_NETWORK.input, DSC_NETWORK.input_bytes);
  for (uint32_t port = 0; port < DSC_NETWORK.input_count; port++) {
    read_port(DSC_NETWORK.inputs[port].data, DSC_NETWORK.inputs[port].bytes);
  }
}

static void write_result(uint32_t cycles) {
  if (DSC_NETWORK.output_count == 0) write_port(DSC_NETWORK.output, DSC_NETWORK.output_bytes);
  for (uint32_t port = 0; port < DSC_NETWORK.output_count; port++) {
    write_port(DSC_NETWORK.outputs[port].data, DSC_NETWORK.outputs[port].bytes);
  }
  write_stats(&cycles, sizeof cycles);
  write_stats(dsc_profile_layers(), DSC_LAYERS * sizeof(dsc_layer_stats));
}

void dsc_harness(uint32_t core) {
  if (core == 0) {
    open_files();
    if (DSC_L3_BYTES > 0) dsc_l3_load_image();
  }
  dsc_barrier(core);
  for (uint32_t input = 0; input < inputs; input++) {
    if (core == 0) {
      read_inputs();
      dsc_profile_start();
      if (DSC_COUNT) dsc_counts_start();
    }
    dsc_barrier(core);
    DSC_NETWORK.run(core);
    if (DSC_COUNT) dsc_counts_end_network(core);
    dsc_barrier(core);
    if (core == 0) {
      uint32_t cycles = dsc_profile_stop();
      dsc_check_l3_is_idle();
      dsc_check_no_prefetch_in_flight();
      write_result(cycles);
      if (DSC_COUNT) dsc_counts_write_last_layer();
    }
  }
  if (core == 0) close_files();
}
