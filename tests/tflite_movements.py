"""Random .tflite files of one operator that moves values, cuts them or repeats them."""

from __future__ import annotations

import numpy as np
from tflite_sample import Sample, options_of


def write_pad(sample: Sample, kind: str) -> int:
    pads = np.zeros((4, 2), np.int32)
    pads[1:3] = sample.rng.integers(0, 3, (2, 2))
    pads[3] = sample.one_of(0, 1) * sample.rng.integers(0, 3, 2)
    y = sample.moved(*(int(size) for size in sample.shape + pads.sum(axis=1)))
    parts = [sample.x, sample.writer.constant(pads)]
    if kind == "PADV2":
        limits = np.iinfo(sample.dtype)
        value = sample.rng.integers(limits.min, limits.max + 1, 1).astype(sample.dtype)
        parts.append(sample.writer.constant(value, [sample.scale], 0, [sample.zero_point]))
    sample.writer.operator(kind, parts, [y], "PadV2Options" if kind == "PADV2" else "PadOptions")
    return y


def write_concatenation(sample: Sample, kind: str) -> int:
    axis, more = sample.one_of(1, 2, 3), sample.one_of(1, 2, 3, 4, 5)
    other, whole = list(sample.shape), list(sample.shape)
    other[axis], whole[axis] = more, whole[axis] + more
    second = sample.another_input(*other, same_scale=True)
    y = sample.moved(*whole)
    named = axis - 4 * sample.one_of(0, 1)
    sample.writer.operator(kind, [sample.x, second], [y], "ConcatenationOptions", axis=named)
    return y


