"""Reads the parameter header that Gemmini's generator writes (gemmini_params.h) as an array.

`DIM` is the side of the array, `acc_t` the type of its accumulators. The header does not say the
dataflow: Gemmini's default has both, weights or outputs in place. It has no row bus.
"""

from __future__ import annotations

import re

from dsconv.errors import DsconvError
from dsconv.passes.systolic.array import Dataflow, SystolicArray


def read_gemmini_header(text: str, place: str) -> SystolicArray:
    """The array of a header; DsconvError, which names `place`, where it has no DIM or no acc_t."""
    side = re.search(r"^\s*#define\s+DIM\s+(\d+)\s*$", text, re.MULTILINE)
    accumulator = re.search(r"^\s*typedef\s+int(\d+)_t\s+acc_t\s*;", text, re.MULTILINE)
    if side is None or accumulator is None:
        missing = "#define DIM" if side is None else "typedef int..._t acc_t"
        raise DsconvError(f"{place} is no parameter header of Gemmini: there is no {missing}")
    size = int(side.group(1))
    return SystolicArray(size, size, False, int(accumulator.group(1)), dataflow=Dataflow.BOTH)
