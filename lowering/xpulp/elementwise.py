"""Additions, products, rescales, lookups, and what only moves values: each value by itself."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace

from dsconv.dialects.graph import element_bytes
from dsconv.dialects.target import Cluster
from dsconv.dialects.tiled import KernelKind, KernelOp
from dsconv.lowering.xpulp.assembly import ARGUMENTS, Assembly, RegisterPressureError
from dsconv.lowering.xpulp.nests import Dimension, NestWriter, Operation, Plan, dimensions, plans
from dsconv.lowering.xpulp.requantise import Clip, requantiser
from dsconv.lowering.xpulp.tiles import L1Tile


class Requantised(Operation):
    """An operation whose totals are requantised."""

    def __init__(self, asm: Assembly, kernel: KernelOp):
        super().__init__(asm)
        self.zero_points = kernel.zero_point_values
        self.requantise = requantiser(asm, kernel)

    @contextmanager
    def constants(self) -> Generator[None]:
        assert self.requantise is not None, "kernels without a form have no writer"
        with (
            self.requantise.constants(),
            self.asm.registers(self.requantise.registers) as self.channel,
        ):
            self.requantise.load(self.channel)
            yield

    def finish(self, totals: Sequence[str]) -> None:
        assert self.requantise is not None, "kernels without a form have no writer"
        self.requantise(totals, self.channel)


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


class Move(Operation):
    """Values as they are."""

    moves = True


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


def fastest(
    write: Callable[[Assembly, Plan], None], candidates: Iterable[Plan], cluster: Cluster
) -> Plan | None:
    """The plan that takes the fewest cycles; None where there are too few registers for any."""
    cycles: dict[Plan, int] = {}
    for plan in candidates:
        asm = Assembly()
        with suppress(RegisterPressureError):
            write(asm, plan)
            cycles[plan] = asm.cycles(cluster)
    return min(cycles, key=cycles.__getitem__, default=None)


def body(
    write: Callable[[Assembly, Plan], None], values: Sequence[Dimension], cluster: Cluster
) -> str | None:
    """What the fastest plan comes to; None where there are too few registers."""
    plan = fastest(write, plans(values), cluster)
    if plan is None:
        return None
    asm = Assembly()
    write(asm, plan)
    return asm.text()


def elementwise(kernel: KernelOp, cluster: Cluster) -> str | None:
    """The body of an addition, product, rescale or lookup; None where it has no form.

    Nor has an addition that requantises its terms, or results of more than a byte.
    """
    is_lookup = kernel.kind is KernelKind.LOOKUP
    if kernel.terms is not None or element_bytes(kernel.output) > 1:
        return None
    if not is_lookup and requantiser(Assembly(), kernel) is None:
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
        operation = Lookup(asm, pointers[1]) if is_lookup else OPERATIONS[kernel.kind](asm, kernel)
        with operation.constants():
            NestWriter(asm, operation, inputs, plan, cluster.cores).write(core, pointers)

    return body(write, dimensions(output.shape, operands), cluster)


def moving(tile: L1Tile, cores: int) -> Callable[[Assembly, Plan], None]:
    """What writes a kernel that moves values of a tile."""

    def write(asm: Assembly, plan: Plan) -> None:
        core, x, y = asm.arguments(3)
        NestWriter(asm, Move(asm), [tile], plan, cores).write(core, [x, y])

    return write


def part(kernel: KernelOp, cluster: Cluster) -> str | None:
    """The body of a kernel whose windows are one pixel, all of them in the tile."""
    tile, output = L1Tile.of(kernel.inputs[0]), L1Tile.output_of(kernel)
    sy, sx = kernel.window.strides
    steps = tile.channel_stride, sy * tile.row_stride, sx * tile.pixel_stride

    values = dimensions(output.shape, (steps, output.strides))
    return body(moving(tile, cluster.cores), values, cluster)


def concat(kernel: KernelOp, cluster: Cluster) -> str | None:
    """The body of a concat, one input after the other; None where there are too many."""
    inputs, output = [L1Tile.of(type_) for type_ in kernel.inputs], L1Tile.output_of(kernel)
    if len(inputs) > len(ARGUMENTS) - 2:
        return None
    asm = Assembly()
    core, *pointers, y = asm.arguments(len(inputs) + 2)
    axis, first = kernel.axis.value.data - 1, 0
    for tile, x in zip(inputs, pointers, strict=True):
        values = dimensions(tile.shape, (tile.strides, output.strides))
        plan = fastest(moving(tile, cluster.cores), plans(values), cluster)
        assert plan is not None, "bytes are moved with few registers"
        with asm.registers(1) as (target,):
            asm.add_constant(target, y, first * output.strides[axis])
            NestWriter(asm, Move(asm), [tile], plan, cluster.cores).write(core, [x, target])
        asm.free(x)
        first += tile.shape[axis]
    return asm.text()
