/* A barrier that sleeps. Harts share the host's processors, so a hart that spins keeps the one it waits for from running:
   with eight harts on two processors a spinning barrier takes 12 ms, this one 0.2 ms. */
#include "dsc_runtime.h"

/* A hart's software interrupt in the CLINT of the virt machine (docs/system/riscv/virt, "CLINT"). crt0.S enables it in mie
   but not in mstatus: it ends a wfi and never traps. */
static volatile uint32_t *const software_interrupt = (volatile uint32_t *)0x02000000;

static volatile uint32_t barriers_reached[DSC_CORES];
static volatile uint32_t barriers_passed;

static void fence(void) { __asm__ volatile("fence iorw, iorw" ::: "memory"); }

static void wake(uint32_t core) { software_interrupt[core] = 1; }

/* The interrupt is cleared before the count is read again, so a wake-up between the two is not lost. */
static void sleep_until(const volatile uint32_t *count, uint32_t expected, uint32_t core) {
  while (*count != expected) {
    __asm__ volatile("wfi");
    software_interrupt[core] = 0;
    fence();
  }
}

static void release_all(uint32_t barrier) {
  for (uint32_t other = 1; other < DSC_CORES; other++) sleep_until(&barriers_reached[other], barrier, 0);
  fence();
  barriers_passed = barrier;
  fence();
  for (uint32_t other = 1; other < DSC_CORES; other++) wake(other);
}

void dsc_barrier(uint32_t core) {
  uint32_t barrier = barriers_reached[core] + 1;
  fence();
  barriers_reached[core] = barrier;
  fence();
  if (core == 0) {
    release_all(barrier);
  } else {
    wake(0);
    sleep_until(&barriers_passed, barrier, core);
  }
  fence();
}
