/* The cluster of a PULP chip, and what the chips have at the same addresses. Addresses from the chips' descriptions in GVSoC,
   offsets from the register headers of their blocks (archi/). What differs is in pulp_chip.h. */
#ifndef PULP_CLUSTER_H
#define PULP_CLUSTER_H

#include <stdint.h>

#define PULP_REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

/* SoC control: a write of PULP_EXITED | status ends the simulation. */
#define PULP_CORE_STATUS 0x1A1040A0u
#define PULP_EXITED 0x80000000u

/* Instruction caches of the cluster, off after reset: an enable bit for each core. */
#define PULP_CLUSTER_ICACHE_ENABLE 0x10201400u

/* Cluster control: a 0 to 1 edge of a core's bit makes it fetch from its boot address. */
#define PULP_CLUSTER_FETCH_ENABLE 0x10200008u
#define PULP_CLUSTER_BOOT_ADDRESS(core) (0x10200040u + 4 * (core))

#include "pulp_chip.h"

#endif
