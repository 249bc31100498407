/* Where siracusa differs from other PULP chips. Included by pulp_cluster.h. */
#ifndef PULP_CHIP_H
#define PULP_CHIP_H

#include "pulp_mchan7.h"

#define UDMA_HYPER_ID 4u
#define HYPER_QUEUES 2u

#endif
