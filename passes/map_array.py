"""Chooses how a systolic array runs each layer that has weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Literal

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import DiagnosticException

from dsconv.dialects.graph import WeightedOperation, dtype_of
from dsconv.dialects.mapping import MAPPING, Mapping, MappingAttr
from dsconv.dialects.target import SystolicArray, TableError, array_in, read_table
from dsconv.passes.analysis.diagnostics import OperationError
from dsconv.passes.scheduling.search import Objective
from dsconv.passes.systolic.array_work import ArrayWork
from dsconv.passes.systolic.choice import paper_mapping
from dsconv.passes.systolic.mapping_front import chosen, mapping_front
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
        raise OperationError(
            op,
            f'layer "{op.label}": its sums take up to {bits} bits, the accumulators of the array '
            f"have {array.accumulator_bits}; give it wider ones",
        )


@dataclass(frozen=True)
class MapArrayPass(ModulePass):
    """Writes a `#dsconv.mapping` to every layer with weights; other layers run beside the array.

    The mapping is the one of fewest cycles. With `objective=transfers` layers take mappings that
    pass fewer bytes over the array's edges, as long as all together take 2 % more cycles at most;
    with `objective=energy` those that pass the fewest, since products are the same in all mappings;
    with `paper` it is that of FuSeConv and its dataflow ST-OS (arXiv 2105.13434). The array is the
    module's; options say what is different: rows and columns of PEs, whether its rows have a weight
    bus, bits of an accumulator, `dataflow` (output_stationary, weight_stationary or both), `drain`
    (overlapped or serial) and `tiles` (separate or pipelined).
    """

    name = "map-array"

    rows: int | None = None
    columns: int | None = None
    row_bus: bool | None = None
    accumulator_bits: int | None = None
    dataflow: Literal["output_stationary", "weight_stationary", "both"] | None = None
    drain: Literal["overlapped", "serial"] | None = None
    tiles: Literal["separate", "pipelined"] | None = None
    objective: Literal["latency", "transfers", "energy"] = "latency"
    paper: bool = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        array = self._array(op)
        layers = [layer for layer in op.walk() if isinstance(layer, WeightedOperation)]
        for layer in layers:
            check_accumulators(layer, array)
        works = [ArrayWork.of(layer) for layer in layers]
        for layer, work, mapping in zip(layers, works, self._mappings(works, array), strict=True):
            layer.attributes[MAPPING] = MappingAttr.of(mapping, cycles(work, mapping, array))

    def _mappings(self, works: Sequence[ArrayWork], array: SystolicArray) -> list[Mapping]:
        if self.paper:
            return [paper_mapping(work, array) for work in works]
        found = chosen(mapping_front(works, array), Objective(self.objective))
        return [layer.mapping for layer in found.layers]

    def _array(self, module: ModuleOp) -> SystolicArray:
        """The module's array, with what options say instead."""
        array = array_in(module)
        table = {} if array is None else asdict(array)
        names = (field.name for field in fields(SystolicArray))
        given = {name: getattr(self, name) for name in names}
        table |= {name: value for name, value in given.items() if value is not None}
        try:
            found = read_table(SystolicArray, table, self.name)
            found.check()
        except TableError as error:
            raise DiagnosticException(str(error)) from error
        return found
