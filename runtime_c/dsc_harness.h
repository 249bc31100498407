/* Runs the network on every input of input.bin. */
#ifndef DSC_HARNESS_H
#define DSC_HARNESS_H

#include <stdint.h>

/* Called by every core; returns when the last input is done.

   input.bin holds any number of inputs, back to back. output.bin gets the outputs in the same order. stats.bin gets
   little-endian 32-bit words: inputs, layers, words in a layer's row; then for every input its cycles and the rows. */
void dsc_harness(uint32_t core);

#endif
