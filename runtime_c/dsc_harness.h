/* Runs the network on every input of input.bin. */
#ifndef DSC_HARNESS_H
#define DSC_HARNESS_H

#include <stdint.h>

/* Called by every core; returns when the last input is done.

   input.bin holds what the network takes, any number of times, back to back; the inputs of a network of several follow each
   other in their order. output.bin gets the outputs in the same way. stats.bin gets
   little-endian 32-bit words: inputs, layers, words in a layer's row; then for every input its cycles and the rows. */
void dsc_harness(uint32_t core);

#endif
