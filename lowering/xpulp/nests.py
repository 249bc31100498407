"""Loops over values one by one, each operand with strides of its own.

    for plan in plans(dimensions((channels, rows, columns), strides_of_operands)):
        NestWriter(asm, operation, inputs, plan, cores).write(core, pointers)

Values that lie side by side in every operand are taken as words, others a byte at a time. All
cores do equally much: the last ones are moved back, and compute some values twice.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import permutations
from math import ceil

from dsconv.dialects.target import Cluster
from dsconv.dialects.tiled import KernelOp
from dsconv.lowering.xpulp.assembly import LEVELS, Assembly, RegisterPressureError
from dsconv.lowering.xpulp.requantise import requantiser
from dsconv.lowering.xpulp.stores import pack
from dsconv.lowering.xpulp.tiles import L1Tile
from dsconv.passes.analysis.xpulp_limits import LARGEST_IMMEDIATE, WORD

TOGETHER = 4
"""Elements that are loaded before the first of them is used."""


@dataclass(frozen=True)
class Dimension:
    """Some values, and the distance in bytes from one to the next in every operand."""

    size: int
    strides: tuple[int, ...]

    def joined(self, inner: Dimension) -> Dimension | None:
        """This dimension and the one inside it as one; None where they are none."""
        if self.strides != tuple(inner.size * stride for stride in inner.strides):
            return None
        return Dimension(self.size * inner.size, inner.strides)


@dataclass(frozen=True)
class Plan:
    """Loops, the outermost first, and the number of the one that is split over the cores."""

    nest: tuple[Dimension, ...]
    split: int


def dimensions(shape: Sequence[int], operands: Sequence[Sequence[int]]) -> list[Dimension]:
    """The dimensions of a shape, from the strides of every operand."""
    found = [
        Dimension(size, strides)
        for size, strides in zip(shape, zip(*operands, strict=True), strict=True)
        if size > 1
    ]
    return found or [Dimension(1, (0,) * len(operands))]


def plans(dimensions: Sequence[Dimension]) -> Iterator[Plan]:
    """Every order of loops, those joined that can be, with every split."""
    orders: dict[tuple[Dimension, ...], None] = {}
    for order in permutations(dimensions):
        loops: list[Dimension] = []
        for dimension in order:
            joined = loops[-1].joined(dimension) if loops else None
            loops[-1:] = [*loops[-1:], dimension] if joined is None else [joined]
        orders[tuple(loops)] = None
    for nest in orders:
        yield from splits_of(nest)


def splits_of(nest: Sequence[Dimension]) -> Iterator[Plan]:
    """One order of loops with every split."""
    for split in range(len(nest)):
        yield Plan(tuple(nest), split)


def first_of_share(asm: Assembly, core: str, first: str, size: int, share: int) -> None:
    """Leaves in `first` where a core's share begins; the last ones are moved back."""
    asm.multiply_constant(first, core, share)
    with asm.constants(size - share) as (last,):
        asm("p.min", first, first, last)


class Operation:
    """What is made of a value of every input."""

    accumulates = False
    """Whether its totals begin elsewhere than as values of the first input."""

    moves = False
    """Whether values stay what they are."""

    def __init__(self, asm: Assembly):
        self.asm = asm

    @contextmanager
    def constants(self) -> Generator[None]:
        """Holds what it needs in registers."""
        yield

    def prepare(self, value: str, number: int) -> None:
        """What is done with a value of input `number` by itself."""

    def combine(self, total: str, values: Sequence[str]) -> None:
        """Makes a total of values: those of all inputs, or of the others than the first."""

    def finish(self, totals: Sequence[str]) -> None:
        """Turns totals into outputs."""


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


