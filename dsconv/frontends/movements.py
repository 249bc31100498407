"""Handlers of operations that move values and change none: Concat, Pad, Resize, Slice, Split."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from xdsl.ir import SSAValue

from dsconv.dialects.attributes import WindowAttr
from dsconv.dialects.graph import (
    ConcatOp,
    IntTensorType,
    LayerOperation,
    PadOp,
    ResizeOp,
    ShuffleOp,
    SliceOp,
)
from dsconv.frontends import common
from dsconv.frontends.onnx_graph import Array, Node
from dsconv.frontends.reader import Handler, Reader
from dsconv.frontends.rearrange import permutation
from dsconv.frontends.scales import Quantisation
from dsconv.frontends.values import (
    UNBOUNDED,
    AnyLayer,
    Constant,
    Dequantised,
    Integers,
    Layer,
    MovingLayer,
    ScaledConstant,
    Value,
)
from dsconv.frontends.view import Shape, View, padded_to_rank_4
from dsconv.frontends.windows import check_nchw, windowed_view

Part = Dequantised | AnyLayer
UNLABELLED = ""


def read_concat(reader: Reader, node: Node) -> Value:
    """Activations along channels, rows or columns, or constant lists, as exporters make a shape."""
    values = [reader.value(node, index) for index in range(len(node.inputs))]
    if all(isinstance(value, Constant) for value in values):
        return common.read_concat(reader, node)
    return _moved(reader, node, range(len(values)), lambda parts: concatenation(node, parts))


def concatenation(node: Node, parts: Sequence[Part]) -> MovingLayer:
    """Channels, rows or columns of activations, one after the other."""
    first = parts[0].view
    for part in parts:
        check_nchw(node, part.view)
    rank = len(first.shape)
    axis = node.integer("axis", 1) % max(rank, 1)
    rest = {(*part.view.shape[:axis], *part.view.shape[axis + 1 :]) for part in parts}
    if axis == 0 or len(rest) > 1 or any(len(part.view.shape) != rank for part in parts):
        shapes = ", ".join(str(list(part.view.shape)) for part in parts)
        raise node.problem(
            f"puts {shapes} together along axis {axis}",
            "channels, rows or columns of activations that are alike otherwise are supported",
        )
    sizes = list(first.sizes)
    sizes[axis] = sum(part.view.sizes[axis] for part in parts)
    return MovingLayer(
        node,
        View.plain(tuple(sizes), tuple(sizes[:rank])),
        UNBOUNDED,
        tuple(parts),
        lambda values, result, _: ConcatOp(UNLABELLED, values, result, axis),
    )


def read_pad(reader: Reader, node: Node) -> Value:
    """Rows and columns of one value around an activation; padding of a Conv where that is 0."""
    if node.text("mode", "constant") != "constant":
        raise node.problem(f"pads by mode '{node.text('mode', '')}'; constant is supported")
    value = reader.value(node)
    integers = value if isinstance(value, Integers) else None
    real = _pad_value(reader, node, integers)
    return _moved(reader, node, [0], lambda parts: _padded(reader, node, parts[0], real))


def _pad_value(reader: Reader, node: Node, integers: Integers | None) -> float:
    """The value in reals."""
    if not node.has_input(2):
        value = node.real("value", 0.0)
    else:
        constant = reader.value(node, 2)
        if not isinstance(constant, Constant | ScaledConstant):
            raise node.problem("its value is not constant")
        array = constant.real if isinstance(constant, ScaledConstant) else constant.array
        if array.size != 1 or not np.isfinite(array).all():
            raise node.problem("its value is not one finite number")
        value = float(array.reshape(-1)[0])
    meaning = None if integers is None else integers.quantisation
    return value if meaning is None else (value - meaning.zero_point) * meaning.scale


def _padded(reader: Reader, node: Node, part: Part, real: float) -> MovingLayer:
    check_nchw(node, part.view)
    rank = len(part.view.shape)
    listed = reader.array(node, 1).reshape(-1).tolist() if node.has_input(1) else None
    pads = listed or list(node.integers("pads") or ())
    axes = reader.array(node, 3).reshape(-1).tolist() if node.has_input(3) else range(rank)
    if len(pads) != 2 * len(axes) or not all(-rank <= axis < rank for axis in axes):
        raise node.problem(f"pads {pads} for {len(axes)} axes of {rank}")
    around = [[0] * 4, [0] * 4]
    for index, axis in enumerate(axes):
        for side in range(2):
            around[side][axis % rank] = pads[index + side * len(axes)]
    begins, ends = around
    if any(begins[:2] + ends[:2]) or min(begins + ends) < 0:
        raise node.problem(f"pads {pads}; whole rows and columns can be added")
    window = WindowAttr.of((1, 1), pads=(*begins[2:], *ends[2:]))

    def make(
        values: Sequence[SSAValue], result: IntTensorType, output: Quantisation
    ) -> LayerOperation:
        value = int(output.quantised(np.array(real, np.float32)))
        return PadOp(UNLABELLED, values[0], window.pads, value, result)

    view = windowed_view(part.view, part.view.sizes[1], window)
    return MovingLayer(node, view, UNBOUNDED, (part,), make)


def read_resize(reader: Reader, node: Node) -> Value:
    """Rows and columns repeated a whole number of times (mode nearest)."""
    return _moved(reader, node, [0], lambda parts: _resized(reader, node, parts[0]))


def _resized(reader: Reader, node: Node, part: Part) -> MovingLayer:
    check_nchw(node, part.view)
    if node.text("mode", "nearest") != "nearest":
        raise node.problem(f"resizes by mode '{node.text('mode', '')}'; nearest is supported")
    shape = part.view.shape
    sizes = _resized_shape(reader, node, shape)
    for size, target in zip(shape, sizes, strict=True):
        repeats = target % size == 0 and _source_indices(node, size, target) == [
            index * size // target for index in range(target)
        ]
        if not repeats or sizes[:2] != shape[:2]:
            raise node.problem(
                f"resizes {list(shape)} to {list(sizes)} in a way that is no repetition",
                "rows and columns a whole number of times as many are supported",
            )
    view = View.plain((*sizes, 1) if len(sizes) == 3 else sizes, sizes)
    return MovingLayer(
        node,
        view,
        UNBOUNDED,
        (part,),
        lambda values, result, _: ResizeOp(UNLABELLED, values[0], result),
    )


def _resized_shape(reader: Reader, node: Node, shape: Shape) -> Shape:
    """The result's shape, from `sizes` or `scales` of all dimensions, or of `axes`."""
    rank = len(shape)
    axes = node.integers("axes") or tuple(range(rank))
    upsample = node.op_type == "Upsample"
    index = 3 if node.has_input(3) else 1 if upsample else 2
    given = reader.array(node, index).reshape(-1)
    if len(given) != len(axes) or not all(-rank <= axis < rank for axis in axes):
        raise node.problem(f"{len(given)} sizes or scales for {len(axes)} axes of {rank}")
    sizes = list(shape)
    for axis, value in zip(axes, given.tolist(), strict=True):
        size = shape[axis % rank]
        sizes[axis % rank] = int(value) if node.has_input(3) else int(np.floor(size * value))
    if min(sizes) < 1:
        raise node.problem(f"resizes {list(shape)} to {sizes}")
    return tuple(sizes)


