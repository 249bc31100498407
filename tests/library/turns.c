/* Networks in one program on one core, called in turns; ends with the number of wrong outputs. */
#include "network_turns.h"

_Alignas(16) uint8_t tiles[LARGEST_L1_BYTES];

int main(void) {
  int wrong = 0;
  for (uint32_t turn = 0; turn < TURNS; turn++) {
    for (uint32_t i = 0; i < NETWORKS; i++) {
      const network_case *one = &cases[i];
      set_input(one, turn);
      one->network->run(0);
      wrong += wrong_bytes(one, turn);
    }
  }
  return wrong != 0;
}
