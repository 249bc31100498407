"""Kernels at instruction level for RI5CY cores with Xpulp."""
