/* What an application sees of a compiled network, from C and from C++. */
#ifndef DSC_NETWORK_H
#define DSC_NETWORK_H

#include <stdint.h>

/* One of several inputs or outputs of a network. */
typedef struct {
  const char *name; /* in the model's file */
  uint8_t *data;
  uint32_t bytes;
} dsc_port;

/* A compiled network. run is called by every core. A network of one input has it in input; one of
   several lists them in inputs, and input is NULL. Outputs are alike. */
typedef struct {
  const char *name;
  uint8_t *input;
  uint32_t input_bytes;
  const uint8_t *output;
  uint32_t output_bytes;
  uint32_t layers;
  void (*run)(uint32_t core);
  uint32_t l3_bytes;       /* all of L3 that the network uses: its image, then space for activations */
  uint32_t l3_image_bytes; /* what lies in L3 from offset 0 before the first run, the file l3.bin */
  const dsc_port *inputs;
  uint32_t input_count; /* of inputs: 0 where there is one input */
  const dsc_port *outputs;
  uint32_t output_count;
} dsc_network;

#endif
