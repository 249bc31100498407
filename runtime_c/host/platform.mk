# Any C11 compiler of the machine at hand.
PROGRAM = network
PLATFORM_SOURCES = dsc_checked_dma.c dsc_checked_l3.c dsc_checked_transfers.c
CC ?= cc
# GCC 12.2's -fivopts may leave out calls of kernels whose operands lie in one array: GCC's PR 110702
CFLAGS := -std=c11 -O2 -g $(call if_known,-fno-ivopts)
