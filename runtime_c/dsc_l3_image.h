/* Filling L3 before the first run. */
#ifndef DSC_L3_IMAGE_H
#define DSC_L3_IMAGE_H

#include "dsc_runtime.h"
#include "network.h"

/* network.h says how much L3 the network uses, if it uses any. */
#ifndef DSC_L3_BYTES
#define DSC_L3_BYTES 0
#endif

/* Copies l3.bin to the begin of L3. Core 0 only. */
void dsc_l3_load_image(void);

#endif
