# Any C11 compiler of the machine at hand.
PROGRAM = network
PLATFORM_SOURCES = dsc_checked_dma.c dsc_checked_l3.c dsc_checked_transfers.c
CC ?= cc
CFLAGS = -std=c11 -O2 -g
