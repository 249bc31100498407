/* What programs of several networks do around each call. */
#include "cluster_cases.h"

static void set_input(const network_case *one, uint32_t turn) {
  uint32_t bytes = one->network->input_bytes;
  for (uint32_t i = 0; i < bytes; i++) one->network->input[i] = one->inputs[turn * bytes + i];
}

static int wrong_bytes(const network_case *one, uint32_t turn) {
  int wrong = 0;
  const uint8_t *expected = one->outputs + turn * one->network->output_bytes;
  for (uint32_t i = 0; i < one->network->output_bytes; i++) wrong += one->network->output[i] != expected[i];
  return wrong;
}
