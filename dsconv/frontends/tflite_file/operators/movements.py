"""Operators that move values: pads, slices, concatenations, changes of shape."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from dsconv.frontends.tflite_file.onnx_writer import CHANNELS_FIRST, OnnxWriter
from dsconv.frontends.tflite_file.operators.fused_activations import fused
from dsconv.frontends.tflite_file.schema import Operator

REFLECT = 0


def write_reshape(writer: OnnxWriter, operator: Operator) -> None:
    """RESHAPE, SQUEEZE and EXPAND_DIMS: the file says what shape its result has."""
    x, y = writer.source(operator), writer.target(operator)
    if np.prod(x.shape) != np.prod(y.shape):
        raise operator.problem(f"reshapes {list(x.shape)} to {list(y.shape)}")
    shape = writer.constant(y.shape)
    writer.recut_result(operator, writer.node(operator, "Reshape", writer.real(operator), shape))


def write_transpose(writer: OnnxWriter, operator: Operator) -> None:
    """TRANSPOSE."""
    perm = writer.integers(operator, 1)
    writer.result(operator, writer.node(operator, "Transpose", writer.real(operator), perm=perm))


def write_pad(writer: OnnxWriter, operator: Operator) -> None:
    """PAD with zeros, PADV2 with a constant."""
    fill = np.zeros((), np.float32)
    if operator.kind == "PADV2":
        tensor = writer.source(operator, 2)
        value, quantised = writer.constant_input(operator, 2).reshape(()), tensor.quantised
        if quantised is None:
            raise operator.problem(f"a value of {tensor.dtype} without a scale")
        fill = quantised.scales[0] * np.float32(int(value) - int(quantised.zero_points[0]))
    _write_pad(writer, operator, writer.constant(np.asarray(fill, np.float32)))


def write_mirror_pad(writer: OnnxWriter, operator: Operator) -> None:
    """MIRROR_PAD: each row, column and channel of the pads is one of the map."""
    mode = "reflect" if operator.integer(0, "b") == REFLECT else "symmetric"
    shape, pads = writer.source(operator).shape, _pads(writer, operator)

    def mirrored(real: str, axis: int, dimension: int) -> str:
        size, (before, after) = shape[dimension], pads[dimension].tolist()
        if max(before, after) > size - (mode == "reflect"):
            raise operator.problem(
                f"pads {pads.tolist()} of {list(shape)} are more than it mirrors"
            )
        places = np.pad(np.arange(size), (before, after), mode=mode).tolist()
        return _taken(writer, operator, real, axis, places, size)

    _write_along_axes(writer, operator, mirrored)


def write_tile(writer: OnnxWriter, operator: Operator) -> None:
    """TILE: each axis repeated."""
    repeats = writer.integers(operator, 1)
    if len(repeats) != len(writer.source(operator).shape) or min(repeats) < 1:
        raise operator.problem(f"{repeats} repetitions")

    def repeated(real: str, axis: int, dimension: int) -> str:
        copies = [real] * repeats[dimension]
        return writer.node(operator, "Concat", *copies, axis=axis) if len(copies) > 1 else real

    _write_along_axes(writer, operator, repeated)


def _write_along_axes(
    writer: OnnxWriter, operator: Operator, make: Callable[[str, int, int], str]
) -> None:
    """Makes something of every axis in turn: `make` takes reals, their axis, and the file's."""
    rank = len(writer.source(operator).shape)
    real = writer.real(operator)
    if rank == 4:
        real = writer.channels_first(operator, real)
    for axis in range(rank):
        real = make(real, axis, CHANNELS_FIRST[axis] if rank == 4 else axis)
    if rank == 4:
        real = writer.channels_last(operator, real)
    writer.result(operator, real)


def _taken(
    writer: OnnxWriter, operator: Operator, real: str, axis: int, places: list[int], size: int
) -> str:
    """Places of an axis one behind the other: runs that rise are one part."""
    if places == list(range(size)):
        return real
    starts = [
        index for index, place in enumerate(places) if index == 0 or place != places[index - 1] + 1
    ]
    parts = [
        real
        if places[start:end] == list(range(size))
        else writer.node(
            operator,
            "Slice",
            real,
            *(writer.constant([number]) for number in (places[start], places[end - 1] + 1, axis)),
        )
        for start, end in pairwise([*starts, len(places)])
    ]
    return writer.node(operator, "Concat", *parts, axis=axis) if len(parts) > 1 else parts[0]


