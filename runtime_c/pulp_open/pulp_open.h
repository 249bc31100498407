/* Registers of pulp-open. Addresses from the platform's description in GVSoC (pulp/chips/pulp_open/soc.json, cluster.json),
   offsets from the register headers of its blocks (archi/). */
#ifndef PULP_OPEN_H
#define PULP_OPEN_H

#include <stdint.h>

#define PULP_REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

/* SoC control: a write of PULP_EXITED | status ends the simulation. */
#define PULP_CORE_STATUS 0x1A1040A0u
#define PULP_EXITED 0x80000000u

/* Instruction caches, off after reset: one enable bit for the FC, one a core for the cluster. */
#define PULP_FC_ICACHE_ENABLE 0x1A108800u
#define PULP_CLUSTER_ICACHE_ENABLE 0x10201400u

/* Cluster control: a 0 to 1 edge of a core's bit makes it fetch from its boot address. */
#define PULP_CLUSTER_FETCH_ENABLE 0x10200008u
#define PULP_CLUSTER_BOOT_ADDRESS(core) (0x10200040u + 4 * (core))

#endif
