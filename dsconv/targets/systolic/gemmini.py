"""Reads the parameter header that Gemmini's generator writes (gemmini_params.h) as an array.

`DIM` is the side of the array, `acc_t` the type of its accumulators. The header does not say the
dataflow: Gemmini's default has both, weights or outputs in place. It has no row bus.
"""

from __future__ import annotations

import re
from pathlib import Path

from dsconv.dialects.target import Dataflow, SystolicArray, TableError
from dsconv.errors import DsconvError
from dsconv.targets.description import read_text
from dsconv.targets.systolic import SystolicTarget


def read_gemmini_header(path: Path) -> SystolicTarget:
    """The array of a header; DsconvError where it has no DIM or no acc_t, or they are wrong."""
    text = read_text(path)
    side = re.search(r"^\s*#define\s+DIM\s+(\d+)\s*$", text, re.MULTILINE)
    accumulator = re.search(r"^\s*typedef\s+int(\d+)_t\s+acc_t\s*;", text, re.MULTILINE)
    if side is None or accumulator is None:
        missing = "#define DIM" if side is None else "typedef int..._t acc_t"
        raise DsconvError(f"{path} is no parameter header of Gemmini: there is no {missing}")
    size, bits = int(side.group(1)), int(accumulator.group(1))
    array = SystolicArray(size, size, False, bits, dataflow=Dataflow.BOTH)
    target = SystolicTarget(name=path.stem, description="Gemmini", array=array)
    try:
        target.check()
    except TableError as error:
        raise DsconvError(f"target {path}: {error}") from error
    return target
