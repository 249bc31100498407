"""Additions, products, rescales and lookups: each value by itself."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from dsconv.dialects.graph import element_bytes
from dsconv.dialects.target import Cluster
from dsconv.dialects.tiled import KernelKind, KernelOp
from dsconv.lowering.xpulp.assembly import Assembly
from dsconv.lowering.xpulp.nests import (
    NestWriter,
    Operation,
    Plan,
    Requantised,
    body,
    dimensions,
    plans,
)
from dsconv.lowering.xpulp.requantise import Clip, requantiser
from dsconv.lowering.xpulp.sum_of_terms import SumOfTerms, lines_of
from dsconv.lowering.xpulp.tiles import L1Tile


class Sum(Requantised):
    """`requant(sum((x - zero_point) * multiplier))`.

    Where the narrow form is a single multiplication it is part of the multipliers, and its addend
    is what the sum starts from.
    """

    accumulates = True

    def __init__(self, asm: Assembly, kernel: KernelOp):
        super().__init__(asm, kernel)
        multipliers = kernel.multiplier_values or (1,)
        start = -sum(
            multiplier * zero_point
            for multiplier, zero_point in zip(multipliers, self.zero_points, strict=True)
        )
        narrow = kernel.narrow
        self.shift: int | None = None
        if narrow is not None and not narrow.low_shift and not narrow.bits:
            self.shift = narrow.shift
            multipliers = tuple(multiplier * narrow.highs[0] for multiplier in multipliers)
            start = start * narrow.highs[0] + narrow.addends[0]
            self.clip = Clip(asm, narrow.clip)
        self.multipliers = multipliers
        self.start = start

    @contextmanager
    def constants(self) -> Generator[None]:
        with (
            self.asm.constants(self.start, *self.multipliers) as (self.first, *self.factors),
            self.clip.constants() if self.shift is not None else super().constants(),
        ):
            yield

    def combine(self, total: str, values: Sequence[str]) -> None:
        self.asm("mv", total, self.first)
        for value, factor in zip(values, self.factors, strict=True):
            self.asm("p.mac", total, value, factor)

    def finish(self, totals: Sequence[str]) -> None:
        if self.shift is None:
            super().finish(totals)
            return
        for total in totals:
            self.asm("srai", total, total, self.shift)
            self.clip(total)


class Product(Requantised):
    """`requant((x - x_zero_point) * (y - y_zero_point))`."""

    def prepare(self, value: str, number: int) -> None:
        self.asm.add_constant(value, value, -self.zero_points[number])

    def combine(self, total: str, values: Sequence[str]) -> None:
        (value,) = values
        self.asm("p.mulsN", total, total, value, 0)


class Lookup(Operation):
    """The entry of a table."""

    def __init__(self, asm: Assembly, table: str):
        super().__init__(asm)
        self.table = table

    def combine(self, total: str, values: Sequence[str]) -> None:
        self.asm("p.lbu.r", total, self.table, total)


OPERATIONS: Mapping[KernelKind, Callable[[Assembly, KernelOp], Operation]] = {
    KernelKind.ADD: Sum,
    KernelKind.MUL: Product,
    KernelKind.RESCALE: Sum,
}


def strides_within(tile: L1Tile, shape: Sequence[int]) -> tuple[int, ...]:
    """Strides of a tile of which one channel, row or column may belong to all of a shape."""
    return tuple(
        stride if size == whole else 0
        for stride, size, whole in zip(tile.strides, tile.shape, shape, strict=True)
    )


def elementwise(kernel: KernelOp, cluster: Cluster) -> str | None:
    """The body of an addition, product, rescale or lookup; None where it has no form.

    Nor have results of more than a byte.
    """
    is_lookup = kernel.kind is KernelKind.LOOKUP
    if element_bytes(kernel.output) > 1:
        return None
    if not is_lookup and requantiser(Assembly(), kernel) is None:
        return None
    lines = lines_of(kernel)
    if lines is None:
        return None
    inputs, output = [L1Tile.of(type_) for type_ in kernel.inputs], L1Tile.output_of(kernel)
    operands = [strides_within(tile, output.shape) for tile in inputs]
    if is_lookup:
        assert kernel.record is not None, "a lookup has its tables in records"
        operands.append((0 if kernel.shared_record else kernel.record.size, 0, 0))
        inputs = [replace(tile, unsigned=True) for tile in inputs]
    operands.append(output.strides)

    def write(asm: Assembly, plan: Plan) -> None:
        core, *pointers = asm.arguments(1 + len(operands))
        if is_lookup:
            operation: Operation = Lookup(asm, pointers[1])
        elif lines:
            operation = SumOfTerms(asm, kernel, lines)
        else:
            operation = OPERATIONS[kernel.kind](asm, kernel)
        with operation.constants():
            NestWriter(asm, operation, inputs, plan, cluster.cores).write(core, pointers)

    return body(write, plans(dimensions(output.shape, operands)), cluster)
