/* Boxes as copies of PMSIS. */
#ifndef DSC_DMA_H
#define DSC_DMA_H

/* The number of a transfer that is in flight. */
typedef uint32_t dsc_dma;

#include "dsc_boxes.h"

#endif
