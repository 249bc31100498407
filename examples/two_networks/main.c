/* Two networks in one program, called in turns; 0 when every output is the expected one. */
#include "cases.h"
#include "digits/network.h"
#include "model/network.h"

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
    copy((uint8_t *)digits_input_data(), digits_inputs[turn], DIGITS_INPUT_BYTES);
    copy((uint8_t *)model_input_data(), model_inputs[turn], MODEL_INPUT_BYTES);
    digits_network.run(0);
    model_network.run(0);
    wrong += differ((const uint8_t *)digits_output_data(), digits_outputs[turn], DIGITS_OUTPUT_BYTES);
    wrong += differ((const uint8_t *)model_output_data(), model_outputs[turn], MODEL_OUTPUT_BYTES);
  }
  return wrong;
}
