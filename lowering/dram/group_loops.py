"""Loops of a chain along channels: strips of rows, and groups of channels through all layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.ir import Attribute, SSAValue

from dsconv.dialects.attributes import Space
from dsconv.dialects.graph import tensor_type
from dsconv.dialects.tiled import buffer_space
from dsconv.lowering.building import Index, divide, loop, remainder
from dsconv.lowering.dram.loops import (
    Condition,
    Interval,
    any_of,
    is_first,
    is_later,
    part,
    read,
    turning_loop,
    unread,
)
from dsconv.lowering.dram.nest import Nest
from dsconv.passes.dram.group_nest import GroupNest


class GroupLoops(Nest):
    """Writes the loops of a `GroupNest`."""

    def write(self, nest: GroupNest) -> None:
        """The loops, at the current insertion point."""
        self.nest = nest
        self.make_patches(nest.rooms, self._elements())
        pixels = len(nest.rows) * len(nest.columns)
        if nest.groups_outermost:
            with loop(0, nest.groups, "group") as group, loop(0, pixels, "pixels") as tile:
                rows, columns = self._pixels(tile)
                changes = is_first(tile)
                self._group(group, rows, columns, loads_input=True, loads_weights=changes)
                channels = part(group, nest.group, nest.width)
                self.add_and_put((channels, rows, columns), [])
            return
        with loop(0, pixels, "strip") as strip:
            self._strip(strip)

    def _elements(self) -> Mapping[str, Attribute]:
        elements: dict[str, Attribute] = {}
        for number, value in enumerate(self.step.chain.values_read):
            elements[f"x{number}"] = tensor_type(value).element_type
        for place, number in enumerate(self.nest.residuals):
            elements[f"r{place}"] = elements[f"x{number}"]
        for number, layer in enumerate(self.layers):
            elements[f"v{number}"] = tensor_type(layer.result).element_type
        for number, link in enumerate(self.nest.links):
            if link.weight_entries:
                elements[f"w{number}"] = self.weights_element(number)
        for number, layer in enumerate(self.layers[len(self.nest.links) - 1 :]):
            elements[f"y{number}"] = tensor_type(layer.result).element_type
        return elements

    def _pixels(self, tile: Index) -> tuple[Interval, Interval]:
        """Rows and columns of a tile of the output: rows after rows, within a band of columns."""
        nest = self.nest
        _, height, width = nest.links[-1].made
        down = len(nest.rows)
        rows = part(remainder(tile, down), nest.tile.rows, height)
        return rows, part(divide(tile, down), nest.tile.columns, width)

    def _strip(self, strip: Index) -> None:
        nest = self.nest
        rows, columns = self._pixels(strip)
        has_sums = "sums" in self.patches
        if has_sums:
            self.clear(self.patches["sums"])
        turns = nest.tile.order.turns
        with turning_loop(nest.groups, "group", strip, turns=turns) as (step, group):
            at_start = is_first(step)
            from_dram = self.nest.parts.head is None
            changes = any_of([is_later(step), is_first(strip)]) if turns else True
            self._group(
                group,
                rows,
                columns,
                loads_input=True if from_dram else at_start,
                loads_weights=changes,
            )
        channels = (0, nest.links[-1].shape.kernels) if nest.parts.sum else (0, 0)
        box = channels, rows, columns
        if has_sums:
            self.finish(len(nest.links) - 1, box, self.patches["sums"], self.made)
        if nest.parts.sum is not None:
            residuals = [(number, self._residual(number)) for number in nest.residuals]
            self.add_and_put(box, residuals)

    def _residual(self, number: int) -> SSAValue | None:
        """Where an addition finds what it reads; None where it is to be loaded."""
        source = self.inputs[number]
        if buffer_space(source) is Space.L1:
            return source
        return self.patches["x0"] if self.nest.finds_on_chip(number) else None

    def _group(
        self,
        group: Index,
        rows: Interval,
        columns: Interval,
        *,
        loads_input: Condition,
        loads_weights: Condition,
    ) -> None:
        """A group of channels of a tile of pixels, through all layers."""
        nest = self.nest
        channels = part(group, nest.group, nest.width)
        heights = [*read(nest.links, rows, 0), rows]
        widths = [*read(nest.links, columns, 1), columns]
        values = self._load(channels, heights, widths, rows, loads_input)
        for number, link in enumerate(nest.links):
            is_sum = link is nest.parts.sum
            if link.weight_entries:
                summed = (0, link.weights[1])
                block = ((0, link.shape.kernels), channels) if is_sum else (channels, summed)
                self.fetch_weights(number, f"w{number}", *block, loads_weights)
            made = (0, link.shape.kernels) if is_sum else channels
            box = made, heights[number + 1], widths[number + 1]
            if is_sum and "sums" in self.patches:
                self.accumulate(number, box, channels, values[0], self.patches["sums"])
                return
            is_last = number == len(nest.links) - 1
            target = self.made if is_last else self.patches[f"v{number}"]
            self.compute(number, box, values, target)
            values = [target]
        if nest.parts.sum is None and not nest.groups_outermost:
            self.add_and_put((channels, rows, columns), [])

    def _load(
        self,
        channels: Interval,
        heights: Sequence[Interval],
        widths: Sequence[Interval],
        rows: Interval,
        condition: Condition,
    ) -> list[SSAValue]:
        """The inputs of the first layer, but rows that are on chip from the strip before."""
        nest = self.nest
        first = nest.links[0]
        for number in range(nest.residuals.start):
            inputs, height, width = first.shape.inputs[number]
            spread = first.broadcasts(number)
            x_rows, x_columns = heights[0], widths[0]
            if spread[0]:
                x_rows = (0, height)
            if spread[1]:
                x_columns = (0, width)
            load = condition
            if nest.keeps_rows and not spread[0]:
                x_rows = unread(nest.links, x_rows, rows, 0)
            elif nest.keeps_rows:
                load = is_first(rows[0])
            wanted = (0, inputs) if nest.parts.head is not None or inputs == 1 else channels
            self.fetch(number, f"x{number}", (wanted, x_rows, x_columns), load)
        return [self.found(number, f"x{number}") for number in range(nest.residuals.start)]