def _pads(writer: OnnxWriter, operator: Operator) -> npt.NDArray[np.int64]:
    """Pads before and behind each dimension."""
    rank = len(writer.source(operator).shape)
    pads = writer.constant_input(operator, 1).astype(np.int64)
    if pads.shape != (rank, 2) or pads.min() < 0:
        raise operator.problem(f"pads {pads.tolist()} for {rank} dimensions")
    return pads


def _write_pad(writer: OnnxWriter, operator: Operator, fill: str) -> None:
    rank, pads = len(writer.source(operator).shape), _pads(writer, operator)
    real = writer.real(operator)
    if rank == 4:
        real, pads = writer.channels_first(operator, real), pads[list(CHANNELS_FIRST)]
    for part in _of_channels_and_of_pixels(pads):
        amounts = writer.constant(np.concatenate(part.T))
        real = writer.node(operator, "Pad", real, amounts, fill, mode="constant")
    if rank == 4:
        real = writer.channels_last(operator, real)
    writer.result(operator, real)


def _of_channels_and_of_pixels(pads: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    """Pads (N, C, ...) in two, where there are such of channels and others."""
    channels, others = np.zeros_like(pads), pads.copy()
    channels[1], others[1] = pads[1], 0
    parts = [part for part in (channels, others) if part.any()]
    return parts or [pads]


def write_concatenation(writer: OnnxWriter, operator: Operator) -> None:
    """CONCATENATION."""
    parts = [writer.real(operator, position) for position in range(len(operator.inputs))]
    joined = writer.node(operator, "Concat", *parts, axis=operator.integer(0))
    writer.result(operator, fused(writer, operator, joined, 1))


def write_pack(writer: OnnxWriter, operator: Operator) -> None:
    """PACK: parts along a new axis."""
    axis = writer.constant([operator.integer(1)])
    parts = [
        writer.node(operator, "Unsqueeze", writer.real(operator, position), axis)
        for position in range(len(operator.inputs))
    ]
    writer.result(operator, writer.node(operator, "Concat", *parts, axis=operator.integer(1)))


def write_split(writer: OnnxWriter, operator: Operator) -> None:
    """SPLIT: equal parts."""
    (axis,) = writer.integers(operator, 0)
    size = writer.source(operator, 1).shape[axis]
    count = len(operator.outputs)
    _write_parts(writer, operator, writer.real(operator, 1), axis, [size // count] * count)


def write_split_v(writer: OnnxWriter, operator: Operator) -> None:
    """SPLIT_V: parts of given sizes, of which one may be what is left."""
    (axis,) = writer.integers(operator, 2)
    sizes = writer.integers(operator, 1)
    if -1 in sizes:
        rest = writer.source(operator).shape[axis] - sum(sizes) - 1
        sizes = [rest if size == -1 else size for size in sizes]
    _write_parts(writer, operator, writer.real(operator), axis, sizes)


def write_unpack(writer: OnnxWriter, operator: Operator) -> None:
    """UNPACK: parts of one place along an axis that goes."""
    axis, count = operator.integer(1), len(operator.outputs)
    sizes = writer.constant([1] * count)
    parts = writer.nodes(operator, "Split", writer.real(operator), sizes, outputs=count, axis=axis)
    for position, part in enumerate(parts):
        shape = writer.constant(writer.target(operator, position).shape)
        writer.result(operator, writer.node(operator, "Reshape", part, shape), position)


def _write_parts(
    writer: OnnxWriter, operator: Operator, real: str, axis: int, sizes: list[int]
) -> None:
    if len(sizes) != len(operator.outputs):
        raise operator.problem(f"{len(sizes)} sizes for {len(operator.outputs)} outputs")
    is_image = len(writer.target(operator).shape) == 4
    if is_image:
        real, axis = writer.channels_first(operator, real), CHANNELS_FIRST.index(axis % 4)
    parts = writer.nodes(
        operator, "Split", real, writer.constant(sizes), outputs=len(sizes), axis=axis
    )
    for position, part in enumerate(parts):
        result = writer.channels_last(operator, part) if is_image else part
        writer.result(operator, result, position)


def write_slice(writer: OnnxWriter, operator: Operator) -> None:
    """SLICE: begins and sizes, of which -1 is all that is left."""
    shape = writer.source(operator).shape
    begins, sizes = writer.integers(operator, 1), writer.integers(operator, 2)
    ends = [
        whole if size == -1 else begin + size
        for begin, size, whole in zip(begins, sizes, shape, strict=True)
    ]
    _write_slice(writer, operator, begins, ends, [1] * len(shape))


def write_strided_slice(writer: OnnxWriter, operator: Operator) -> None:
    """STRIDED_SLICE, whose masks leave out begins and ends, and drop axes of one place."""
    shape = writer.source(operator).shape
    begins, ends, strides = (writer.integers(operator, position) for position in (1, 2, 3))
    begin_mask, end_mask, ellipsis, new_axes, shrunk = (
        operator.integer(field) for field in range(5)
    )
    if ellipsis or new_axes:
        raise operator.problem("an ellipsis or a new axis", "plain slices are supported")
    if not len(begins) == len(ends) == len(strides) <= len(shape) or 0 in strides:
        raise operator.problem(f"begins {begins}, ends {ends}, strides {strides}")
    for axis, stride in enumerate(strides):
        if shrunk >> axis & 1:
            ends[axis] = begins[axis] + 1 or shape[axis]
        else:
            whole = slice(
                None if begin_mask >> axis & 1 else begins[axis],
                None if end_mask >> axis & 1 else ends[axis],
                stride,
            )
            begins[axis], ends[axis], _ = whole.indices(shape[axis])
            if stride < 0 and ends[axis] < 0:
                ends[axis] = -shape[axis] - 1
    _write_slice(writer, operator, begins, ends, strides)


def _write_slice(
    writer: OnnxWriter, operator: Operator, begins: list[int], ends: list[int], strides: list[int]
) -> None:
    x, y = writer.source(operator), writer.target(operator)
    real, axes = writer.real(operator), list(range(len(begins)))
    if len(x.shape) == 4:
        real = writer.channels_first(operator, real)
        axes = [CHANNELS_FIRST.index(axis) for axis in axes]
    operands = (writer.constant(numbers) for numbers in (begins, ends, axes, strides))
    part = writer.node(operator, "Slice", real, *operands)
    if len(x.shape) == 4:
        part = writer.channels_last(operator, part)
    if len(y.shape) != len(x.shape):
        part = writer.node(operator, "Reshape", part, writer.constant(y.shape))
    writer.result(operator, part)


def write_gather(writer: OnnxWriter, operator: Operator) -> None:
    """GATHER of constant places along one axis."""
    if operator.integer(1):
        raise operator.problem("batch dimensions", "gathers without them are supported")
    places = writer.constant(writer.constant_input(operator, 1).astype(np.int64))
    axis = operator.integer(0)
    writer.result(
        operator, writer.node(operator, "Gather", writer.real(operator), places, axis=axis)
    )


def _write_blocks(op_type: str, writer: OnnxWriter, operator: Operator) -> None:
    real = writer.channels_first(operator, writer.real(operator))
    moved = writer.node(operator, op_type, real, blocksize=operator.integer(0))
    writer.result(operator, writer.channels_last(operator, moved))


def _write_resize(
    mode: str, fields: tuple[int, int], writer: OnnxWriter, operator: Operator
) -> None:
    """The file says what shape the result has; positions by align_corners or half_pixel_centers."""
    _, height, width, _ = writer.target(operator).shape
    batch, _, _, channels = writer.source(operator).shape
    align, half = (operator.flag(field) for field in fields)
    positions = "align_corners" if align else "half_pixel" if half else "asymmetric"
    rounding = {"nearest_mode": "round_prefer_ceil" if align or half else "floor"}
    resized = writer.node(
        operator,
        "Resize",
        writer.channels_first(operator, writer.real(operator)),
        "",
        "",
        writer.constant([batch, channels, height, width]),
        mode=mode,
        coordinate_transformation_mode=positions,
        **(rounding if mode == "nearest" else {}),
    )
    writer.result(operator, writer.channels_last(operator, resized))


write_depth_to_space = partial(_write_blocks, "DepthToSpace")
write_space_to_depth = partial(_write_blocks, "SpaceToDepth")
write_resize_nearest = partial(_write_resize, "nearest", (0, 1))
write_resize_bilinear = partial(_write_resize, "linear", (2, 3))
