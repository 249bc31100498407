"""What the loops of all chains share: patches on chip, units, and the operations on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.ir import Attribute, SSAValue

from dsconv.dialects.accelerator import (
    AccumulateOp,
    ClearOp,
    ComputeOp,
    FetchOp,
    FetchWeightsOp,
    FinishOp,
    PatchOp,
    PutOp,
)
from dsconv.dialects.accelerator.operations import PARTIAL_SUM
from dsconv.dialects.attributes import Space
from dsconv.dialects.graph import LayerOperation, WeightedOperation, tensor_type
from dsconv.dialects.target import Accelerator
from dsconv.dialects.tiled import buffer_space
from dsconv.lowering.building import Index, add, index_value, loop, multiply, subtract
from dsconv.lowering.dram.loops import Condition, Interval
from dsconv.passes.dram.rooms import OUTPUT_MAP, Rooms, result_room
from dsconv.passes.dram.search import Step

Box = tuple[Interval, Interval, Interval]
"""Channels, rows and columns."""


Residual = tuple[int, SSAValue | None]
"""What an addition reads, by its number, and where it lies if it is on chip."""


class Nest:
    """A chain on its way to loops.

    `places`: its maps, in DRAM or on chip, by their values. `weights`: where the weights of each
    layer begin in DRAM, in entries.
    """

    def __init__(
        self,
        label: str,
        step: Step,
        places: Mapping[SSAValue, SSAValue],
        units: Mapping[LayerOperation, str],
        weights: Sequence[int],
        machine: Accelerator,
    ):
        self.label = label
        self.step = step
        self.layers = step.chain.layers
        self.units = [units[layer] for layer in self.layers]
        self.weights = weights
        self.machine = machine
        self.inputs = [places[value] for value in step.chain.values_read]
        self.output = places[step.chain.result]
        self.patches: dict[str, SSAValue] = {}

    def make_patches(self, rooms: Rooms, elements: Mapping[str, Attribute]) -> None:
        """A patch for every room, whose elements are given by its name."""
        for name, room in rooms.items():
            over = None
            if room.over:
                over = self.output if room.over == OUTPUT_MAP else self.patches[room.over]
            shape = room.shape[:1] if name.startswith("w") else room.shape
            patch = PatchOp(
                f"{self.label}.{name}",
                shape,
                PARTIAL_SUM if room.sums else elements[name],
                sums=room.sums,
                copies=room.copies(self.machine),
                over=over,
            )
            self.patches[name] = patch.result

    def weights_element(self, number: int) -> Attribute:
        """Element of the weights of a layer, by its number."""
        layer = self.layers[number]
        assert isinstance(layer, WeightedOperation), "other layers have no weights"
        return tensor_type(layer.weights).element_type

    # Operations; what surely does not hold is not written

    def fetch(self, number: int, name: str, box: Box, condition: Condition = True) -> None:
        """Loads a box of an input, unless that lies on chip."""
        source = self.inputs[number]
        if buffer_space(source) is Space.L1 or condition is False:
            return
        FetchOp(source, self.patches[name], bounds(box), when(condition))

    def found(self, number: int, name: str) -> SSAValue:
        """Where an input lies on chip."""
        source = self.inputs[number]
        return source if buffer_space(source) is Space.L1 else self.patches[name]

    def fetch_weights(
        self, number: int, kernels: Interval, channels: Interval, condition: Condition
    ) -> None:
        """Loads a block of weights of a layer, unless it surely is on chip."""
        if condition is False:
            return
        block = [index_value(value) for value in (*kernels, *channels)]
        at = index_value(self.place_of_weights(number, kernels, channels))
        FetchWeightsOp(self.units[number], block, at, self.patches[f"w{number}"], when(condition))

    def place_of_weights(self, number: int, kernels: Interval, channels: Interval) -> Index:
        """Where a block of weights lies: for each tile of kernels, one block after the other."""
        taps, inputs = self.step.chain.links[number].weights
        tile = multiply(subtract(kernels[1], kernels[0]), channels[0])
        return add(multiply(add(multiply(kernels[0], inputs), tile), taps), self.weights[number])

    def compute(self, number: int, box: Box, inputs: Sequence[SSAValue], target: SSAValue) -> None:
        """Makes a box of a layer's output."""
        weights = self.patches.get(f"w{number}")
        ComputeOp(self.units[number], bounds(box), inputs, weights, target)

    def accumulate(
        self, number: int, box: Box, channels: Interval, x: SSAValue, sums: SSAValue
    ) -> None:
        """Adds products to partial sums."""
        ends = [index_value(value) for value in channels]
        weights = self.patches[f"w{number}"]
        AccumulateOp(self.units[number], bounds(box), ends, x, weights, sums)

    def clear(self, sums: SSAValue) -> None:
        """Begins partial sums."""
        ClearOp(sums)

    def finish(self, number: int, box: Box, sums: SSAValue, target: SSAValue) -> None:
        """Makes outputs of complete sums."""
        FinishOp(self.units[number], bounds(box), sums, target)

    @property
    def stays(self) -> bool:
        """Whether the output stays on chip."""
        return buffer_space(self.output) is Space.L1

    @property
    def made(self) -> SSAValue:
        """Where the last dense layer, or what stands for it, puts its outputs."""
        return self.patches.get(result_room(0), self.output)

    def add_and_put(self, box: Box, residuals: Sequence[Residual]) -> None:
        """The additions at the end of a chain, row by row, then the output to DRAM."""
        if residuals:
            channels, (row, row_end), columns = box
            with loop(row, row_end, "row") as first:
                self._add_row((channels, (first, add(first, 1)), columns), residuals)
        if not self.stays:
            PutOp(self.output, self.patches[result_room(len(residuals))], bounds(box))

    def _add_row(self, box: Box, residuals: Sequence[Residual]) -> None:
        value = self.made
        first = len(self.layers) - len(residuals)
        for place, (number, found) in enumerate(residuals):
            if found is None:
                found = self.patches[f"r{place}"]
                FetchOp(self.inputs[number], found, bounds(box))
            layer, before = self.layers[first + place], self.layers[first + place - 1]
            inputs = [
                value if activation is before.result else found for activation in layer.activations
            ]
            value = self.patches.get(result_room(place + 1), self.output)
            self.compute(first + place, box, inputs, value)


def bounds(box: Box) -> list[SSAValue]:
    """First and end of channels, rows and columns."""
    return [index_value(value) for interval in box for value in interval]


def when(condition: Condition) -> SSAValue | None:
    """The condition as an operand; None where it always holds."""
    return condition if isinstance(condition, SSAValue) else None
