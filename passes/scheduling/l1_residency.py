"""Maps that stay in L1 as a whole from one layer to the next: where they may, and what that takes.

`keep-in-l1` leaves them there. Here is what the search has to know of it before layers are loops.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from xdsl.ir import SSAValue

from dsconv.dialects.attributes import Layout, Tile
from dsconv.dialects.graph import LayerOperation, SliceOp, kind_of
from dsconv.dialects.tiled import Shape, aligned
from dsconv.passes.analysis.chain import value_bytes
from dsconv.passes.analysis.layer_shape import LayerShape


@dataclass(frozen=True)
class Residency:
    """What of a layer lies in L1 as a whole, at no transfer.

    `number` is that of an input, None where all are loaded, and `input_bytes` its bytes in L1.
    `result_bytes` are those of the result, 0 where it goes to L2 alone; if it `is_stored`, it lies
    in L2 as well.
    """

    number: int | None = None
    input_bytes: int = 0
    result_bytes: int = 0
    is_stored: bool = False

    @property
    def leaves_result(self) -> bool:
        """Whether the result stays in L1 for the next layer."""
        return self.result_bytes > 0

    @property
    def stores(self) -> bool:
        """Whether the result goes to L2."""
        return self.is_stored or not self.leaves_result


NOTHING_RESIDENT = Residency()
"""Nothing stays in L1."""


class MapBuffers(NamedTuple):
    """Bytes of L1 for tiles of a map; `in_place`: the whole map would do instead of them."""

    l1_bytes: int
    in_place: bool


class L1Use(NamedTuple):
    """Bytes of L1 that a layer takes; among them those for tiles of its inputs and its result."""

    l1_bytes: int
    inputs: tuple[MapBuffers, ...]
    result: MapBuffers

    def with_residency(self, residency: Residency) -> int | None:
        """Bytes of L1 where some maps lie there as a whole; None where tiles do not allow it."""
        size = self.l1_bytes + residency.input_bytes + residency.result_bytes
        replaced = [] if residency.number is None else [self.inputs[residency.number]]
        if residency.leaves_result:
            replaced.append(self.result)
        if not all(buffers.in_place for buffers in replaced):
            return None
        return size - sum(buffers.l1_bytes for buffers in replaced)


def l1_bytes_with(layer_shape: LayerShape, tile: Tile, residency: Residency) -> int | None:
    """Bytes of L1 that a layer alone takes with its tiles; None where they do not allow that."""
    replaced = 0
    if residency.leaves_result:
        made = (layer_shape.kernels, layer_shape.rows, layer_shape.columns)
        if not is_dense(layer_shape.output_layout, made, (tile.channels, tile.rows, tile.columns)):
            return None
        copies = min(tile.buffers, layer_shape.tiles(tile))
        replaced += copies * aligned(layer_shape.output_bytes(tile))
    if residency.number is not None:
        if not reads_in_place(layer_shape, tile, residency.number):
            return None
        copies = min(tile.buffers, layer_shape.input_versions(tile))
        replaced += copies * layer_shape.input_buffer_bytes(tile, residency.number)
    whole = residency.input_bytes + residency.result_bytes
    return layer_shape.l1_bytes(tile) + whole - replaced


def reads_in_place(layer_shape: LayerShape, tile: Tile, number: int) -> bool:
    """Whether tiles of an input are all of it, or dense parts of it that each tile loads anew."""
    if layer_shape.kind == kind_of(SliceOp):
        return False
    part, versions = layer_shape.input_tile(tile, number), layer_shape.input_versions(tile)
    if versions == 1:
        return part == layer_shape.inputs[number]
    has_padding = layer_shape.input_buffer_bytes(tile, number) > layer_shape.input_bytes(
        tile, number
    )
    is_part = is_dense(layer_shape.input_layouts[number], layer_shape.inputs[number], part)
    return is_part and not has_padding and versions == layer_shape.tiles(tile)


def is_dense(layout: Layout, map_shape: Shape, tile_shape: Shape) -> bool:
    """Whether a tile is one run of the map's bytes."""
    axes = (0, 1, 2) if layout is Layout.CHW else (1, 2, 0)
    sizes = [(tile_shape[axis], map_shape[axis]) for axis in axes]
    outermost = next((number for number, (part, _) in enumerate(sizes) if part > 1), len(axes))
    return all(part == size for part, size in sizes[outermost + 1 :])


@dataclass(frozen=True)
class ResidencyLimits:
    """A map that may stay in L1: its bytes there, and whether L2 needs it as well."""

    size: int
    is_stored: bool


def residency_limits(layers: Sequence[LayerOperation], l1: int) -> dict[SSAValue, ResidencyLimits]:
    """The results of layers that may stay in an L1 of so many bytes: those for layers alone."""
    found: dict[SSAValue, ResidencyLimits] = {}
    for layer in layers:
        readers = [use.operation for use in layer.result.uses]
        size = resident_bytes(layer.result)
        if size <= l1 and all(isinstance(reader, LayerOperation) for reader in readers):
            found[layer.result] = ResidencyLimits(size, len(readers) > 1)
    return found


def resident_bytes(value: SSAValue) -> int:
    """Bytes of L1 that a map takes, with the padding that its readers want behind it."""
    readers = (use.operation for use in value.uses if use.index == 0)
    layers = (LayerShape.of(reader) for reader in readers if isinstance(reader, LayerOperation))
    padding = max(
        (layer.channels * layer.element_bytes[0] for layer in layers if layer.padded), default=0
    )
    return aligned(value_bytes(value) + padding)


def residencies(
    reads: Sequence[SSAValue],
    result: SSAValue,
    resident_value: SSAValue | None,
    residency_limits: Mapping[SSAValue, ResidencyLimits],
) -> list[Residency]:
    """What may stay in L1 for a layer, where `resident_value` lies there.

    Nothing, not even what moves all, where the layer does not read that, or reads it twice.
    """
    if resident_value is None:
        loaded = Residency()
    elif reads.count(resident_value) == 1:
        loaded = Residency(reads.index(resident_value), residency_limits[resident_value].size)
    else:
        return []
    if result not in residency_limits:
        return [loaded]
    kept = residency_limits[result]
    return [loaded, replace(loaded, result_bytes=kept.size, is_stored=kept.is_stored)]
