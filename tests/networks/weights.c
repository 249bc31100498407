#include "network.h"

const uint8_t test_weights[16] = {1, 2};