def _source_indices(node: Node, size: int, target: int) -> list[int]:
    """The index that each index of the result reads, as the node's modes say."""
    index, scale = np.arange(target), target / size
    upsample = node.op_type == "Upsample"
    half_pixel = (index + 0.5) / scale - 0.5
    places = {
        "half_pixel": half_pixel,
        "half_pixel_symmetric": half_pixel,
        "pytorch_half_pixel": half_pixel if target > 1 else index * 0.0,
        "asymmetric": index / scale,
        "align_corners": index * (size - 1) / max(target - 1, 1),
    }
    rounded: dict[str, Callable[[Array], Array]] = {
        "round_prefer_floor": lambda place: np.ceil(place - 0.5),
        "round_prefer_ceil": lambda place: np.floor(place + 0.5),
        "floor": np.floor,
        "ceil": np.ceil,
    }
    transformation = node.text(
        "coordinate_transformation_mode", "asymmetric" if upsample else "half_pixel"
    )
    rounding = node.text("nearest_mode", "floor" if upsample else "round_prefer_floor")
    if transformation not in places or rounding not in rounded:
        raise node.problem(f"coordinates by '{transformation}', rounded by '{rounding}'")
    indices = rounded[rounding](places[transformation]).clip(0, size - 1)
    return indices.astype(int).tolist()


