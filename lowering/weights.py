"""Weights of layers as constants in L2, whole or cut into pieces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from xdsl.dialects import memref
from xdsl.dialects.builtin import (
    BytesAttr,
    DenseIntOrFPElementsAttr,
    StringAttr,
    TensorType,
    UnitAttr,
    i8,
)

from dsconv.dialects.attributes import Space, Tile
from dsconv.dialects.graph import WeightedOperation
from dsconv.dialects.records import RecordAttr
from dsconv.dialects.tiled import buffer_type
from dsconv.lowering.tile_kernels import Symbols
from dsconv.passes.analysis.layer_shape import LayerShape
from dsconv.passes.analysis.weight_packing import pack_parameters


@dataclass(frozen=True)
class Chunk:
    """A range of a layer's channels whose weights lie in one piece; `layer_shape` is its shape."""

    layer_shape: LayerShape
    first_channel: int
    weights: memref.GlobalOp | None


def whole_weights(op: WeightedOperation, symbols: Symbols) -> tuple[RecordAttr, memref.GlobalOp]:
    """Format of a layer's channel records, and the constant that holds them all."""
    record, packed = pack_parameters(op)
    constant = weights_global(f"{op.label}_weights", packed)
    symbols.settle(constant)
    return record, constant


def cut_weights(
    label: str, layer_shape: LayerShape, tile: Tile, packed: npt.NDArray[np.uint8], chunk_bytes: int
) -> Iterator[Chunk]:
    """Cuts (K, record) bytes into pieces of whole tiles, none larger than `chunk_bytes` if it can.

    The last piece begins where the last tile does, moved back into the map as that is. 0 cuts
    nothing.
    """
    tiles = layer_shape.channel_tiles(tile)
    if not chunk_bytes or packed.size <= chunk_bytes or layer_shape.weight_versions(tile) == 1:
        yield Chunk(layer_shape, 0, weights_global(f"{label}_weights", packed))
        return
    tiles_a_chunk = max(1, chunk_bytes // layer_shape.weight_bytes(tile))
    for number, first_tile in enumerate(range(0, tiles, tiles_a_chunk)):
        first = min(first_tile * tile.channels, layer_shape.kernels - tile.channels)
        end = min((first_tile + tiles_a_chunk) * tile.channels, layer_shape.kernels)
        weights = weights_global(f"{label}_weights_{number}", packed[first:end])
        yield Chunk(replace(layer_shape, kernels=end - first), first, weights)


def weights_global(symbol: str, packed: npt.NDArray[np.uint8]) -> memref.GlobalOp:
    """A constant in L2 with the channel records of a layer."""
    data = DenseIntOrFPElementsAttr(TensorType(i8, (packed.size,)), BytesAttr(packed.tobytes()))
    return memref.GlobalOp.get(
        StringAttr(symbol),
        buffer_type(packed.size, Space.L2),
        data,
        StringAttr("private"),
        UnitAttr(),
    )
