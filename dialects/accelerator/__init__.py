"""Tiled level of an accelerator behind DRAM: patches of maps on chip, transfers, computation.

A program is loops over such operations. Buffer space is counted in entries: a value takes one, a
partial sum as many as the target says. Biases and the constants of requantisations come with the
program, as the sizes of tiles do: they take no entries, and no transfers.
"""

from xdsl.ir import Operation

from dsconv.dialects.accelerator.boxes import BoxOperation
from dsconv.dialects.accelerator.operations import (
    AccumulateOp,
    ClearOp,
    ComputeOp,
    FetchOp,
    FetchWeightsOp,
    FinishOp,
    MapOp,
    PatchOp,
    PutOp,
    ReleaseOp,
    UnitOp,
    UnitYieldOp,
)

ACCELERATOR_OPS: list[type[Operation]] = [
    UnitOp,
    UnitYieldOp,
    MapOp,
    PatchOp,
    ReleaseOp,
    FetchOp,
    PutOp,
    FetchWeightsOp,
    ComputeOp,
    ClearOp,
    AccumulateOp,
    FinishOp,
]

__all__ = [
    "ACCELERATOR_OPS",
    "AccumulateOp",
    "BoxOperation",
    "ClearOp",
    "ComputeOp",
    "FetchOp",
    "FetchWeightsOp",
    "FinishOp",
    "MapOp",
    "PatchOp",
    "PutOp",
    "ReleaseOp",
    "UnitOp",
    "UnitYieldOp",
]
