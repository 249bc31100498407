"""Loops of a chain along channels: strips of rows, and groups of channels through all layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.ir import Attribute, SSAValue

from dsconv.dialects.attributes import Space
from dsconv.dialects.graph import tensor_type
from dsconv.dialects.tiled import buffer_space
from dsconv.lowering.building import Index, add, divide, loop, multiply, remainder, subtract
from dsconv.lowering.dram.loops import (
    Condition,
    Interval,
    all_of,
    any_of,
    is_first,
    is_later,
    part,
    pixel_part,
    read,
    turning_loop,
    unread,
)
from dsconv.lowering.dram.nest import Box, Nest
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
                made = part(group, nest.group, nest.width), rows, columns
                self._group(group, made, loads_input=True, loads_weights=is_first(tile))
                self.add_and_put(made, [])
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
        rows = pixel_part(remainder(tile, down), nest.tile.rows, height)
        return rows, pixel_part(divide(tile, down), nest.tile.columns, width)

    def _strip(self, strip: Index) -> None:
        nest = self.nest
        count, turns = nest.kernel_tiles, nest.tile.order.turns
        rows, columns = self._pixels(strip)
        with turning_loop(count, "kernels", strip, turns=turns) as (step, position):
            if nest.parts.sum is None:
                kernels = 0, 0
            else:
                kernels = part(position, nest.tile.channels, nest.parts.sum.shape.kernels)
            visit = add(multiply(strip, count), step)
            self._groups(strip, step, visit, (kernels, rows, columns))

    def _groups(self, strip: Index, tile: Index, visit: Index, made: Box) -> None:
        """All groups for a tile of the output. `tile`: its turn in the strip, `visit`: in all."""
        nest = self.nest
        has_sums = "sums" in self.patches
        if has_sums:
            self.clear(self.patches["sums"])
        turns = nest.tile.order.turns
        with turning_loop(nest.groups, "group", visit, turns=turns) as (step, group):
            later = is_later(step)
            if nest.parts.head is not None:
                loads_input = all_of([is_first(step), is_first(tile)])
            else:
                loads_input = any_of([later, is_first(tile)]) if turns else True
            self._group(
                group,
                made,
                loads_input=loads_input,
                loads_weights=any_of([later, is_first(visit)]) if turns else True,
                loads_summed=any_of([later, is_first(strip), is_later(tile)]) if turns else True,
            )
        if has_sums:
            self.finish(len(nest.links) - 1, made, self.patches["sums"], self.made)
        if nest.parts.sum is not None:
            residuals = [(number, self._residual(number)) for number in nest.residuals]
            self.add_and_put(made, residuals)

    def _residual(self, number: int) -> SSAValue | None:
        """Where an addition finds what it reads; None where it is to be loaded."""
        source = self.inputs[number]
        if buffer_space(source) is Space.L1:
            return source
        return self.patches["x0"] if self.nest.finds_on_chip(number) else None

    def _group(
        self,
        group: Index,
        made: Box,
        *,
        loads_input: Condition,
        loads_weights: Condition,
        loads_summed: Condition = True,
    ) -> None:
        """A group of channels, through all layers, for a tile of the output."""
        nest = self.nest
        kernels, rows, columns = made
        channels = part(group, nest.group, nest.width)
        heights = [*read(nest.links, rows, 0), rows]
        widths = [*read(nest.links, columns, 1), columns]
        values = self._load(channels, heights, widths, rows, loads_input)
        for number, link in enumerate(nest.links):
            is_sum = link is nest.parts.sum
            if link.weight_entries:
                block = (kernels, channels) if is_sum else (channels, (0, link.weights[1]))
                loads = loads_summed if is_sum else loads_weights
                self.fetch_weights(number, *block, loads)
            box = kernels if is_sum else channels, heights[number + 1], widths[number + 1]
            if is_sum and "sums" in self.patches:
                self.accumulate(number, box, channels, values[0], self.patches["sums"])
                return
            is_last = number == len(nest.links) - 1
            target = self.made if is_last else self.patches[f"v{number}"]
            self.compute(number, box, values, target)
            values = [target]
        if nest.parts.sum is None and not nest.groups_outermost:
            self.add_and_put((channels, rows, columns), [])

    def place_of_weights(self, number: int, kernels: Interval, channels: Interval) -> Index:
        """Where a block of weights lies: those that a group has in all layers lie together."""
        nest = self.nest
        link = nest.links[number]
        group = channels if link is nest.parts.sum else kernels
        before: Index = sum(map(nest.weights_of_channel, nest.links[:number]))
        if link is nest.parts.sum:
            before = add(multiply(kernels[0], link.taps), before)
        whole = sum(map(nest.weights_of_channel, nest.links))
        inside = multiply(subtract(group[1], group[0]), before)
        return add(multiply(group[0], whole), inside, self.weights[0])

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
