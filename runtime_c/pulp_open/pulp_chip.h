/* Where pulp-open differs from other PULP chips. Included by pulp_cluster.h. */
#ifndef PULP_CHIP_H
#define PULP_CHIP_H

#include "pulp_mchan7.h"

#define UDMA_HYPER_ID 8u
#define HYPER_QUEUES 8u

#endif
