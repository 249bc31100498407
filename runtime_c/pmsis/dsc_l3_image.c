#include "dsc_l3_image.h"

/* The FC has filled L3 (dsc_platform.c): no core of the cluster reads files of a readfs. */
void dsc_l3_load_image(void) {}
