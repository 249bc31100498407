/* Two networks in one program, called in turns; 0 when every output is the expected one. */
#include "cases.h"
#include "first/network.h"
#include "second/network.h"

static int differ(const uint8_t *actual, const uint8_t *expected, uint32_t bytes) {
  for (uint32_t i = 0; i < bytes; i++) {
    if (actual[i] != expected[i]) return 1;
  }
  return 0;
}

static void copy(uint8_t *target, const uint8_t *source, uint32_t bytes) {
  for (uint32_t i = 0; i < bytes; i++) target[i] = source[i];
}

int main(void) {
  int wrong = 0;
  for (uint32_t turn = 0; turn < TURNS; turn++) {
    copy((uint8_t *)first_input_data(), first_inputs[turn], FIRST_INPUT_BYTES);
    copy((uint8_t *)second_input_data(), second_inputs[turn], SECOND_INPUT_BYTES);
    first_network.run(0);
    second_network.run(0);
    wrong += differ((const uint8_t *)first_output_data(), first_outputs[turn], FIRST_OUTPUT_BYTES);
    wrong += differ((const uint8_t *)second_output_data(), second_outputs[turn], SECOND_OUTPUT_BYTES);
  }
  return wrong;
}
