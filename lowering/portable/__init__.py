"""Kernels as loops, for any instruction set."""
