"""Random .tflite files of one operator, by kinds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from tflite_models import TfliteModelWriter

Array = npt.NDArray[np.integer]

SAME = 0
BINARY_OPTIONS = {"ADD": "AddOptions", "SUB": "SubOptions", "MUL": "MulOptions"}
FUNCTION_OPTIONS = {"HARD_SWISH": "HardSwishOptions", "QUANTIZE": "QuantizeOptions"}


@dataclass
class Sample:
    """One operator being written, on an image NHWC of random size."""

    rng: np.random.Generator
    dtype: str
    writer: TfliteModelWriter
    shape: tuple[int, int, int, int]
    scale: float
    zero_point: int
    x: int

    @staticmethod
    def start(rng: np.random.Generator, dtype: str) -> Sample:
        writer = TfliteModelWriter()
        height, width, channels = (int(size) for size in rng.integers(1, 9, 3))
        shape = (1, height, width, channels)
        scale, zero_point = quantisation(rng, dtype)
        x = writer.input(shape, scale, zero_point, dtype)
        return Sample(rng, dtype, writer, shape, scale, zero_point, x)

    def one_of(self, *values: int) -> int:
        return int(self.rng.choice(values))

    def output(self, *shape: int) -> int:
        """A result with a scale of its own."""
        return self.writer.activation(shape, *quantisation(self.rng, self.dtype), self.dtype)

    def moved(self, *shape: int) -> int:
        """A result with the scale of the input."""
        return self.writer.activation(shape, self.scale, self.zero_point, self.dtype)

    def another_input(self, *shape: int, same_scale: bool = False) -> int:
        """One more input."""
        scale = (self.scale, self.zero_point) if same_scale else quantisation(self.rng, self.dtype)
        return self.writer.input(shape, *scale, self.dtype)

    def numbers(self, *values: int) -> int:
        """A constant list."""
        return self.writer.constant(np.array(values, np.int32))

    def constant(self, *shape: int) -> int:
        """Quantised constants."""
        limits = np.iinfo(self.dtype)
        values = self.rng.integers(limits.min, limits.max + 1, shape).astype(self.dtype)
        scale, zero_point = quantisation(self.rng, self.dtype)
        return self.writer.constant(values, [scale], 0, [zero_point])


def quantisation(rng: np.random.Generator, dtype: str) -> tuple[float, int]:
    limits = np.iinfo(dtype)
    return float(np.float32(rng.uniform(0.005, 0.1))), int(rng.integers(limits.min, limits.max + 1))


def random_window(sample: Sample) -> tuple[dict[str, int], list[int], list[int]]:
    """Strides and padding, the kernel, and the rows and columns of the result."""
    sizes = sample.shape[1:3]
    padding, strides = sample.one_of(0, 1), [sample.one_of(1, 2) for _ in sizes]
    kernel = [sample.one_of(1, 2, 3) for _ in sizes]
    if padding != SAME:
        kernel = [min(pair) for pair in zip(kernel, sizes, strict=True)]
    out = [
        -(-size // stride) if padding == SAME else (size - length) // stride + 1
        for size, length, stride in zip(sizes, kernel, strides, strict=True)
    ]
    return {"padding": padding, "strideH": strides[0], "strideW": strides[1]}, kernel, out


def weighted(sample: Sample, shape: tuple[int, ...], axis: int) -> list[int]:
    """Random weights by channel, or one scale for uint8, and a bias."""
    rng, writer, count = sample.rng, sample.writer, shape[axis]
    signed = sample.dtype == "int8"
    weights = rng.integers(*((-127, 128) if signed else (0, 256)), shape).astype(sample.dtype)
    scales = [float(scale) for scale in rng.uniform(0.001, 0.02, count if signed else 1)]
    zero_points = None if signed else [int(rng.integers(0, 256))]
    bias = rng.integers(-5000, 5000, count).astype(np.int32)
    units = [float(np.float32(sample.scale) * np.float32(scale)) for scale in scales]
    return [writer.constant(weights, scales, axis, zero_points), writer.constant(bias, units)]


def write_convolution(sample: Sample, kind: str) -> int:
    window, kernel, out = random_window(sample)
    count, activation = sample.one_of(1, 2, 3, 4, 5), sample.one_of(0, 0, 1, 2, 3)
    channels = sample.shape[3]
    multiplier = sample.one_of(1, 2)
    is_depthwise = kind == "DEPTHWISE_CONV_2D"
    filters = channels * multiplier if is_depthwise else count
    shape = (1, *kernel, filters) if is_depthwise else (filters, *kernel, channels)
    parts = weighted(sample, shape, 3 if is_depthwise else 0)
    y = sample.output(1, *out, filters)
    sample.writer.operator(
        kind,
        [sample.x, *parts],
        [y],
        "DepthwiseConv2DOptions" if is_depthwise else "Conv2DOptions",
        **window,
        fusedActivationFunction=activation,
        dilationHFactor=1,
        dilationWFactor=1,
        **({"depthMultiplier": multiplier} if is_depthwise else {}),
    )
    return y


def write_pool(sample: Sample, kind: str) -> int:
    window, kernel, out = random_window(sample)
    y = sample.moved(1, *out, sample.shape[3])
    sample.writer.operator(
        kind,
        [sample.x],
        [y],
        "Pool2DOptions",
        **window,
        filterHeight=kernel[0],
        filterWidth=kernel[1],
        fusedActivationFunction=sample.one_of(0, 0, 1, 3),
    )
    return y


def write_fully_connected(sample: Sample, kind: str) -> int:
    filters, depth = sample.one_of(1, 2, 3, 4, 5), int(np.prod(sample.shape))
    rng, writer = sample.rng, sample.writer
    signed = sample.dtype == "int8"
    weights = rng.integers(*((-127, 128) if signed else (0, 256)), (filters, depth))
    scale = float(rng.uniform(0.001, 0.02))
    bias = rng.integers(-5000, 5000, filters).astype(np.int32)
    y = sample.output(1, filters)
    zero_points = None if signed else [int(rng.integers(0, 256))]
    unit = float(np.float32(sample.scale) * np.float32(scale))
    parts = [
        writer.constant(weights.astype(sample.dtype), [scale], 0, zero_points),
        writer.constant(bias, [unit]),
    ]
    activation = sample.one_of(0, 0, 1, 2, 3)
    writer.operator(
        kind, [sample.x, *parts], [y], "FullyConnectedOptions", fusedActivationFunction=activation
    )
    return y


def write_binary(sample: Sample, kind: str) -> int:
    second = sample.another_input(*sample.shape)
    return _write_binary(sample, kind, [sample.x, second])


def write_with_constant(sample: Sample, kind: str) -> int:
    parts = [sample.x, sample.constant(1, 1, 1, sample.shape[3])]
    return _write_binary(sample, kind, parts if sample.one_of(0, 1) else parts[::-1])


def _write_binary(sample: Sample, kind: str, parts: list[int]) -> int:
    y = sample.output(*sample.shape)
    activation = sample.one_of(0, 0, 1, 2, 3)
    sample.writer.operator(
        kind, parts, [y], BINARY_OPTIONS[kind], fusedActivationFunction=activation
    )
    return y


def write_mean(sample: Sample, kind: str) -> int:
    keep = bool(sample.one_of(0, 1))
    channels = sample.shape[3]
    y = sample.output(*((1, 1, 1, channels) if keep else (1, channels)))
    sample.writer.operator(
        kind, [sample.x, sample.numbers(1, 2)], [y], "ReducerOptions", keepDims=keep
    )
    return y


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


def write_table(sample: Sample, kind: str) -> int:
    """Functions whose results have a scale that TFLite fixes."""
    low = np.iinfo(sample.dtype).min
    fixed = {"LOGISTIC": (1 / 256, low), "TANH": (1 / 128, low + 128)}[kind]
    y = sample.writer.activation(sample.shape, *fixed, sample.dtype)
    sample.writer.operator(kind, [sample.x], [y])
    return y


def write_function(sample: Sample, kind: str) -> int:
    y = sample.output(*sample.shape)
    sample.writer.operator(kind, [sample.x], [y], FUNCTION_OPTIONS.get(kind))
    return y


def write_bounds(sample: Sample, kind: str) -> int:
    y = sample.moved(*sample.shape)
    sample.writer.operator(kind, [sample.x], [y])
    return y


def write_leaky_relu(sample: Sample, kind: str) -> int:
    y = sample.output(*sample.shape)
    alpha = float(sample.rng.uniform(0.01, 0.9))
    sample.writer.operator(kind, [sample.x], [y], "LeakyReluOptions", alpha=alpha)
    return y


def write_parametric_relu(sample: Sample, kind: str) -> int:
    y = sample.output(*sample.shape)
    sample.writer.operator(kind, [sample.x, sample.constant(1, 1, sample.shape[3])], [y])
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


def options_of(kind: str) -> str:
    """The table of an operator's options, as LiteRT's classes call it."""
    return "".join(word.capitalize() for word in kind.split("_")) + "Options"


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


def write_transposed_convolution(sample: Sample, kind: str) -> int:
    one, height, width, channels = sample.shape
    filters, padding = sample.one_of(1, 2, 3, 4), sample.one_of(0, 1)
    kernel = [sample.one_of(1, 2, 3, 4) for _ in range(2)]
    strides = [sample.one_of(1, 2, 3) for _ in range(2)]
    out = [
        size * stride if padding == SAME else (size - 1) * stride + max(length, stride)
        for size, stride, length in zip((height, width), strides, kernel, strict=True)
    ]
    weights, bias = weighted(sample, (filters, *kernel, channels), 0)
    y = sample.output(one, *out, filters)
    parts = [sample.numbers(one, *out, filters), weights, sample.x, bias]
    sample.writer.operator(
        kind,
        parts[: sample.one_of(3, 4)],
        [y],
        options_of(kind),
        padding=padding,
        strideH=strides[0],
        strideW=strides[1],
    )
    return y


def write_dilated(sample: Sample, kind: str) -> int:
    """A depthwise convolution between SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND."""
    writer, (one, *sizes, channels) = sample.writer, sample.shape
    blocks, kernel = ([sample.one_of(1, 2, 3) for _ in range(2)] for _ in range(2))
    pads, crops = np.zeros((2, 2), np.int32), np.zeros((2, 2), np.int32)
    for axis, size in enumerate(sizes):
        reach = (kernel[axis] - 1) * blocks[axis]
        rest = -(size + reach) % blocks[axis]
        pads[axis] = reach // 2, reach - reach // 2 + rest
        crops[axis] = 0, rest
    batch = one * blocks[0] * blocks[1]
    padded = np.array(sizes) + pads.sum(axis=1)
    inner = [int(size) // block for size, block in zip(padded, blocks, strict=True)]
    cut = sample.moved(batch, *inner, channels)
    shape = sample.numbers(*blocks)
    writer.operator("SPACE_TO_BATCH_ND", [sample.x, shape, writer.constant(pads)], [cut])
    parts = weighted(sample, (1, *kernel, channels), 3)
    scale, zero_point = quantisation(sample.rng, sample.dtype)
    results = [size - length + 1 for size, length in zip(inner, kernel, strict=True)]
    made = writer.activation((batch, *results, channels), scale, zero_point, sample.dtype)
    writer.operator(
        "DEPTHWISE_CONV_2D",
        [cut, *parts],
        [made],
        "DepthwiseConv2DOptions",
        padding=1,
        strideH=1,
        strideW=1,
        depthMultiplier=1,
        dilationHFactor=1,
        dilationWFactor=1,
        fusedActivationFunction=sample.one_of(0, 1, 3),
    )
    y = writer.activation(sample.shape, scale, zero_point, sample.dtype)
    writer.operator(kind, [made, shape, writer.constant(crops)], [y])
    return y


def write_largest(sample: Sample, kind: str) -> int:
    """REDUCE_MAX over rows and columns."""
    y = sample.moved(1, sample.shape[3])
    axes = sample.numbers(1, 2)
    sample.writer.operator(kind, [sample.x, axes], [y], "ReducerOptions", keepDims=False)
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


WRITERS: Mapping[str, Callable[[Sample, str], int]] = {
    "ADD": write_binary,
    "ADD constant": write_with_constant,
    "AVERAGE_POOL_2D": write_pool,
    "BATCH_TO_SPACE_ND": write_dilated,
    "CONCATENATION": write_concatenation,
    "CONV_2D": write_convolution,
    "DEPTHWISE_CONV_2D": write_convolution,
    "DEPTH_TO_SPACE": write_blocks,
    "FULLY_CONNECTED": write_fully_connected,
    "HARD_SWISH": write_function,
    "LEAKY_RELU": write_leaky_relu,
    "LOGISTIC": write_table,
    "MAX_POOL_2D": write_pool,
    "MEAN": write_mean,
    "MIRROR_PAD": write_mirror_pad,
    "MUL": write_binary,
    "MUL constant": write_with_constant,
    "PAD": write_pad,
    "PADV2": write_pad,
    "PRELU": write_parametric_relu,
    "QUANTIZE": write_function,
    "REDUCE_MAX": write_largest,
    "RELU": write_function,
    "RELU6": write_bounds,
    "RESIZE_BILINEAR": write_resize,
    "RESIZE_NEAREST_NEIGHBOR": write_resize,
    "RESIZE_NEAREST_NEIGHBOR repeated": write_repetition,
    "SLICE": write_slice,
    "SPACE_TO_DEPTH": write_blocks,
    "SPLIT": write_split,
    "STRIDED_SLICE": write_strided_slice,
    "SUB": write_binary,
    "SUB constant": write_with_constant,
    "TANH": write_table,
    "TILE": write_tile,
    "TRANSPOSE_CONV": write_transposed_convolution,
}


def random_operator(kind: str, seed: int, dtype: str) -> tuple[bytes, list[Array]]:
    """A file of one operator of a kind, and inputs for it."""
    rng = np.random.default_rng(seed)
    sample = Sample.start(rng, dtype)
    output = WRITERS[kind](sample, kind.split()[0])
    limits = np.iinfo(dtype)
    inputs = [
        rng.integers(limits.min, limits.max + 1, sample.writer.tensors[index].shape).astype(dtype)
        for index in sample.writer.inputs
    ]
    return sample.writer.finish(output), inputs
