# Any C11 compiler of the machine at hand.
PROGRAM = network
PLATFORM_SOURCES = dsc_checked_dma.c
CC ?= cc
CFLAGS = -std=c11 -O2 -g
