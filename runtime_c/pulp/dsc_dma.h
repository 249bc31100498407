/* Boxes as commands of mchan. */
#ifndef DSC_DMA_H
#define DSC_DMA_H

#include "mchan.h"

typedef mchan_counter dsc_dma;

#include "dsc_boxes.h"

#endif
