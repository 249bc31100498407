"""Loops of a chain along rows: before a row is made, so are those that its window still needs."""

from __future__ import annotations

from collections.abc import Mapping

from xdsl.ir import Attribute, SSAValue

from dsconv.dialects.accelerator import PutOp
from dsconv.dialects.graph import tensor_type
from dsconv.lowering.building import Index, add, is_equal, loop, maximum, select
from dsconv.lowering.dram.loops import Interval, behind
from dsconv.lowering.dram.nest import Nest, bounds
from dsconv.passes.dram.row_pipeline import RowPipeline


class RowLoops(Nest):
    """Writes the loops of a `RowPipeline`."""

    def write(self, nest: RowPipeline) -> None:
        """The loops, at the current insertion point."""
        self.nest = nest
        self.make_patches(nest.rooms, self._elements())
        for number, link in enumerate(nest.links):
            if link.weight_entries:
                block = (0, link.shape.kernels), (0, link.weights[1])
                self.fetch_weights(number, *block, True)
        for number in range(len(nest.reads)):
            self._fetch_spread(number)
        last = len(nest.links) - 1
        with loop(0, nest.links[last].shape.rows, "row") as row:
            self._make(last, row)
            if not self.stays:
                channels, _, columns = nest.links[last].made
                box = (0, channels), (row, add(row, 1)), (0, columns)
                PutOp(self.output, self.patches["y"], bounds(box))

    def _elements(self) -> Mapping[str, Attribute]:
        elements: dict[str, Attribute] = {}
        for number, value in enumerate(self.step.chain.values_read):
            elements[f"x{number}"] = tensor_type(value).element_type
        for number, (layer, link) in enumerate(zip(self.layers, self.nest.links, strict=True)):
            elements[f"v{number}"] = tensor_type(layer.result).element_type
            if link.weight_entries:
                elements[f"w{number}"] = self.weights_element(number)
        elements["y"] = tensor_type(self.step.chain.result).element_type
        return elements

    def _fetch_spread(self, number: int) -> None:
        """A map of one row for all rows of another is there from the beginning."""
        place, operand = self.nest.reads[number]
        link = self.nest.links[place]
        if link.broadcasts(operand)[0]:
            channels, height, width = link.shape.inputs[operand]
            self.fetch(number, f"x{number}", ((0, channels), (0, height), (0, width)))

    def _made(self, place: int) -> SSAValue:
        """Where a layer puts its rows."""
        if place < len(self.layers) - 1:
            return self.patches[f"v{place}"]
        return self.patches.get("y", self.output)

    def _make(self, place: int, row: Index) -> None:
        """A row of what a layer makes, and before it the rows that its window still needs."""
        layer, link = self.layers[place], self.nest.links[place]
        first, end = self._still_needed(place, row)
        if place:
            with loop(first, end, f"row{place - 1}") as needed:
                self._make(place - 1, needed)
        inputs: list[SSAValue] = []
        for operand, value in enumerate(layer.activations):
            if (place, operand) in self.nest.reads:
                number = self.nest.reads.index((place, operand))
                self._fetch_rows(number, (first, end))
                inputs.append(self.found(number, f"x{number}"))
            else:
                (maker,) = (n for n, layer in enumerate(self.layers) if layer.result is value)
                inputs.append(self._made(maker))
        channels, _, columns = link.made
        box = (0, channels), (row, add(row, 1)), (0, columns)
        self.compute(place, box, inputs, self._made(place))

    def _fetch_rows(self, number: int, rows: Interval) -> None:
        """Rows of what is read from outside, but those between windows that are apart."""
        place, operand = self.nest.reads[number]
        link = self.nest.links[place]
        if link.broadcasts(operand)[0]:
            return
        first, end = rows
        extent = link.shape.extent[0]
        if link.shape.strides[0] > extent:
            first = maximum(first, add(end, -extent))
        channels, _, width = link.shape.inputs[operand]
        self.fetch(number, f"x{number}", ((0, channels), (first, end), (0, width)))

    def _still_needed(self, place: int, row: Index) -> Interval:
        """Rows of its input that a layer needs for a row and did not need for the one before."""
        link = self.nest.links[place]
        shape = link.shape
        if (shape.extent[0], shape.strides[0], shape.window.pads[0]) == (1, 1, 0):
            return row, add(row, 1)
        before = behind(link, row, 0)
        if isinstance(row, SSAValue):
            before = select(is_equal(row, 0), 0, before)
        else:
            before = before if row else 0
        return before, behind(link, add(row, 1), 0)
