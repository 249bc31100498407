#include "dsc_counts.h"

#if DSC_COUNT

#include "dsc_files.h"
#include "dsc_profile.h"
#include "network.h"

typedef struct {
  uint32_t events[DSC_CORE_COUNTERS];
  uint32_t waits[DSC_WAITS];
} sample;

/* Of the layer that ended last. Those of core 0 are there when it ends, those of the others behind the next barrier. */
static sample samples[DSC_CORES];
static uint32_t sampled_layer[DSC_CORES] DSC_RUNTIME_DATA;
static uint32_t waits[DSC_WAITS] DSC_RUNTIME_DATA;
static uint32_t wait_began DSC_RUNTIME_DATA;
static dsc_file file;

static void write_words(const void *words, uint32_t bytes) {
  if (dsc_file_write(file, words, bytes)) return;
  dsc_print("counts.bin: cannot be written\n");
  dsc_exit(DSC_EXIT_FILE);
}

void dsc_counts_open(void) {
  static uint32_t header[] = {DSC_LAYERS, DSC_CORES, sizeof(sample) / sizeof(uint32_t)};
  file = dsc_file_open("counts.bin", DSC_FILE_WRITE);
  write_words(header, sizeof header);
}

void dsc_counts_close(void) { dsc_file_close(file); }

void dsc_counts_start(void) {
  dsc_running_layer = DSC_LAYERS;
  for (uint32_t kind = 0; kind < DSC_WAITS; kind++) waits[kind] = 0;
  dsc_core_counters_take(samples[0].events);
  dsc_core_counters_start();
}

void dsc_counts_end_layer(uint32_t layer) {
  dsc_core_counters_stop();
  if (layer > 0) write_words(samples, sizeof samples);
  dsc_core_counters_take(samples[0].events);
  for (uint32_t kind = 0; kind < DSC_WAITS; kind++) {
    samples[0].waits[kind] = waits[kind];
    waits[kind] = 0;
  }
  dsc_core_counters_start();
}

void dsc_counts_write_last_layer(void) { write_words(samples, sizeof samples); }

void dsc_counts_begin_wait(void) {
  dsc_core_counters_stop();
  wait_began = dsc_cycles();
}

void dsc_counts_end_wait(dsc_wait_kind kind) {
  waits[kind] += dsc_cycles() - wait_began;
  dsc_core_counters_start();
}

void dsc_counts_pass_barrier(uint32_t core) {
  if (core == 0 || sampled_layer[core] == dsc_running_layer) return;
  dsc_core_counters_stop();
  sampled_layer[core] = dsc_running_layer;
  dsc_core_counters_take(samples[core].events);
  dsc_core_counters_start();
}

void dsc_counts_end_network(uint32_t core) {
  if (core == 0) dsc_running_layer = DSC_LAYERS;
  dsc_barrier(core);
}

#endif
