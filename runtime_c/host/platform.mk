# Any C11 compiler of the machine at hand.
PROGRAM = network
PLATFORM_SOURCES = dsc_checked_dma.c dsc_checked_l3.c dsc_checked_transfers.c
CC ?= cc
# without -fwrapv, GCC 12.2's -fivopts makes wrong code of MNASNet's layers for x86-64, which have no overflow
CFLAGS = -std=c11 -O2 -fwrapv -g
