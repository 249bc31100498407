"""Blocks of channels as blocks of pixels, and back: DepthToSpace, SpaceToDepth, pixel shuffles.

Exporters write them as nodes of their own, or as a Reshape that cuts axes, a Transpose and another
Reshape. A block's channels come one after the other (CRD in ONNX), or all channels of its first
pixel before those of its second (DCR).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from math import prod
from typing import NamedTuple

from dsconv.dialects.graph import DepthToSpaceOp
from dsconv.frontends.arithmetic.values import (
    UNBOUNDED,
    UNLABELLED,
    MovingLayer,
    Value,
    with_view,
)
from dsconv.frontends.core.reader import Reader
from dsconv.frontends.handlers.concats import concatenation
from dsconv.frontends.handlers.gathers import taken
from dsconv.frontends.handlers.moving import Part, moved
from dsconv.frontends.handlers.shuffles import shuffle
from dsconv.frontends.handlers.windows import check_nchw
from dsconv.frontends.onnx_file.onnx_graph import Node
from dsconv.frontends.onnx_file.view import Piece, Shape, View

Block = tuple[int, int]
"""Rows and columns."""
Blocks = Callable[[Node, Part], MovingLayer]
MakeBlocks = Callable[[Node, Part, Block, bool], MovingLayer]


class Known(NamedTuple):
    """A movement, with the pieces that give its block, and the order that it leaves."""

    make: MakeBlocks
    block: list[Piece]
    layout: Shape
    by_pixels: bool
    order: list[Piece]


CHANNELS, ROWS, COLUMNS = 1, 2, 3
"""Stored axes."""
NCHW, NHWC = (0, 1, 2, 3), (0, 2, 3, 1)


def read_depth_to_space(reader: Reader, node: Node) -> Value:
    """Blocks of channels as blocks of pixels; also as Reshape, Transpose, Reshape."""
    mode = node.text("mode", "DCR")
    if mode not in ("CRD", "DCR"):
        raise node.problem(f"has mode '{mode}'; DCR and CRD are supported")
    block = _block_of(node)
    return moved(
        reader, node, [0], lambda parts: depth_to_space(node, parts[0], block, mode == "DCR")
    )


def read_space_to_depth(reader: Reader, node: Node) -> Value:
    """Blocks of pixels as channels; also as Reshape, Transpose, Reshape."""
    block = _block_of(node)
    return moved(reader, node, [0], lambda parts: space_to_depth(node, parts[0], block, True))


def _block_of(node: Node) -> Block:
    size = node.integer("blocksize", 0)
    if size < 1:
        raise node.problem(f"has blocks of size {size}")
    return size, size


def depth_to_space(node: Node, part: Part, block: Block, by_pixels: bool) -> MovingLayer:
    """Channels as blocks of pixels; `by_pixels`: all channels of a pixel of the block together."""
    check_nchw(node, part.view)
    _, channels, height, width = part.view.sizes
    if channels % prod(block):
        raise node.problem(f"{channels} channels are not blocks of {block[0]}x{block[1]}")
    if by_pixels and prod(block) < channels:
        part = shuffle(node, part, prod(block), View.plain(part.view.sizes))
    sizes = (1, channels // prod(block), height * block[0], width * block[1])
    return MovingLayer(
        node,
        View.plain(sizes),
        UNBOUNDED,
        (part,),
        lambda values, result, _, __: DepthToSpaceOp(UNLABELLED, values[0], block, result),
    )


def space_to_depth(node: Node, part: Part, block: Block, by_pixels: bool) -> MovingLayer:
    """Blocks of pixels as channels: every n-th row and column, from each place in a block."""
    check_nchw(node, part.view)
    _, channels, height, width = part.view.sizes
    if height % block[0] or width % block[1]:
        raise node.problem(f"{height}x{width} pixels are not blocks of {block[0]}x{block[1]}")
    whole = range(1), range(channels)
    places = [
        (*whole, range(y, height, block[0]), range(x, width, block[1]))
        for y, x in product(*map(range, block))
    ]
    joined = concatenation(node, [taken(node, part, place) for place in places])
    if by_pixels or channels == 1:
        return joined
    return shuffle(node, joined, prod(block), View.plain(joined.view.sizes))


def blocks_of(view: View, permutation: Sequence[int]) -> Blocks | None:
    """What permuted dimensions do, where they lay out blocks of channels as pixels, or back."""
    pieces = view.pieces_of_dimensions()
    if pieces is None:
        return None
    order = [pieces[index] for index in permutation if view.shape[index] > 1]
    lengths = dict(zip(pieces, view.shape, strict=True))
    shape = tuple(view.shape[index] for index in permutation)
    for make, block, layout, by_pixels, wanted in _known_orders(set(order)):
        if order == wanted:
            sizes = lengths[block[0]], lengths[block[1]]
            return partial(_blocks, make, sizes, by_pixels, layout, shape)
    return None


def _known_orders(pieces: set[Piece]) -> Iterator[Known]:
    """Orders of pieces of axes that one of both movements gives.

    Channels, or the part of them beside a block, are not there where they are 1.
    """
    rows, columns = Piece(ROWS, 0), Piece(COLUMNS, 0)
    cut = [piece for piece in sorted(pieces) if piece.axis == CHANNELS]
    for channels, block, by_pixels in ((cut[:-2], cut[-2:], False), (cut[2:], cut[:2], True)):
        if len(block) == 2 and len(channels) < 2:
            pixels = [rows, block[0], columns, block[1]]
            yield Known(depth_to_space, block, NCHW, by_pixels, [*channels, *pixels])
            yield Known(depth_to_space, block, NHWC, by_pixels, [*pixels, *channels])
    block, pixels = [Piece(ROWS, 1), Piece(COLUMNS, 1)], [rows, columns]
    for made, by_pixels in (([*block, *cut], True), ([*cut, *block], False)):
        yield Known(space_to_depth, block, NCHW, by_pixels, [*made, *pixels])
        yield Known(space_to_depth, block, NHWC, by_pixels, [*pixels, *made])


def _blocks(
    make: MakeBlocks,
    block: Block,
    by_pixels: bool,
    layout: Shape,
    shape: Shape,
    node: Node,
    part: Part,
) -> MovingLayer:
    whole = with_view(part, lambda view: View.plain(view.sizes))
    layer = make(node, whole, block, by_pixels)
    return replace(layer, view=View(layer.view.sizes, layout, shape))
