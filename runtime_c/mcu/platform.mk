# Any C11 compiler: CC and CFLAGS say which, and for what core. There is no program, only the library.
CC ?= cc
CFLAGS ?= -O2
# GCC 12.2's -fivopts may leave out calls of kernels whose operands lie in one array: GCC's PR 110702
LIBRARY_CFLAGS := -std=c11 $(call if_known,-fno-ivopts)
