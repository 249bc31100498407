"""Which mapping a layer gets: the one of fewest cycles, or the one of the FuSeConv paper."""

from __future__ import annotations

from collections.abc import Iterator

from xdsl.utils.exceptions import DiagnosticException

from dsconv.dialects.mapping import Lines, Mapping, Strategy
from dsconv.dialects.target import SystolicArray
from dsconv.passes.systolic.array_work import ArrayWork
from dsconv.passes.systolic.tiles import cycles


def mappings(work: ArrayWork, array: SystolicArray) -> Iterator[Mapping]:
    """Every mapping that an array has for a layer."""
    if array.weight_stationary:
        yield Mapping(Strategy.WEIGHT_STATIONARY)
    if not array.output_stationary:
        return
    yield Mapping(Strategy.OUTPUT_STATIONARY)
    if work.groups > 1:
        for group in range(2, min(work.groups, array.columns // work.kernels) + 1):
            yield Mapping(Strategy.BLOCK_DIAGONAL, group)
    if work.channelwise:
        yield Mapping(Strategy.BANDED)
    if array.row_bus:
        yield from (Mapping(Strategy.ROW_BUS, lines=lines) for lines in Lines)


def paper_mapping(work: ArrayWork, array: SystolicArray) -> Mapping:
    """The FuSeConv paper's: ST-OS for 1-D kernels where there is a bus, else matrix products.

    Raises DiagnosticException where sums cannot stay in the array.
    """
    if not array.output_stationary:
        raise DiagnosticException("the paper's array is output stationary; this one is not")
    if array.row_bus and work.channelwise and 1 in work.window.kernel:
        lines = Lines.ROWS if work.window.kernel[0] == 1 else Lines.COLUMNS
        return Mapping(Strategy.ST_OS, lines=lines)
    return Mapping(Strategy.OUTPUT_STATIONARY)


def best_mapping(work: ArrayWork, array: SystolicArray) -> Mapping:
    """The mapping of fewest cycles; of equal ones, the first that `mappings` names."""
    return min(mappings(work, array), key=lambda mapping: cycles(work, mapping, array))
