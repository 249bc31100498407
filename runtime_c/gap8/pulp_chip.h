/* Where GAP8 differs from other PULP chips. Included by pulp_cluster.h. */
#ifndef PULP_CHIP_H
#define PULP_CHIP_H

#define PULP_FC_ICACHE_ENABLE 0x1B201400u

#define MCHAN_VERSION 6

/* Control registers of the performance counters, and the event of stall cycles by L1 conflicts. */
#define PULP_COUNTED_EVENTS 0x7A0
#define PULP_COUNTER_MODE 0x7A1
#define PULP_L1_CONFLICT_EVENT 15

/* The cluster is off after reset. Power comes first, then the clock and the end of the reset. */
#define GAP8_POWER 0x1A104070u
#define GAP8_POWER_RESET (1u << 13 | 3u)
#define GAP8_POWER_ON (1u << 3)
#define GAP8_POWER_RUN (1u << 10 | 1u << 9 | 3u)

/* The timer of the cluster. The cores have no mcycle, and their performance counters stop while they sleep. */
#define GAP8_TIMER_CONFIG 0x10200400u
#define GAP8_TIMER_COUNT 0x10200408u
#define GAP8_TIMER_RUN 1u

/* After the boot the oscillator of the cluster's clock runs free and that of the SoC is controlled. With the same setting both
   run free, and as in pulp-open a cycle of the cluster is one of the SoC. */
#define GAP8_SOC_CLOCK 0x1A100004u
#define GAP8_CLUSTER_CLOCK 0x1A100014u

static inline void pulp_power_on_cluster(void) {
  PULP_REGISTER(GAP8_SOC_CLOCK) = PULP_REGISTER(GAP8_CLUSTER_CLOCK);
  PULP_REGISTER(GAP8_POWER) = GAP8_POWER_RESET;
  PULP_REGISTER(GAP8_POWER) = GAP8_POWER_RESET | GAP8_POWER_ON;
  PULP_REGISTER(GAP8_POWER) = GAP8_POWER_RUN | GAP8_POWER_ON;
  PULP_REGISTER(GAP8_TIMER_CONFIG) = GAP8_TIMER_RUN;
}

static inline uint32_t pulp_cycles(void) { return PULP_REGISTER(GAP8_TIMER_COUNT); }

#endif
