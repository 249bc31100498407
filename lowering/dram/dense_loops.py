"""Loops of a dense layer: kernels, pixels, and innermost the input channels that are summed."""

from __future__ import annotations

from collections.abc import Mapping

from xdsl.ir import Attribute, SSAValue

from dsconv.dialects.attributes import Space
from dsconv.dialects.graph import tensor_type
from dsconv.dialects.tiled import buffer_space
from dsconv.lowering.building import Index, add, divide, loop, multiply, remainder
from dsconv.lowering.dram.loops import (
    Condition,
    Interval,
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
from dsconv.passes.dram.dense_nest import DenseNest


class DenseLoops(Nest):
    """Writes the loops of a `DenseNest`."""

    def write(self, nest: DenseNest) -> None:
        """The loops, at the current insertion point."""
        self.nest = nest
        self.make_patches(nest.rooms, self._elements())
        kernels, pixels = nest.kernel_tiles, nest.pixel_tiles
        turns = nest.tile.order.turns
        if nest.tile.order.channels_outermost:
            with (
                loop(0, kernels, "kernels") as outer,
                turning_loop(pixels, "pixels", outer, turns=turns) as (inner, position),
            ):
                self._tile(outer, inner, outer, position, add(multiply(outer, pixels), inner))
        else:
            with (
                loop(0, pixels, "pixels") as outer,
                turning_loop(kernels, "kernels", outer, turns=turns) as (inner, position),
            ):
                self._tile(outer, inner, position, outer, add(multiply(outer, kernels), inner))

    def _elements(self) -> Mapping[str, Attribute]:
        first = tensor_type(self.layers[0].activations[0]).element_type
        elements = {"x0": first, "w0": self.weights_element(0)}
        for number, layer in enumerate(self.layers):
            elements[f"y{number}"] = tensor_type(layer.result).element_type
        for number, _ in enumerate(self.nest.tail):
            value = self.step.chain.values_read[1 + number]
            elements[f"r{number}"] = tensor_type(value).element_type
        return elements

    def _tile(
        self, outer: Index, inner: Index, kernel_tile: Index, pixel_tile: Index, visit: Index
    ) -> None:
        """A tile of the output, by its places along kernels and pixels."""
        nest = self.nest
        across = len(nest.columns)
        channels, height, width = nest.link.made
        kernels = part(kernel_tile, nest.tile.channels, channels)
        rows = pixel_part(divide(pixel_tile, across), nest.tile.rows, height)
        columns = pixel_part(remainder(pixel_tile, across), nest.tile.columns, width)
        box = kernels, rows, columns
        if nest.chunks > 1:
            self.clear(self.patches["sums"])
        turns = nest.tile.order.turns
        with turning_loop(nest.chunks, "chunk", visit, turns=turns) as (step, chunk):
            summed = part(chunk, nest.depth, nest.link.weights[1])
            self._load(outer, inner, step, box, summed)
            x = self.found(0, "x0")
            if nest.chunks > 1:
                self.accumulate(0, box, summed, x, self.patches["sums"])
            else:
                self.compute(0, box, [x], self.made)
        if nest.chunks > 1:
            self.finish(0, box, self.patches["sums"], self.made)
        self.add_and_put(box, [(1 + n, self._residual(1 + n)) for n in range(len(nest.tail))])

    def _residual(self, number: int) -> SSAValue | None:
        source = self.inputs[number]
        return source if buffer_space(source) is Space.L1 else None

    def _load(self, outer: Index, inner: Index, step: Index, box: Box, summed: Interval) -> None:
        """The operands of a step, but those that are on chip from the step before."""
        nest = self.nest
        kernels, rows, columns = box
        (x_rows,), (x_columns,) = read([nest.link], rows, 0), read([nest.link], columns, 1)
        of_outer, of_inner = self._changes(outer, inner, step)
        of_kernels, of_pixels = of_outer, of_inner
        if not nest.tile.order.channels_outermost:
            of_kernels, of_pixels = of_inner, of_outer
        if nest.keeps_rows:
            x_rows = unread([nest.link], x_rows, rows, 0)
        self.fetch(0, "x0", (summed, x_rows, x_columns), of_pixels)
        self.fetch_weights(0, kernels, summed, of_kernels)

    def _changes(self, outer: Index, inner: Index, step: Index) -> tuple[Condition, Condition]:
        """Whether a step needs another tile than the one before: of the outer operand, the inner.

        Where loops turn, a tile begins with the input channels that the one before ends with.
        """
        if not self.nest.tile.order.turns:
            return True, True
        later = is_later(step)
        of_outer = any_of([later, is_first(inner)])
        return of_outer, any_of([later, is_later(inner), is_first(outer)])
