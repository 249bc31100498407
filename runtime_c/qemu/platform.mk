# Bare-metal rv32imc for qemu-system-riscv32 -M virt.
PROGRAM = network.elf
PLATFORM_SOURCES = dsc_checked_dma.c dsc_checked_l3.c dsc_checked_transfers.c dsc_semihosting.c dsc_libc.c dsc_barrier.c
PLATFORM_ASSEMBLY = crt0.S
LINKER_SCRIPT = link.ld

# harts that qemu is started with (-smp)
CORES ?= 8

# what clang calls rv32imc
ARCH = rv32imc_zicsr

CROSS_COMPILE ?= riscv64-unknown-elf-
CC = $(CROSS_COMPILE)gcc
CFLAGS = -std=gnu11 -O2 -g -march=$(ARCH) -mabi=ilp32 -ffreestanding \
         -msmall-data-limit=0 -ffunction-sections -fdata-sections -DDSC_CORES=$(CORES)
# GCC 12 finds its 32-bit libgcc only for an architecture without _zicsr
LDFLAGS = -march=rv32imc -nostdlib -nostartfiles -T $(LINKER_SCRIPT) -Wl,--defsym=CORES=$(CORES) -Wl,--gc-sections -Wl,--no-warn-rwx-segments
LDLIBS = -lgcc
