#include "dsc_profile.h"

#include "dsc_trace.h"
#include "network.h"

dsc_layer_stats dsc_counters DSC_RUNTIME_DATA;
uint32_t dsc_running_layer;

static dsc_layer_stats rows[DSC_LAYERS];
static uint32_t network_began;
static uint32_t layer_began;
static uint32_t tracing;

static const dsc_layer_stats no_counts;

void dsc_profile_start(void) {
  tracing = 0;
  dsc_counters = no_counts;
  network_began = dsc_cycles();
}

uint32_t dsc_profile_stop(void) { return dsc_cycles() - network_began - tracing; }

const dsc_layer_stats *dsc_profile_layers(void) { return rows; }

void dsc_layer_begin(uint32_t layer) {
  dsc_running_layer = layer;
  layer_began = dsc_cycles();
}

void dsc_layer_end(uint32_t layer, dsc_buffer output) {
  uint32_t ended = dsc_cycles();
  dsc_check_nothing_in_flight();
  dsc_counters.cycles = ended - layer_began;
  rows[layer] = dsc_counters;
  dsc_counters = no_counts;
  if (DSC_TRACE) {
    dsc_trace_layer(layer, output);
    tracing += dsc_cycles() - ended;
  }
}
