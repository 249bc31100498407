"""The memory plan of a compiled network: what lies where in L1, L2 and L3, and when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from math import ceil
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from xdsl.dialects import memref
from xdsl.dialects.builtin import ArrayAttr, IntegerAttr, ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import SSAValue

from dsconv.dialects.attributes import Space
from dsconv.dialects.tiled import (
    L1_SIZE,
    L2_SIZE,
    L3_SIZE,
    OFFSETS,
    BufferOp,
    DmaStartOp,
    L3LoadOp,
    LayerOp,
    PrefetchOp,
    SlotOp,
    ViewOp,
    whole_buffer,
)
from dsconv.lowering.c_functions import port_names
from dsconv.lowering.c_target import network_function
from dsconv.lowering.memory_plan import size_attribute
from dsconv.passes.analysis.l1_buffers import network_buffers
from dsconv.passes.analysis.liveness import (
    constant_size,
    constants,
    lifespans,
    peak_live_bytes,
    positions,
)

LAST_PART = 0.9
"""Where, within a layer, the part behind its last barrier is drawn to begin."""


class Content(StrEnum):
    """What a buffer holds."""

    ACTIVATIONS = "activations"
    WEIGHTS = "weights"
    PORTS = "inputs and outputs"


@dataclass(frozen=True)
class Placement:
    """A buffer of the plan: its bytes in its memory, and when it is needed.

    Times count layers: from 2.0 to 3.0 is the third one.
    """

    label: str
    content: Content
    offset: int
    size: int
    begin: float
    end: float

    def as_json(self) -> dict[str, Any]:
        """The buffer as it stands in the JSON report."""
        return {
            "label": self.label,
            "content": self.content.value,
            "offset": self.offset,
            "bytes": self.size,
            "begin": round(self.begin, 3),
            "end": round(self.end, 3),
        }


@dataclass(frozen=True)
class MemoryPlan:
    """Sizes in bytes. `lower_bound` is the most bytes of buffers in L2 ever live.

    `resident_weights` lie in L2 beside the buffers, all the time.
    """

    network: str
    layers: tuple[str, ...]
    l1_bytes: int
    l2_bytes: int
    lower_bound: int
    resident_weights: int
    l3_bytes: int
    l1: tuple[Placement, ...]
    l2: tuple[Placement, ...]
    l3: tuple[Placement, ...]

    @staticmethod
    def of(module: ModuleOp) -> MemoryPlan:
        """Reads the plan from a lowered module."""
        function = network_function(module)
        layers = [op for op in function.body.block.ops if isinstance(op, LayerOp)]
        reader = _PlanReader(function, layers)
        return MemoryPlan(
            function.sym_name.data,
            tuple(layer.label.data for layer in layers),
            size_attribute(function, L1_SIZE),
            size_attribute(function, L2_SIZE),
            peak_live_bytes(lifespans(function)),
            sum(constant_size(constant) for constant in constants(module, Space.L2)),
            size_attribute(function, L3_SIZE),
            _in_order(reader.l1()),
            _in_order(reader.far(Space.L2)),
            _in_order([*reader.far(Space.L3), *_weights_in_l3(module, len(layers))]),
        )

    @property
    def used(self) -> dict[str, tuple[Placement, ...]]:
        """The buffers of each memory that has some, by its name."""
        memories = {"L1": self.l1, "L2": self.l2, "L3": self.l3}
        return {memory: items for memory, items in memories.items() if items}

    def as_json(self) -> dict[str, Any]:
        """The plan for programs."""
        return {
            "l1": {"bytes": self.l1_bytes, "buffers": [item.as_json() for item in self.l1]},
            "l2": {
                "bytes": self.l2_bytes,
                "lower_bound": self.lower_bound,
                "resident_weights": self.resident_weights,
                "buffers": [item.as_json() for item in self.l2],
            },
            "l3": {"bytes": self.l3_bytes, "buffers": [item.as_json() for item in self.l3]},
        }

    def print(self, console: Console) -> None:
        """The buffers of each memory that has some, and what they add up to."""
        for memory, items in self.used.items():
            console.print(self._table(memory, items))
        above = self.l2_bytes / self.lower_bound - 1 if self.lower_bound else 0.0
        console.print(
            f"L1: {self.l1_bytes:,} bytes\n"
            f"L2: {self.l2_bytes:,} bytes for buffers, {above:.1%} above the lower bound of "
            f"{self.lower_bound:,}; {self.resident_weights:,} bytes of weights stay\n"
            f"L3: {self.l3_bytes:,} bytes",
            highlight=False,
        )

    def _table(self, memory: str, items: Iterable[Placement]) -> Table:
        table = Table(title=f"{self.network}: buffers in {memory}", box=box.SIMPLE_HEAD)
        for column in ("buffer", "from layer", "to layer"):
            table.add_column(column, no_wrap=True)
        for column in ("bytes", "from address", "to address"):
            table.add_column(column, justify="right", no_wrap=True)
        for item in items:
            table.add_row(
                item.label,
                self.layers[int(item.begin)],
                self.layers[_last_layer(item)],
                f"{item.size:,}",
                f"{item.offset:,}",
                f"{item.offset + item.size:,}",
            )
        return table


def _last_layer(item: Placement) -> int:
    """The number of the layer in which a buffer is needed last."""
    return max(int(item.begin), ceil(item.end) - 1)


class _PlanReader:
    """Reads the buffers of a planned function; times are those of `Placement`."""

    def __init__(self, function: FuncOp, layers: list[LayerOp]):
        self.function = function
        self.layers = layers
        numbered = positions(function)
        self.begins = [numbered[layer] for layer in layers]
        self.end = len(numbered)

    def l1(self) -> Iterator[Placement]:
        for number, plan in enumerate(network_buffers(self.function)):
            for buffer in plan.own:
                end = number + (1.0 if buffer in plan.live_at_end else LAST_PART)
                yield _placement(buffer, buffer.label.data, number, end)
            for buffer in plan.filled:
                begin = number if buffer in plan.filled_early else number + LAST_PART
                yield _placement(
                    buffer, buffer.label.data, begin, min(number + 2, len(self.layers))
                )

    def far(self, space: Space) -> Iterator[Placement]:
        """Buffers in L2 or L3, with the inputs and outputs."""
        arguments = self.function.attributes.get(OFFSETS)
        assert isinstance(arguments, ArrayAttr), "plan-memory places the arguments"
        names = port_names(self.function)
        for item in lifespans(self.function, space):
            begin, end = self._time(item.first), self._time(item.last + 1)
            owner = item.value.owner
            if isinstance(owner, BufferOp):
                yield _placement(owner, item.label, begin, end)
                continue
            number = self.function.body.block.args.index(item.value)
            place = arguments.data[number]
            assert isinstance(place, IntegerAttr), "plan-memory places every argument"
            offset = place.value.data
            yield Placement(names[number], Content.PORTS, offset, item.size, begin, end)

    def _time(self, position: int) -> float:
        """A position between operations as a time."""
        layer = max(sum(begin <= position for begin in self.begins) - 1, 0)
        begin, end = [*self.begins, self.end][layer : layer + 2]
        part = (position - begin) / (end - begin)
        return layer + min(max(part, 0.0), 1.0)


def _placement(buffer: BufferOp, label: str, begin: float, end: float) -> Placement:
    offset = buffer.offset
    assert offset is not None, "plan-memory places every buffer"
    content = Content.WEIGHTS if _holds_weights(buffer.result) else Content.ACTIVATIONS
    return Placement(label, content, offset.value.data, buffer.size, begin, end)


def _holds_weights(value: SSAValue) -> bool:
    """Whether a transfer brings constants into a buffer, or into a part of it."""
    if isinstance(whole_buffer(value).owner, memref.GetGlobalOp):
        return True
    for use in value.uses:
        op = use.operation
        if isinstance(op, SlotOp | ViewOp):
            if _holds_weights(op.result):
                return True
        elif (
            isinstance(op, DmaStartOp | PrefetchOp | L3LoadOp)
            and op.target is value
            and _holds_weights(whole_buffer(op.source))
        ):
            return True
    return False


def _weights_in_l3(module: ModuleOp, layers: int) -> Iterator[Placement]:
    """Constants in L3, which lie there all the time."""
    for constant in constants(module, Space.L3):
        offset = constant.attributes[OFFSETS]
        assert isinstance(offset, IntegerAttr), "plan-memory places the weights in L3"
        size, label = constant_size(constant), constant.sym_name.data
        yield Placement(label, Content.WEIGHTS, offset.value.data, size, 0, layers)


def _in_order(items: Iterable[Placement]) -> tuple[Placement, ...]:
    return tuple(sorted(items, key=lambda item: (item.begin, item.offset)))
