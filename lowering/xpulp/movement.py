"""What only moves values: parts, concats, shuffled channels, repeated and shuffled pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dsconv.dialects.target import Cluster
from dsconv.dialects.tiled import KernelOp
from dsconv.lowering.xpulp.assembly import Assembly
from dsconv.lowering.xpulp.nests import (
    NestWriter,
    Operation,
    Plan,
    body,
    dimensions,
    fastest,
    plans,
    splits_of,
)
from dsconv.lowering.xpulp.tiles import L1Tile


class Move(Operation):
    """Values as they are."""

    moves = True


def moving(tile: L1Tile, cores: int) -> Callable[[Assembly, Plan], None]:
    """What writes a kernel that moves values of a tile."""

    def write(asm: Assembly, plan: Plan) -> None:
        core, x, y = asm.arguments(3)
        NestWriter(asm, Move(asm), [tile], plan, cores).write(core, [x, y])

    return write


def moved(kernel: KernelOp, candidates: Iterable[Plan], cluster: Cluster) -> str | None:
    """The body of a kernel that moves values of its only input."""
    return body(moving(L1Tile.of(kernel.inputs[0]), cluster.cores), candidates, cluster)


def part(kernel: KernelOp, cluster: Cluster) -> str | None:
    """The body of a kernel whose windows are one pixel, all of them in the tile."""
    tile, output = L1Tile.of(kernel.inputs[0]), L1Tile.output_of(kernel)
    sy, sx = kernel.window.strides
    steps = tile.channel_stride, sy * tile.row_stride, sx * tile.pixel_stride
    return moved(kernel, plans(dimensions(output.shape, (steps, output.strides))), cluster)


def concat(kernel: KernelOp, cluster: Cluster) -> str | None:
    """The body of a concat, one input after the other."""
    inputs, output = [L1Tile.of(type_) for type_ in kernel.inputs], L1Tile.output_of(kernel)
    asm = Assembly()
    core, *_ = asm.arguments(len(inputs) + 2)
    axis, first = kernel.axis.value.data - 1, 0
    with asm.argument(len(inputs) + 1) as y:
        for number, tile in enumerate(inputs, start=1):
            values = dimensions(tile.shape, (tile.strides, output.strides))
            plan = fastest(moving(tile, cluster.cores), plans(values), cluster)
            assert plan is not None, "bytes are moved with few registers"
            with asm.argument(number) as x, asm.registers(1) as (target,):
                asm.add_constant(target, y, first * output.strides[axis])
                NestWriter(asm, Move(asm), [tile], plan, cluster.cores).write(core, [x, target])
            first += tile.shape[axis]
    return asm.text()


def shuffle(kernel: KernelOp, cluster: Cluster) -> str | None:
    """The body of a shuffle: channels of every group in turns."""
    tile, output = L1Tile.of(kernel.inputs[0]), L1Tile.output_of(kernel)
    groups = kernel.shuffled_groups.value.data
    each = tile.channels // groups
    x, y = tile.channel_stride, output.channel_stride
    values = dimensions(
        (groups, each, tile.height, tile.width),
        ((each * x, x, *tile.strides[1:]), (y, groups * y, *output.strides[1:])),
    )
    return moved(kernel, plans(values), cluster)


def resize(kernel: KernelOp, cluster: Cluster) -> str | None:
    """The body of a resize; None where a tile begins in a repetition."""
    channel, _, _ = L1Tile.of(kernel.inputs[0]).strides
    return enlarged(kernel, channel, (0, 0), cluster)


def depth_to_space(kernel: KernelOp, cluster: Cluster) -> str | None:
    """The body of a pixel shuffle; None where a tile begins in a block."""
    channel, _, _ = L1Tile.of(kernel.inputs[0]).strides
    by, bx = kernel.factors.get_values()
    return enlarged(kernel, by * bx * channel, (bx * channel, channel), cluster)


def enlarged(
    kernel: KernelOp, channel: int, within: tuple[int, int], cluster: Cluster
) -> str | None:
    """The body of a kernel that makes a block of every pixel, in the order of its output.

    `channel` is the distance in its input from an output channel to the next, `within` that from
    row to row, and column to column, of a block.
    """
    tile, output = L1Tile.of(kernel.inputs[0]), L1Tile.output_of(kernel)
    fy, fx = kernel.factors.get_values()
    is_whole = output.shape[1:] == (fy * tile.height, fx * tile.width)
    if kernel.starts != ((0,), (0,)) or not is_whole:
        return None
    to_channel, to_row, to_column = output.strides
    values = dimensions(
        (output.channels, tile.height, fy, tile.width, fx),
        (
            (channel, tile.row_stride, within[0], tile.pixel_stride, within[1]),
            (to_channel, fy * to_row, to_row, fx * to_column, to_column),
        ),
    )
    nest = sorted(values, key=lambda dimension: dimension.strides[-1], reverse=True)
    return moved(kernel, splits_of(nest), cluster)
