/* What the hand-written networks of the runtime's tests share. */
#ifndef NETWORK_H
#define NETWORK_H

#include "dsc_runtime.h"

#define DSC_LAYERS 2
#define DSC_NETWORK test_network
extern const dsc_network test_network;

extern const uint8_t test_weights[16];

#endif
