# Bare metal for PULP chips.
PROGRAM = network.elf
PLATFORM_SOURCES = dsc_dma.c dsc_l3.c dsc_l3_queue.c dsc_semihosting.c dsc_libc.c
PLATFORM_ASSEMBLY = crt0.S $(wildcard kernels_xpulp.S)
LINKER_SCRIPT = link.ld
LIBRARY_SOURCES = dsc_dma.c dsc_l3.c dsc_l3_queue.c
LIBRARY_ASSEMBLY = $(wildcard kernels_xpulp.S)

L1_BYTES ?= 65536
L2_BYTES ?= 524288

# half of a core's stack (link.ld)
LARGEST_FRAME_BYTES = 504

# What clang does not know. The first two say that RI5CY loads misaligned words by itself.
GCC_CFLAGS = -mtune=thead-c906 -mno-strict-align -Werror=frame-larger-than=$(LARGEST_FRAME_BYTES)

# what clang calls rv32imc
ARCH = rv32imc_zicsr

CROSS_COMPILE ?= riscv64-unknown-elf-
CC = $(CROSS_COMPILE)gcc
CFLAGS = -std=gnu11 -O2 -g -march=$(ARCH) -mabi=ilp32 -ffreestanding -msmall-data-limit=0 \
         -ffunction-sections -fdata-sections -DDSC_SEMIHOSTING_FILE_BY_VALUE $(GCC_CFLAGS)
NETWORK_CFLAGS = -Os
# GCC 12 finds its 32-bit libgcc only for an architecture without _zicsr
LDFLAGS = -march=rv32imc -nostdlib -nostartfiles -Wl,--defsym=L1_BYTES=$(L1_BYTES) -Wl,--defsym=L2_BYTES=$(L2_BYTES) \
          -T $(LINKER_SCRIPT) -Wl,--gc-sections -Wl,--no-warn-rwx-segments
LDLIBS = -lgcc
