"""Random .tflite files of one operator, by kinds."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import tflite_movements as movements
from tflite_models import TYPES
from tflite_sample import Sample, Written, options_of, quantisation

Array = npt.NDArray[np.integer]

SAME = 0
BINARY_OPTIONS = {"ADD": "AddOptions", "SUB": "SubOptions", "MUL": "MulOptions"}
FUNCTION_OPTIONS = {"HARD_SWISH": "HardSwishOptions", "QUANTIZE": "QuantizeOptions"}


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


def write_reals(sample: Sample, kind: str) -> int:
    """DEQUANTIZE of what a layer makes."""
    y = sample.writer.activation(sample.shape, None, dtype="float32")
    sample.writer.operator(kind, [sample.requantised(sample.x)], [y])
    return y


def write_probabilities(sample: Sample, kind: str) -> int:
    """SOFTMAX, LOG_SOFTMAX of logits."""
    fixed = {"SOFTMAX": (1 / 256, -128), "LOG_SOFTMAX": (16 / 256, 127)}[kind]
    low = np.iinfo(sample.dtype).min
    y = sample.writer.activation(sample.shape, fixed[0], fixed[1] + low + 128, sample.dtype)
    options = {"beta": 1.0} if kind == "SOFTMAX" else {}
    sample.writer.operator(kind, [sample.requantised(sample.x)], [y], options_of(kind), **options)
    return y


def write_place(sample: Sample, kind: str) -> int:
    """ARG_MAX, ARG_MIN along channels."""
    y = sample.writer.activation(sample.shape[:3], None, dtype="int32")
    parts = [sample.requantised(sample.x), sample.numbers(3)]
    sample.writer.operator(kind, parts, [y], options_of(kind), outputType=TYPES["int32"])
    return y


WRITERS: Mapping[str, Callable[[Sample, str], Written]] = {
    "ADD": write_binary,
    "ADD constant": write_with_constant,
    "ARG_MAX": write_place,
    "ARG_MIN": write_place,
    "AVERAGE_POOL_2D": write_pool,
    "BATCH_TO_SPACE_ND": write_dilated,
    "CONCATENATION": movements.write_concatenation,
    "CONV_2D": write_convolution,
    "DEPTHWISE_CONV_2D": write_convolution,
    "DEPTH_TO_SPACE": movements.write_blocks,
    "DEQUANTIZE": write_reals,
    "ELU": write_function,
    "EXPAND_DIMS": movements.write_new_axis,
    "FULLY_CONNECTED": write_fully_connected,
    "GATHER": movements.write_gather,
    "HARD_SWISH": write_function,
    "LEAKY_RELU": write_leaky_relu,
    "LOGISTIC": write_table,
    "LOG_SOFTMAX": write_probabilities,
    "MAX_POOL_2D": write_pool,
    "MEAN": write_mean,
    "MIRROR_PAD": movements.write_mirror_pad,
    "MUL": write_binary,
    "MUL constant": write_with_constant,
    "PACK": movements.write_pack,
    "PAD": movements.write_pad,
    "PADV2": movements.write_pad,
    "PRELU": write_parametric_relu,
    "QUANTIZE": write_function,
    "REDUCE_MAX": write_largest,
    "RELU": write_function,
    "RELU6": write_bounds,
    "RELU_0_TO_1": write_bounds,
    "RELU_N1_TO_1": write_bounds,
    "RESHAPE": movements.write_reshape,
    "RESIZE_BILINEAR": movements.write_resize,
    "RESIZE_NEAREST_NEIGHBOR": movements.write_resize,
    "RESIZE_NEAREST_NEIGHBOR repeated": movements.write_repetition,
    "SLICE": movements.write_slice,
    "SOFTMAX": write_probabilities,
    "SPACE_TO_DEPTH": movements.write_blocks,
    "SPLIT": movements.write_split,
    "SPLIT_V": movements.write_parts,
    "SQUEEZE": movements.write_squeeze,
    "STRIDED_SLICE": movements.write_strided_slice,
    "SUB": write_binary,
    "SUB constant": write_with_constant,
    "TANH": write_table,
    "TILE": movements.write_tile,
    "TRANSPOSE": movements.write_transpose,
    "TRANSPOSE_CONV": write_transposed_convolution,
    "UNPACK": movements.write_unpack,
}


def random_operator(kind: str, seed: int, dtype: str) -> tuple[bytes, list[Array]]:
    """A file of one operator of a kind, and inputs for it."""
    rng = np.random.default_rng(seed)
    sample = Sample.start(rng, dtype)
    outputs = WRITERS[kind](sample, kind.split()[0])
    limits = np.iinfo(dtype)
    inputs = [
        rng.integers(limits.min, limits.max + 1, sample.writer.tensors[index].shape).astype(dtype)
        for index in sample.writer.inputs
    ]
    return sample.writer.finish(*np.atleast_1d(outputs)), inputs
