"""Maps that stay in L1 as a whole from one layer to the next: where they may, and what that takes.

`keep-in-l1` leaves them there. Here is what the search has to know of it before layers are loops.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from xdsl.ir import SSAValue

from dsconv.dialects.attributes import Layout, Tile
from dsconv.dialects.graph import LayerOperation
from dsconv.dialects.tiled import Shape, aligned
from dsconv.passes.chains import value_bytes
from dsconv.passes.geometry import Geometry


@dataclass(frozen=True)
class Resident:
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


ALL_MOVED = Resident()
"""Nothing stays in L1."""


@dataclass(frozen=True)
class MapBuffers:
    """Bytes of L1 for tiles of a map; `in_place`: the whole map would do instead of them."""

    l1_bytes: int
    in_place: bool


@dataclass(frozen=True)
class L1Use:
    """Bytes of L1 that a layer takes; among them those for tiles of its inputs and its result."""

    l1_bytes: int
    inputs: tuple[MapBuffers, ...]
    result: MapBuffers

    def with_resident(self, resident: Resident) -> int | None:
        """Bytes of L1 where some maps lie there as a whole; None where tiles do not allow it."""
        size = self.l1_bytes + resident.input_bytes + resident.result_bytes
        replaced = [] if resident.number is None else [self.inputs[resident.number]]
        if resident.leaves_result:
            replaced.append(self.result)
        if not all(buffers.in_place for buffers in replaced):
            return None
        return size - sum(buffers.l1_bytes for buffers in replaced)


def l1_bytes_with(geometry: Geometry, tile: Tile, resident: Resident) -> int | None:
    """Bytes of L1 that a layer alone takes with its tiles; None where they do not allow that."""
    replaced = 0
    if resident.leaves_result:
        made = (geometry.kernels, geometry.rows, geometry.columns)
        if not is_dense(geometry.output_layout, made, (tile.channels, tile.rows, tile.columns)):
            return None
        copies = min(tile.buffers, geometry.tiles(tile))
        replaced += copies * aligned(geometry.output_bytes(tile))
    if resident.number is not None:
        if not reads_in_place(geometry, tile, resident.number):
            return None
        copies = min(tile.buffers, geometry.input_versions(tile))
        replaced += copies * geometry.input_buffer_bytes(tile, resident.number)
    whole = resident.input_bytes + resident.result_bytes
    return geometry.l1_bytes(tile) + whole - replaced


def reads_in_place(geometry: Geometry, tile: Tile, number: int) -> bool:
    """Whether tiles of an input are all of it, or dense parts of it that each tile loads anew."""
    if geometry.kind == "slice":
        return False
    part, versions = geometry.input_tile(tile, number), geometry.input_versions(tile)
    if versions == 1:
        return part == geometry.inputs[number]
    has_padding = geometry.input_buffer_bytes(tile, number) > geometry.input_bytes(tile, number)
    is_part = is_dense(geometry.input_layouts[number], geometry.inputs[number], part)
    return is_part and not has_padding and versions == geometry.tiles(tile)


def is_dense(layout: Layout, map_shape: Shape, tile_shape: Shape) -> bool:
    """Whether a tile is one run of the map's bytes."""
    axes = (0, 1, 2) if layout is Layout.CHW else (1, 2, 0)
    sizes = [(tile_shape[axis], map_shape[axis]) for axis in axes]
    outermost = next((number for number, (part, _) in enumerate(sizes) if part > 1), len(axes))
    return all(part == size for part, size in sizes[outermost + 1 :])


def moved_bytes(geometry: Geometry, tile: Tile, resident: Resident) -> int:
    """Bytes of activations that a layer alone moves with its tiles."""
    moved = geometry.moved_bytes(tile)
    if resident.number is not None:
        moved -= geometry.input_versions(tile) * geometry.input_bytes(tile, resident.number)
    return moved if resident.stores else moved - geometry.stored_bytes(tile)


@dataclass(frozen=True)
class Keepable:
    """A map that may stay in L1: its bytes there, and whether L2 needs it as well."""

    size: int
    is_stored: bool


def keepable(layers: Sequence[LayerOperation], l1: int) -> dict[SSAValue, Keepable]:
    """The results of layers that may stay in an L1 of so many bytes: those for layers alone."""
    found: dict[SSAValue, Keepable] = {}
    for layer in layers:
        readers = [use.operation for use in layer.result.uses]
        size = resident_bytes(layer.result)
        if size <= l1 and all(isinstance(reader, LayerOperation) for reader in readers):
            found[layer.result] = Keepable(size, len(readers) > 1)
    return found


def resident_bytes(value: SSAValue) -> int:
    """Bytes of L1 that a map takes, with the padding that its readers want behind it."""
    readers = (use.operation for use in value.uses if use.index == 0)
    layers = (Geometry.of(reader) for reader in readers if isinstance(reader, LayerOperation))
    padding = max((layer.channels for layer in layers if layer.padded), default=0)
    return aligned(value_bytes(value) + padding)


def residents(
    reads: Sequence[SSAValue],
    result: SSAValue,
    held: SSAValue | None,
    keepable: Mapping[SSAValue, Keepable],
) -> list[Resident]:
    """What may stay in L1 for a layer that reads and makes such values, where `held` lies there.

    Nothing, not even what moves all, where the layer does not read `held`, or reads it twice.
    """
    if held is None:
        loaded = Resident()
    elif reads.count(held) == 1:
        loaded = Resident(reads.index(held), keepable[held].size)
    else:
        return []
    if result not in keepable:
        return [loaded]
    kept = keepable[result]
    return [loaded, replace(loaded, result_bytes=kept.size, is_stored=kept.is_stored)]
