"""From the machine level to the dialects of upstream MLIR, for compilers that embed networks."""
