/* Networks in one program on one core, called in turns; ends with the number of wrong outputs. */
#include "cluster_cases.h"

_Alignas(16) uint8_t tiles[LARGEST_L1_BYTES];

static int wrong_bytes(const network_case *one, uint32_t turn) {
  int wrong = 0;
  const uint8_t *expected = one->outputs + turn * one->network->output_bytes;
  for (uint32_t i = 0; i < one->network->output_bytes; i++) wrong += one->network->output[i] != expected[i];
  return wrong;
}

int main(void) {
  int wrong = 0;
  for (uint32_t turn = 0; turn < TURNS; turn++) {
    for (uint32_t i = 0; i < NETWORKS; i++) {
      const network_case *one = &cases[i];
      for (uint32_t at = 0; at < one->network->input_bytes; at++) {
        one->network->input[at] = one->inputs[turn * one->network->input_bytes + at];
      }
      one->network->run(0);
      wrong += wrong_bytes(one, turn);
    }
  }
  return wrong != 0;
}