def read_slice(reader: Reader, node: Node) -> Value:
    """A part of an activation's channels, rows and columns, or every n-th, or of a constant."""
    value = reader.value(node)
    if isinstance(value, Constant):
        return Constant(value.array[_ranges(reader, node, value.array.shape)])
    return _moved(reader, node, [0], lambda parts: _sliced(reader, node, parts[0]))


def _ranges(reader: Reader, node: Node, shape: Shape) -> tuple[slice, ...]:
    """What a Slice takes of every dimension; inputs or, before opset 10, attributes."""
    rank = len(shape)

    def integers(index: int, name: str) -> list[int] | None:
        if node.has_input(index):
            return reader.array(node, index).reshape(-1).tolist()
        values = node.integers(name)
        return None if values is None else list(values)

    starts, ends = integers(1, "starts") or [], integers(2, "ends") or []
    axes = integers(3, "axes") or list(range(len(starts)))
    steps = integers(4, "steps") or [1] * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps) or not all(
        -rank <= axis < rank for axis in axes
    ):
        raise node.problem(f"starts {starts}, ends {ends} and axes {axes} for {rank} dimensions")
    ranges = [slice(0, size, 1) for size in shape]
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        if step < 1:
            raise node.problem(
                f"takes values backwards, with a step of {step}", "steps forward are supported"
            )
        ranges[axis % rank] = slice(*slice(start, end, step).indices(shape[axis % rank]))
    return tuple(ranges)


def _sliced(reader: Reader, node: Node, part: Part) -> MovingLayer:
    check_nchw(node, part.view)
    ranges = list(_ranges(reader, node, part.view.shape))
    if len(ranges) > 1 and ranges[1].step > 1 and len(range(*_bounds(ranges[1]))) > 1:
        part, ranges[1] = _channels_in_turns(reader, node, part, ranges[1])
    return taken(node, part, ranges)


def _bounds(taken: slice) -> tuple[int, int, int]:
    return taken.start, taken.stop, taken.step


def _channels_in_turns(
    reader: Reader, node: Node, part: Part, taken: slice
) -> tuple[MovingLayer, slice]:
    """An activation whose channels are in such an order that those taken follow each other."""
    channels, step = part.view.shape[1], taken.step
    if channels % step:
        raise node.problem(
            f"takes every {step}th of {channels} channels",
            "every n-th is supported where n divides the number of channels",
        )
    groups = channels // step
    first = taken.start % step * groups + taken.start // step
    view = View.plain(part.view.sizes, part.view.shape)
    return shuffle(node, part, groups, view), slice(first, first + len(range(*_bounds(taken))), 1)


def read_transpose(reader: Reader, node: Node) -> Value:
    """New dimensions where no byte moves, or channels shuffled: groups of them in turns."""
    value = reader.value(node)
    if not isinstance(value, Integers | Dequantised | Layer):
        return common.read_rearrangement(reader, node)
    view = value.view
    shuffled = view.shuffled(permutation(node, len(view.shape)))
    if shuffled is None or view.axes_of_dimensions() is not None:
        return common.read_rearrangement(reader, node)
    return _moved(reader, node, [0], lambda parts: shuffle(node, parts[0], *shuffled))


