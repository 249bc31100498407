"""Chooses how a systolic array runs each layer that has weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import (
    PatternRewriter,
    PatternRewriteWalker,
    RewritePattern,
    op_type_rewrite_pattern,
)
from xdsl.utils.exceptions import DiagnosticException

from dsconv.dialects.graph import WeightedOperation, dtype_of
from dsconv.dialects.mapping import MAPPING, MappingAttr
from dsconv.passes.systolic.array import Dataflow, Drain, SystolicArray, TileOrder
from dsconv.passes.systolic.array_work import ArrayWork
from dsconv.passes.systolic.choice import best_mapping, paper_mapping
from dsconv.passes.systolic.tiles import cycles


def largest_sum(op: WeightedOperation) -> int:
    """No sum of some of an output's products is larger, for any input of its type."""
    limits = np.iinfo(dtype_of(op.input))
    largest = max(limits.max - op.zero_point, op.zero_point - limits.min)
    zero_points = np.asarray(op.weight_zero_points.get_values(), np.int64)
    weights = op.weight_array.astype(np.int64).reshape(len(op.weight_array), -1)
    return int(np.abs(weights - zero_points[:, None]).sum(axis=1).max()) * int(largest)


def check_accumulators(op: WeightedOperation, array: SystolicArray) -> None:
    """Raises DiagnosticException where a sum of the layer may leave the array's accumulators."""
    bits = largest_sum(op).bit_length() + 1
    if bits > array.accumulator_bits:
        raise DiagnosticException(
            f'layer "{op.label}": its sums take up to {bits} bits, the accumulators of the array '
            f"have {array.accumulator_bits}; give it wider ones"
        )


@dataclass(frozen=True)
class MapLayer(RewritePattern):
    """Writes a mapping to a layer with weights."""

    array: SystolicArray
    paper: bool

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: WeightedOperation, rewriter: PatternRewriter) -> None:
        check_accumulators(op, self.array)
        work = ArrayWork.of(op)
        choose = paper_mapping if self.paper else best_mapping
        mapping = choose(work, self.array)
        op.attributes[MAPPING] = MappingAttr.of(mapping, cycles(work, mapping, self.array))
        rewriter.notify_op_modified(op)


@dataclass(frozen=True)
class MapArrayPass(ModulePass):
    """Writes a `#dsconv.mapping` to every layer with weights; other layers run beside the array.

    The mapping is the one of fewest cycles, or with `paper` that of FuSeConv and its dataflow ST-OS
    (arXiv 2105.13434). Options are those of the array: rows and columns of PEs, whether its rows
    have a weight bus, bits of an accumulator, `dataflow` (output_stationary, weight_stationary or
    both), `drain` (overlapped or serial) and `tiles` (separate or pipelined).
    """

    name = "map-array"

    rows: int
    columns: int
    row_bus: bool = True
    accumulator_bits: int = 32
    dataflow: Literal["output_stationary", "weight_stationary", "both"] = "output_stationary"
    drain: Literal["overlapped", "serial"] = "overlapped"
    tiles: Literal["separate", "pipelined"] = "separate"
    paper: bool = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        array = SystolicArray(
            self.rows,
            self.columns,
            self.row_bus,
            self.accumulator_bits,
            Dataflow(self.dataflow),
            Drain(self.drain),
            TileOrder(self.tiles),
        )
        array.check()
        PatternRewriteWalker(MapLayer(array, self.paper), apply_recursively=False).rewrite_module(
            op
        )
