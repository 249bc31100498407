#include "dsc_profile.h"

#include "dsc_counts.h"
#include "dsc_trace.h"
#include "network.h"

dsc_layer_stats dsc_counters DSC_RUNTIME_DATA;
uint32_t dsc_running_layer DSC_RUNTIME_DATA;

static uint32_t network_began DSC_RUNTIME_DATA;
static uint32_t layer_began DSC_RUNTIME_DATA;
static uint32_t bookkeeping DSC_RUNTIME_DATA; /* cycles that no network would take */
static dsc_layer_stats rows[DSC_LAYERS];

static const dsc_layer_stats no_counts;

void dsc_profile_start(void) {
  bookkeeping = 0;
  dsc_counters = no_counts;
  network_began = dsc_cycles();
}

uint32_t dsc_profile_stop(void) { return dsc_cycles() - network_began - bookkeeping; }

const dsc_layer_stats *dsc_profile_layers(void) { return rows; }

void dsc_layer_begin(uint32_t layer) {
  dsc_running_layer = layer;
  layer_began = dsc_cycles();
}

static void close_row(uint32_t layer, uint32_t ended) {
  if (DSC_COUNT) dsc_counts_end_layer(layer);
  dsc_check_nothing_in_flight();
  dsc_counters.cycles = ended - layer_began;
  rows[layer] = dsc_counters;
}

static void open_row(uint32_t ended) {
  dsc_counters = no_counts;
  bookkeeping += dsc_cycles() - ended;
}

void dsc_layer_end(uint32_t layer, dsc_buffer output) {
  uint32_t ended = dsc_cycles();
  close_row(layer, ended);
  if (DSC_TRACE) dsc_trace_layer(layer, output);
  open_row(ended);
}

void dsc_layer_end_in_l1(uint32_t layer, dsc_buffer output) {
  uint32_t ended = dsc_cycles();
  close_row(layer, ended);
  if (DSC_TRACE) dsc_trace_l1_layer(layer, output);
  open_row(ended);
}

void dsc_layer_end_in_l3(uint32_t layer, uint32_t output_offset, uint32_t output_bytes) {
  uint32_t ended = dsc_cycles();
  close_row(layer, ended);
  if (DSC_TRACE) dsc_trace_l3_layer(layer, output_offset, output_bytes);
  open_row(ended);
}
