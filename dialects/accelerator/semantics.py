"""Runs a program of an accelerator behind DRAM in xDSL's interpreter.

The same run gives the values and the transfers, in their order. Without values it gives the
transfers alone, sooner.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import ArrayAttr, IntegerAttr, MemRefType, ModuleOp, SymbolRefAttr
from xdsl.dialects.func import FuncOp
from xdsl.interpreter import Interpreter, InterpreterFunctions, PythonValues, impl, register_impls
from xdsl.interpreters.func import FuncFunctions
from xdsl.interpreters.scf import ScfFunctions
from xdsl.ir import Attribute, SSAValue
from xdsl.utils.exceptions import DiagnosticException

from dsconv.dialects import accelerator, tiled
from dsconv.dialects.accelerator.operations import element_bits
from dsconv.dialects.accelerator.unit_semantics import (
    Array,
    Box,
    finished,
    made,
    padded,
    products,
    reading,
    weights_of,
)
from dsconv.dialects.graph import DTYPES, LayerOperation, WeightedOperation
from dsconv.dialects.reference import within_32_bits
from dsconv.dialects.target import Accelerator
from dsconv.dialects.tiled import OFFSETS
from dsconv.dialects.tiled_semantics import IntegerFunctions

Rows: TypeAlias = npt.NDArray[np.int64]

UNWRITTEN = 0x55
"""What lies in memory that nothing was written to yet: no zeros that a program might rely on."""


def unwritten(type_: MemRefType) -> Array:
    """A map or a patch that nothing was written to yet."""
    return np.full(type_.get_shape(), UNWRITTEN, DTYPES[type_.element_type])


def memref_type(value: SSAValue) -> MemRefType[Attribute]:
    """Type of a map or a patch."""
    assert isinstance(value.type, MemRefType), "maps and patches are memrefs"
    return value.type


@dataclass
class DramMap:
    """A map in DRAM: its place in entries, entries of an element, values (C, H, W).

    It lies in blocks of some channels: all pixels of a block together, row after row, and all its
    channels of a pixel. The last block has what is left of the channels.
    """

    offset: int
    element_entries: int
    block: int
    values: Array

    def runs(self, box: Box) -> Iterator[tuple[Rows, int]]:
        """Where a box lies: for each block, first entries of its runs, and the length of each."""
        channels, height, width = self.values.shape
        for first in range(box.channels.start // self.block * self.block, channels, self.block):
            if first >= box.channels.stop:
                return
            size = min(self.block, channels - first)
            start, end = max(box.channels.start - first, 0), min(box.channels.stop - first, size)
            pixels, length = _pixel_runs(box, width, is_whole=end - start == size)
            firsts = first * height * width + pixels * size + start
            entries = self.element_entries
            yield self.offset + firsts * entries, length * (end - start) * entries


def _pixel_runs(box: Box, width: int, *, is_whole: bool) -> tuple[Rows, int]:
    """First pixels of the runs of a box in a block, and the pixels of each.

    `is_whole`: whether the box has all channels of the block.
    """
    rows = np.arange(box.rows.start, box.rows.stop) * width
    if not is_whole:
        columns = np.arange(box.columns.start, box.columns.stop)
        return (rows[:, None] + columns).reshape(-1), 1
    if len(box.columns) == width:
        return rows[:1], len(box.rows) * width
    return rows + box.columns.start, len(box.columns)


@dataclass
class Patch:
    """A patch on chip: entries from its first to its last, how many of them are its own, values.

    Weights are those of `block`, kernels and input channels.
    """

    entries: int
    taken: int
    values: Array
    block: tuple[range, range] | None = None

    def place(self, box: Box) -> tuple[Any, ...]:
        """Where a box of the map lies in the patch."""
        dimensions = list(zip(box, self.values.shape, strict=True))
        for part, size in dimensions:
            if len(part) > size:
                raise DiagnosticException(f"a patch of {self.values.shape} has no room for {box}")
        starts = [part.start % size for part, size in dimensions]
        if all(
            start + len(part) <= size
            for start, (part, size) in zip(starts, dimensions, strict=True)
        ):
            return tuple(
                slice(start, start + len(part)) for start, part in zip(starts, box, strict=True)
            )
        return np.ix_(*(np.arange(part.start, part.stop) % size for part, size in dimensions))


@dataclass
class Transfers:
    """What moved, in its order, of which layer: runs of entries.

    A row of `table`: first entry, number of entries, whether it is stored, number of the layer.
    """

    layers: list[str] = field(default_factory=list[str])
    parts: list[Rows] = field(default_factory=list[Rows])

    def add(self, firsts: Rows, length: int, *, is_store: bool) -> None:
        """Runs of one length, for the last layer."""
        added = np.empty((len(firsts), 4), np.int64)
        added[:, 0] = firsts
        added[:, 1:] = length, is_store, len(self.layers) - 1
        self.parts.append(added)

    @property
    def table(self) -> Rows:
        """All runs."""
        return np.concatenate([np.empty((0, 4), np.int64), *self.parts])


@dataclass(frozen=True)
class ProgramRun:
    """A run of a program: outputs (1, C, H, W), transfers, most entries that were used at once.

    `layers`: what each layer made, (1, C, H, W), by the name of the last one in a chain.
    """

    outputs: tuple[Array, ...]
    layers: Mapping[str, Array]
    transfers: Transfers
    high_water: int


@register_impls
class AcceleratorFunctions(InterpreterFunctions):
    """Semantics of rooms, transfers and units. Raises where the buffer overflows."""

    def __init__(self, machine: Accelerator, *, with_values: bool):
        self.machine = machine
        self.with_values = with_values
        self.transfers = Transfers()
        self.made: dict[str, Array] = {}
        self.used = self.high_water = 0

    def dram_map(self, value: SSAValue, offset: int) -> DramMap:
        """A map that nothing was written to yet."""
        type_ = memref_type(value)
        entries = self.machine.entries_of(element_bits(type_))
        return DramMap(offset, entries, self.machine.channel_block, unwritten(type_))

    # Room

    @impl(accelerator.MapOp)
    def run_map(
        self, interpreter: Interpreter, op: accelerator.MapOp, args: PythonValues
    ) -> PythonValues:
        return (self.dram_map(op.result, op.offset.value.data),)

    @impl(accelerator.PatchOp)
    def run_patch(
        self, interpreter: Interpreter, op: accelerator.PatchOp, args: PythonValues
    ) -> PythonValues:
        type_ = memref_type(op.result)
        bits = element_bits(type_) if op.sums is None else self.machine.partial_bits
        size = prod(type_.get_shape()) * self.machine.entries_of(bits) * op.copies.value.data
        below = args[0].entries if args else 0
        patch = Patch(max(size, below), max(size - below, 0), unwritten(type_))
        self.used += patch.taken
        self.high_water = max(self.high_water, self.used)
        if self.used > self.machine.entries:
            raise DiagnosticException(
                f'with patch "{op.label.data}", {self.used} entries are used, '
                f"the buffer has {self.machine.entries}"
            )
        return (patch,)

    @impl(accelerator.ReleaseOp)
    def run_release(
        self, interpreter: Interpreter, op: accelerator.ReleaseOp, args: PythonValues
    ) -> PythonValues:
        self.used -= args[0].taken
        return ()

    @impl(tiled.LayerOp)
    def run_layer(
        self, interpreter: Interpreter, op: tiled.LayerOp, args: PythonValues
    ) -> PythonValues:
        self.transfers.layers.append(op.label.data)
        used_before = self.used
        interpreter.run_ssacfg_region(op.body, ())
        self.used = used_before
        if self.with_values:
            last = op.label.data.rpartition("+")[2]
            self.made[last] = args[0].values[None].copy()
        return ()

    # Transfers

    @impl(accelerator.FetchOp)
    def run_fetch(
        self, interpreter: Interpreter, op: accelerator.FetchOp, args: PythonValues
    ) -> PythonValues:
        self._move(args, is_store=False)
        return ()

    @impl(accelerator.PutOp)
    def run_put(
        self, interpreter: Interpreter, op: accelerator.PutOp, args: PythonValues
    ) -> PythonValues:
        self._move(args, is_store=True)
        return ()

    def _move(self, args: PythonValues, *, is_store: bool) -> None:
        dram, patch, *conditions = args[:-6]
        box = Box.of(args[-6:])
        if not all(conditions) or not all(box):
            return
        for firsts, length in dram.runs(box):
            self.transfers.add(firsts, length, is_store=is_store)
        if not self.with_values:
            return
        inside = np.s_[tuple(slice(part.start, part.stop) for part in box)]
        if is_store:
            dram.values[inside] = patch.values[patch.place(box)]
        else:
            patch.values[patch.place(box)] = dram.values[inside]

    @impl(accelerator.FetchWeightsOp)
    def run_fetch_weights(
        self, interpreter: Interpreter, op: accelerator.FetchWeightsOp, args: PythonValues
    ) -> PythonValues:
        kernel, kernel_end, channel, channel_end, at, patch, *conditions = args
        if not all(conditions):
            return ()
        weights = weights_of(self._unit(interpreter, op.unit).layer)
        kernels, channels = range(kernel, kernel_end), range(channel, channel_end)
        *_, fy, fx = weights.shape
        size = fy * fx * len(kernels) * len(channels)
        if size > patch.entries:
            raise DiagnosticException(f"a patch of {patch.entries} has no room for {size} weights")
        self.transfers.add(np.array([at]), size, is_store=False)
        patch.values = weights[kernel:kernel_end, channel:channel_end]
        patch.block = kernels, channels
        return ()

    # Units

    def _unit(self, interpreter: Interpreter, symbol: SymbolRefAttr) -> accelerator.UnitOp:
        unit = interpreter.get_op_for_symbol(symbol)
        assert isinstance(unit, accelerator.UnitOp), "units compute"
        return unit

    @impl(accelerator.ComputeOp)
    def run_compute(
        self, interpreter: Interpreter, op: accelerator.ComputeOp, args: PythonValues
    ) -> PythonValues:
        *operands, target = args[:-6]
        box = Box.of(args[-6:])
        if not self.with_values or not all(box):
            return ()
        layer = self._unit(interpreter, op.unit).layer
        count = len(op.inputs)
        patches, weights = operands[:count], operands[count:]
        channels = box.channels
        if weights and isinstance(layer, WeightedOperation):
            kernels, inputs = _block(weights[0])
            _check(kernels == box.channels, layer)
            channels = inputs if weights_of(layer).shape[1] > 1 else box.channels
        values = [
            _read(layer, number, patch, box, channels) for number, patch in enumerate(patches)
        ]
        data = made(layer, values, weights[0].values if weights else None, box)
        target.values[target.place(box)] = data
        return ()

    @impl(accelerator.ClearOp)
    def run_clear(
        self, interpreter: Interpreter, op: accelerator.ClearOp, args: PythonValues
    ) -> PythonValues:
        args[0].values[:] = 0
        return ()

    @impl(accelerator.AccumulateOp)
    def run_accumulate(
        self, interpreter: Interpreter, op: accelerator.AccumulateOp, args: PythonValues
    ) -> PythonValues:
        first, end, patch, weights, sums = args[:-6]
        box, channels = Box.of(args[-6:]), range(first, end)
        if not self.with_values or not all(box):
            return ()
        layer = self._unit(interpreter, op.unit).layer
        assert isinstance(layer, WeightedOperation), "sums are of products with weights"
        _check(_block(weights) == (box.channels, channels), layer)
        x = _read(layer, 0, patch, box, channels)
        place = sums.place(box)
        total = sums.values[place] + products(layer, x, weights.values, box.channels)[0]
        sums.values[place] = within_32_bits(total)
        return ()

    @impl(accelerator.FinishOp)
    def run_finish(
        self, interpreter: Interpreter, op: accelerator.FinishOp, args: PythonValues
    ) -> PythonValues:
        sums, target = args[:-6]
        box = Box.of(args[-6:])
        if not self.with_values or not all(box):
            return ()
        layer = self._unit(interpreter, op.unit).layer
        assert isinstance(layer, WeightedOperation), "sums are of products with weights"
        complete = sums.values[sums.place(box)].astype(np.int64)[None]
        target.values[target.place(box)] = finished(layer, complete, box.channels)
        return ()


def _block(weights: Patch) -> tuple[range, range]:
    if weights.block is None:
        raise DiagnosticException("weights are used before they are loaded")
    return weights.block


def _check(are_loaded: bool, layer: LayerOperation) -> None:
    if not are_loaded:
        raise DiagnosticException(f'layer "{layer.label}": other weights are loaded')


def _read(layer: LayerOperation, number: int, patch: Patch, box: Box, channels: range) -> Array:
    """What a unit reads of an input to make a box, (1, C, H, W)."""
    read = reading(layer, number, box, channels)
    return padded(layer, patch.values[patch.place(read.box)], read.pads)


def run_program(network: FuncOp, machine: Accelerator, inputs: Sequence[Array] = ()) -> ProgramRun:
    """Runs a program on (1, C, H, W) inputs; without any, only to see what it moves.

    Raises DiagnosticException where the program uses more entries than the buffer has.
    """
    module = network.parent_op()
    assert isinstance(module, ModuleOp), "programs lie in a module"
    functions = AcceleratorFunctions(machine, with_values=bool(inputs))
    interpreter = Interpreter(module)
    for implementations in (
        FuncFunctions(),
        ScfFunctions(),
        IntegerFunctions(),
        functions,
    ):
        interpreter.register_implementations(implementations)
    maps = [
        functions.dram_map(argument, offset)
        for argument, offset in zip(network.body.block.args, offsets_of(network), strict=True)
    ]
    for dram, values in zip(maps, inputs, strict=False):
        dram.values[:] = values[0]
    interpreter.call_op(network, tuple(maps))
    outputs = tuple(dram.values[None] for dram in maps[len(inputs) :])
    return ProgramRun(outputs, functions.made, functions.transfers, functions.high_water)


def offsets_of(network: FuncOp) -> list[int]:
    """Where the arguments of a program lie in DRAM, in entries."""
    places = network.attributes[OFFSETS]
    assert isinstance(places, ArrayAttr), "a program says where its arguments lie"
    return [place.value.data for place in places if isinstance(place, IntegerAttr)]