def shuffle(node: Node, part: Part, groups: int, view: View) -> MovingLayer:
    """Channels of groups taken in turns."""

    def make(values: Sequence[SSAValue], result: IntTensorType, _: Quantisation) -> LayerOperation:
        return ShuffleOp(UNLABELLED, values[0], groups, result)

    return MovingLayer(node, view, UNBOUNDED, (part,), make)


def read_split(reader: Reader, node: Node) -> Value:
    """Parts of an activation's channels, rows or columns, one behind the other."""
    return _moved(reader, node, [0], lambda parts: _split(reader, node, parts[0]))


def _split(reader: Reader, node: Node, part: Part) -> MovingLayer:
    shape = part.view.shape
    axis = node.integer("axis", 0)
    if not -len(shape) <= axis < len(shape):
        raise node.problem(f"axis {axis} for {len(shape)} dimensions")
    size, number = shape[axis % len(shape)], node.integer("part", 0)
    ends = np.cumsum([0, *_split_sizes(reader, node, size)]).tolist()
    if ends[-1] != size:
        raise node.problem(f"splits {size} into {np.diff(ends).tolist()}")
    ranges = [slice(0, whole, 1) for whole in shape]
    ranges[axis % len(shape)] = slice(ends[number], ends[number + 1], 1)
    return taken(node, part, ranges)


def _split_sizes(reader: Reader, node: Node, size: int) -> list[int]:
    """Sizes of all parts: an input, before opset 13 an attribute, or as equal as they can be."""
    parts = node.integer("parts", 1)
    if node.has_input(1):
        sizes = [int(part) for part in reader.array(node, 1).reshape(-1)]
    else:
        whole = -(-size // parts)
        equal = [min(whole, size - start) for start in range(0, size, whole)]
        sizes = list(node.integers("split") or equal)
    if len(sizes) != parts or min(sizes) < 1:
        raise node.problem(f"splits {size} into {sizes} for {parts} outputs")
    return sizes


def taken(node: Node, part: Part, ranges: Sequence[slice]) -> MovingLayer:
    """Ranges of the dimensions of an activation."""
    check_nchw(node, part.view)
    starts = [taken.start for taken in ranges]
    sizes = [len(range(*_bounds(taken))) for taken in ranges]
    if min(sizes) < 1 or sizes[0] != 1:
        raise node.problem(f"takes {sizes} of {list(part.view.shape)}")
    first = [*starts[1:], *[0] * (4 - len(starts))]
    strides = [*(taken.step for taken in ranges[2:]), *[1] * (4 - len(ranges))]
    stored = padded_to_rank_4(tuple(sizes))
    return MovingLayer(
        node,
        View.plain(stored, tuple(sizes)),
        UNBOUNDED,
        (part,),
        lambda values, result, _: SliceOp(UNLABELLED, values[0], first, result, strides),
    )


def _moved(
    reader: Reader,
    node: Node,
    indices: Sequence[int],
    make: Callable[[Sequence[Part]], MovingLayer],
) -> Value:
    """A layer of reals; of integers, the integers that it gives."""
    values = [reader.value(node, index) for index in indices]
    if not any(isinstance(value, Integers) for value in values):
        return make(
            [
                value if isinstance(value, Layer) else reader.dequantised(node, index)
                for index, value in zip(indices, values, strict=True)
            ]
        )
    integers = [reader.integers(node, index) for index in indices]
    meanings = {value.quantisation for value in integers}
    if len(meanings) > 1 or len({value.dtype for value in integers}) > 1:
        raise node.problem("takes integers of several scales", "dequantise them first")
    quantisation = integers[0].quantisation
    meaning = quantisation or Quantisation(1.0, 0, integers[0].dtype)
    layer = make([Dequantised(value, meaning) for value in integers])
    result = reader.builder.add_layer(layer, meaning, node.outputs[0])
    return replace(result, quantisation=quantisation)


MOVEMENT_HANDLERS: dict[str, Handler] = {
    "Concat": read_concat,
    "Pad": read_pad,
    "Resize": read_resize,
    "Slice": read_slice,
    "Split": read_split,
    "Transpose": read_transpose,
    "Upsample": read_resize,
}