def write_strided_slice(sample: Sample, kind: str) -> int:
    begins = [int(sample.rng.integers(size)) for size in sample.shape]
    ends = [
        int(sample.rng.integers(begin + 1, size + 1))
        for begin, size in zip(begins, sample.shape, strict=True)
    ]
    strides = [1, sample.one_of(1, 2), sample.one_of(1, 2), 1]
    sizes = (-(-(e - b) // s) for b, e, s in zip(begins, ends, strides, strict=True))
    y = sample.moved(*sizes)
    lists = [sample.numbers(*values) for values in (begins, ends, strides)]
    masks = dict.fromkeys(
        ("beginMask", "endMask", "ellipsisMask", "newAxisMask", "shrinkAxisMask"), 0
    )
    sample.writer.operator(kind, [sample.x, *lists], [y], "StridedSliceOptions", **masks)
    return y


def write_split(sample: Sample, kind: str) -> int:
    """Two halves of the channels, and their sum."""
    writer, (one, height, width, channels) = sample.writer, sample.shape
    writer.tensors[sample.x].shape = [one, height, width, 2 * channels]
    halves = [sample.moved(*sample.shape) for _ in range(2)]
    axis = writer.constant(np.array(3, np.int32))
    writer.operator(kind, [axis, sample.x], halves, "SplitOptions", numSplits=2)
    y = sample.output(*sample.shape)
    writer.operator("ADD", halves, [y], "AddOptions")
    return y


def write_repetition(sample: Sample, kind: str) -> int:
    factor = sample.one_of(1, 2, 3)
    one, height, width, channels = sample.shape
    size = (height * factor, width * factor)
    y = sample.moved(one, *size, channels)
    sample.writer.operator(
        kind,
        [sample.x, sample.numbers(*size)],
        [y],
        "ResizeNearestNeighborOptions",
        halfPixelCenters=bool(sample.one_of(0, 1)),
    )
    return y


def write_resize(sample: Sample, kind: str) -> int:
    """Any number of rows and columns, nearest or between neighbours."""
    one, _, _, channels = sample.shape
    size = [sample.one_of(*range(1, 15)) for _ in range(2)]
    y = sample.moved(one, *size, channels)
    mode = sample.one_of(0, 1, 2)
    sample.writer.operator(
        kind,
        [sample.x, sample.numbers(*size)],
        [y],
        options_of(kind),
        alignCorners=mode == 1,
        halfPixelCenters=mode == 2,
    )
    return y


def write_tile(sample: Sample, kind: str) -> int:
    repeats = [1, sample.one_of(2, 3), sample.one_of(1, 2, 3), sample.one_of(1, 2, 3)]
    y = sample.moved(*(size * times for size, times in zip(sample.shape, repeats, strict=True)))
    sample.writer.operator(kind, [sample.x, sample.numbers(*repeats)], [y], "TileOptions")
    return y


def write_mirror_pad(sample: Sample, kind: str) -> int:
    mode = sample.one_of(0, 1)
    pads = np.zeros((4, 2), np.int32)
    for axis in (1, 2, 3):
        most = min(3, sample.shape[axis] - (1 - mode))
        pads[axis] = sample.rng.integers(0, most + 1, 2)
    if not pads.any():
        mode, pads[3, 1] = 1, 1
    y = sample.moved(*(int(size) for size in sample.shape + pads.sum(axis=1)))
    sample.writer.operator(
        kind, [sample.x, sample.writer.constant(pads)], [y], "MirrorPadOptions", mode=mode
    )
    return y


def write_blocks(sample: Sample, kind: str) -> int:
    """DEPTH_TO_SPACE, SPACE_TO_DEPTH."""
    block = sample.one_of(1, 2, 3)
    one, height, width, channels = sample.shape
    fine = (one, height * block, width * block, channels)
    coarse = (one, height, width, channels * block**2)
    given, made = (fine, coarse) if kind == "SPACE_TO_DEPTH" else (coarse, fine)
    sample.writer.tensors[sample.x].shape = list(given)
    y = sample.moved(*made)
    sample.writer.operator(kind, [sample.x], [y], options_of(kind), blockSize=block)
    return y


def write_slice(sample: Sample, kind: str) -> int:
    begins = [int(sample.rng.integers(size)) for size in sample.shape]
    sizes = [
        int(sample.rng.integers(1, size - begin + 1))
        for begin, size in zip(begins, sample.shape, strict=True)
    ]
    y = sample.moved(*sizes)
    sample.writer.operator(kind, [sample.x, sample.numbers(*begins), sample.numbers(*sizes)], [y])
    return y


def write_parts(sample: Sample, kind: str) -> list[int]:
    """SPLIT_V: parts of any sizes along one axis; one size may be left out."""
    axis = sample.one_of(1, 2, 3)
    sizes = [sample.one_of(1, 2, 3, 4) for _ in range(sample.one_of(1, 2, 3))]
    whole = list(sample.shape)
    whole[axis] = sum(sizes)
    sample.writer.tensors[sample.x].shape = whole
    parts = [sample.moved(*whole[:axis], size, *whole[axis + 1 :]) for size in sizes]
    if sample.one_of(0, 1):
        sizes[sample.one_of(*range(len(sizes)))] = -1
    named = sample.writer.constant(np.array(axis - 4 * sample.one_of(0, 1), np.int32))
    operands = [sample.x, sample.numbers(*sizes), named]
    sample.writer.operator(kind, operands, parts, options_of(kind), numSplits=len(sizes))
    return parts


def write_unpack(sample: Sample, kind: str) -> list[int]:
    """UNPACK: what lies at each place of an axis."""
    axis = sample.one_of(1, 2, 3)
    rest = [size for place, size in enumerate(sample.shape) if place != axis]
    count = sample.shape[axis]
    parts = [sample.moved(*rest) for _ in range(count)]
    named = axis - 4 * sample.one_of(0, 1)
    sample.writer.operator(kind, [sample.x], parts, options_of(kind), num=count, axis=named)
    return parts


def write_pack(sample: Sample, kind: str) -> int:
    """PACK: maps of three dimensions along a new axis."""
    _, height, _, channels = sample.shape
    part, axis = [1, height, channels], sample.one_of(1, 2, 3)
    sample.writer.tensors[sample.x].shape = part
    count = sample.one_of(1, 2, 3)
    others = [sample.another_input(*part, same_scale=True) for _ in range(count - 1)]
    y = sample.moved(*part[:axis], count, *part[axis:])
    named = axis - 4 * sample.one_of(0, 1)
    sample.writer.operator(
        kind, [sample.x, *others], [y], options_of(kind), valuesCount=count, axis=named
    )
    return y


def write_gather(sample: Sample, kind: str) -> int:
    """GATHER: places of one axis in any order."""
    axis, shape = sample.one_of(1, 2, 3), list(sample.shape)
    shape[axis] = sample.one_of(1, 2, 3, 4, 5)
    places = sample.rng.integers(0, sample.shape[axis], shape[axis])
    y = sample.moved(*shape)
    named = axis - 4 * sample.one_of(0, 1)
    operands = [sample.x, sample.numbers(*(int(place) for place in places))]
    sample.writer.operator(kind, operands, [y], options_of(kind), axis=named, batchDims=0)
    return y


def write_new_axis(sample: Sample, kind: str) -> int:
    """EXPAND_DIMS: a dimension of one place."""
    _, height, _, channels = sample.shape
    part, axis = [1, height, channels], sample.one_of(1, 2, 3)
    sample.writer.tensors[sample.x].shape = part
    y = sample.moved(*part[:axis], 1, *part[axis:])
    named = sample.writer.constant(np.array(axis - 4 * sample.one_of(0, 1), np.int32))
    sample.writer.operator(kind, [sample.x, named], [y], options_of(kind))
    return sample.requantised(y)


def write_squeeze(sample: Sample, kind: str) -> int:
    """SQUEEZE: rows or columns of which there is one, or both."""
    gone = [[1], [2], [1, 2]][sample.one_of(0, 1, 2)]
    shape = [1 if axis in gone else size for axis, size in enumerate(sample.shape)]
    sample.writer.tensors[sample.x].shape = shape
    y = sample.moved(*(size for axis, size in enumerate(shape) if axis not in gone))
    sample.writer.operator(kind, [sample.x], [y], options_of(kind), squeezeDims=gone)
    return sample.requantised(y)


def write_reshape(sample: Sample, kind: str) -> int:
    """RESHAPE: one row, one map of pixels, or other rows and columns."""
    one, height, width, channels = sample.shape
    shape = [
        (one, height * width * channels),
        (one, height * width, channels),
        (one, width, height, channels),
        (one, 1, 1, height * width * channels),
    ][sample.one_of(0, 1, 2, 3)]
    y = sample.moved(*shape)
    operands = [sample.x, sample.numbers(*shape)]
    sample.writer.operator(kind, operands, [y], options_of(kind), newShape=list(shape))
    return sample.requantised(y)


def write_transpose(sample: Sample, kind: str) -> int:
    """TRANSPOSE that moves no byte: of three dimensions two have one place at most."""
    kept = sample.one_of(1, 2, 3)
    shape = [size if axis in (0, kept) else 1 for axis, size in enumerate(sample.shape)]
    sample.writer.tensors[sample.x].shape = shape
    order = [0, *(int(axis) for axis in sample.rng.permutation([1, 2, 3]))]
    y = sample.moved(*(shape[axis] for axis in order))
    operands = [sample.x, sample.numbers(*order)]
    sample.writer.operator(kind, operands, [y], options_of(kind))
    return sample.requantised(y)