class NestWriter:
    """Writes a nest of loops.

    Operands are the inputs, perhaps one that the operation reads itself, and the output.
    """

    def __init__(
        self, asm: Assembly, operation: Operation, inputs: Sequence[L1Tile], plan: Plan, cores: int
    ):
        self.asm = asm
        self.operation = operation
        self.loads = ["lbu" if tile.unsigned else "lb" for tile in inputs]
        self.nest = list(plan.nest)
        self.split = plan.split
        self.cores = cores

    @property
    def inner(self) -> Dimension:
        """The innermost dimension."""
        return self.nest[-1]

    @property
    def is_side_by_side(self) -> bool:
        """Whether a run of the innermost loop has whole words of every operand."""
        moving = [self.inner.strides[number] for number in (*self.loaded, -1)]
        return set(moving) == {1} and self.inner.size >= WORD

    def write(self, core: str, pointers: Sequence[str]) -> None:
        """All loops of one core. The pointers are used up."""
        asm, inputs = self.asm, range(len(self.loads))
        self.pointers = pointers
        is_read_elsewhere = len(pointers) > len(self.loads) + 1
        if is_read_elsewhere and self.inner.strides[len(self.loads)]:
            self.nest.append(Dimension(1, (0,) * len(pointers)))
        held = [number for number in inputs if number and not self.inner.strides[number]]
        self.loaded = [number for number in inputs if number not in held]
        far = {stride for stride in self.inner.strides if stride > LARGEST_IMMEDIATE}
        with asm.registers(len(held)) as registers, asm.constants(*far) as steps:
            self.held = dict(zip(held, registers, strict=True))
            self.steps = dict(zip(far, steps, strict=True))
            self.begin(core)
            self.level(0)

    def begin(self, core: str) -> None:
        """Moves the pointers to this core's share of the dimension that is split."""
        asm, dimension = self.asm, self.nest[self.split]
        is_inner = self.split == len(self.nest) - 1
        unit = WORD if is_inner and self.is_side_by_side else 1
        share = min(ceil(ceil(dimension.size / unit) / self.cores) * unit, dimension.size)
        self.nest[self.split] = Dimension(share, dimension.strides)
        if share == dimension.size:
            return
        with asm.registers(2) as (first, offset):
            first_of_share(asm, core, first, dimension.size, share)
            for pointer, stride in zip(self.pointers, dimension.strides, strict=True):
                if stride:
                    asm.multiply_constant(offset, first, stride)
                    asm("add", pointer, pointer, offset)

    def level(self, number: int) -> None:
        """The loops from one level on. In the end every pointer has moved over all of it."""
        asm, dimension = self.asm, self.nest[number]
        if number == len(self.nest) - 1:
            self.run()
            return
        inner = self.nest[number + 1]
        is_hardware = len(self.nest) - number <= LEVELS
        with (asm.loop if is_hardware else asm.software_loop)(dimension.size):
            self.level(number + 1)
            for pointer, outer, stride in zip(
                self.pointers, dimension.strides, inner.strides, strict=True
            ):
                asm.add_constant(pointer, pointer, outer - inner.size * stride)

    def run(self) -> None:
        """The innermost loop."""
        for number, register in self.held.items():
            self.asm(self.loads[number], register, self.pointers[number], 0)
        for number, register in self.held.items():
            self.operation.prepare(register, number)
        size = self.inner.size
        if not self.is_side_by_side:
            self.elements(size, 1)
            return
        self.words(size // WORD)
        if size % WORD:
            for number, pointer in enumerate(self.pointers):
                if self.inner.strides[number]:
                    self.asm.add_constant(pointer, pointer, size % WORD - WORD)
            self.words(1)

    def words(self, count: int) -> None:
        """So many words."""
        if self.operation.moves:
            self.elements(count, WORD)
            return
        with self.asm.loop(count):
            self.word()

    def elements(self, count: int, width: int) -> None:
        """So many bytes, or words, each in a register."""
        groups, rest = divmod(count, TOGETHER)
        if groups:
            with self.asm.loop(groups):
                self.group(TOGETHER, width)
        if rest:
            self.group(rest, width)

    def group(self, count: int, width: int) -> None:
        """A few elements, none of which waits for its load."""
        asm, inputs = self.asm, len(self.loaded)
        with (
            asm.registers(count * inputs) as values,
            asm.registers(count if self.operation.accumulates else 0) as sums,
        ):
            lanes = [values[lane * inputs : (lane + 1) * inputs] for lane in range(count)]
            for lane in lanes:
                for number, value in zip(self.loaded, lane, strict=True):
                    name = "lw" if width == WORD else self.loads[number]
                    self.access(name, value, number, width)
            totals = sums or [lane[0] for lane in lanes]
            for total, lane in zip(totals, lanes, strict=True):
                self.combine(total, lane)
            self.operation.finish(totals)
            for total in totals:
                self.access("sw" if width == WORD else "sb", total, -1, width)

    def access(self, name: str, value: str, number: int, width: int) -> None:
        """A load or store of an operand, which moves on to the next element."""
        step = width * self.inner.strides[number]
        if step in self.steps:
            self.asm(f"p.{name}.r!", value, self.pointers[number], self.steps[step])
        else:
            self.asm(f"p.{name}!", value, self.pointers[number], step)

    def combine(self, total: str, values: Sequence[str]) -> None:
        """Makes a total of what was loaded, which may be in it, and what is held."""
        for number, value in zip(self.loaded, values, strict=True):
            self.operation.prepare(value, number)
        arguments = self.held | dict(zip(self.loaded, values, strict=True))
        others = [arguments[number] for number in sorted(arguments)]
        self.operation.combine(total, others if self.operation.accumulates else others[1:])

    def word(self) -> None:
        """Four values of every input to four outputs."""
        asm, accumulates = self.asm, self.operation.accumulates
        with (
            asm.registers(len(self.loaded)) as words,
            asm.registers(len(self.loaded) - (not accumulates)) as values,
            asm.registers(WORD) as totals,
        ):
            for number, word in zip(self.loaded, words, strict=True):
                self.access("lw", word, number, WORD)
            for lane, total in enumerate(totals):
                lane_values = values if accumulates else [total, *values]
                for number, word, value in zip(self.loaded, words, lane_values, strict=True):
                    extract = "p.extractu" if self.loads[number] == "lbu" else "p.extract"
                    asm(extract, value, word, 8, 8 * lane)
                self.combine(total, lane_values)
            self.operation.finish(totals)
            ((_, _, packed),) = pack(asm, totals)
            self.access("sw", packed, -1, WORD)


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
    write: Callable[[Assembly, Plan], None], candidates: Iterable[Plan], cluster: Cluster
) -> str | None:
    """What the fastest plan comes to; None where there are too few registers."""
    plan = fastest(write, candidates, cluster)
    if plan is None:
        return None
    asm = Assembly()
    write(asm, plan)
    return asm.text()
