"""Makes transposed convolutions from nodes whose operands are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dsconv.frontends.arithmetic.values import (
    UNBOUNDED,
    Dequantised,
    ScaledConstant,
    Spread,
    TransposedConvolutionLayer,
)
from dsconv.frontends.handlers.weighted_layers import weight_tensor
from dsconv.frontends.handlers.windows import check_nchw, per_dimension
from dsconv.frontends.onnx_file.onnx_graph import Array, Node
from dsconv.frontends.onnx_file.view import View


def transposed_convolution(
    node: Node, x: Dequantised, constant: ScaledConstant
) -> TransposedConvolutionLayer:
    """A ConvTranspose without its bias, 1-D or 2-D, in any groups. Weights are C, K / G, FY, FX."""
    check_nchw(node, x.view)
    rank, channels, groups = len(x.view.shape), x.view.sizes[1], node.integer("group", 1)
    shape = constant.array.shape
    if rank not in (3, 4) or len(shape) != rank:
        raise node.problem(
            f"weights of {len(shape)} dimensions for an input of {rank}",
            "1-D and 2-D convolutions are supported",
        )
    if groups < 1 or channels % groups or shape[0] != channels:
        raise node.problem(
            f"weights {list(shape)} in {groups} groups for an input of {channels} channels"
        )
    if (node.integers("kernel_shape") or shape[2:]) != shape[2:]:
        raise node.problem(f"kernel_shape and the shape of its weights {list(shape)} differ")
    weights = weight_tensor(node, _kernels_first(constant, groups))
    kernels = len(weights.array)
    spreads = _spreads(node, x.view.shape[2:], shape[2:])
    sizes = [spread.size for spread in spreads]
    view = View.plain((1, kernels, *sizes), (1, kernels, *sizes)[:rank])
    bias = np.zeros(kernels, np.int64)
    return TransposedConvolutionLayer(node, view, UNBOUNDED, x, weights, bias, groups, spreads)


def _kernels_first(constant: ScaledConstant, groups: int) -> ScaledConstant:
    """Weights (K, C / G, FY, FX), with scales and zero points that broadcast over them."""
    inputs, each, *kernel = constant.array.shape

    def turned(array: Array) -> Array:
        apart = np.broadcast_to(array, constant.array.shape)
        apart = apart.reshape(groups, inputs // groups, each, *kernel).swapaxes(1, 2)
        return apart.reshape(groups * each, inputs // groups, *kernel, *[1] * (2 - len(kernel)))

    array, scales, zero_points = (
        turned(part) for part in (constant.array, constant.scale, constant.zero_point)
    )
    if constant.scale.size == constant.zero_point.size == 1:
        ones = (1,) * array.ndim
        scales, zero_points = constant.scale.reshape(ones), constant.zero_point.reshape(ones)
        return ScaledConstant(array, scales, zero_points)
    first = (slice(None), *[slice(0, 1)] * (array.ndim - 1))
    if any(np.any(part != part[first]) for part in (scales, zero_points)):
        return ScaledConstant(array, scales, zero_points)  # which is refused by its shape
    return ScaledConstant(array, scales[first], zero_points[first])


def _spreads(node: Node, size: Sequence[int], kernel: Sequence[int]) -> tuple[Spread, Spread]:
    """How inputs and taps lie over the outputs, for rows and columns."""
    rank = len(size)
    strides = per_dimension(node, "strides", rank)
    dilations = per_dimension(node, "dilations", rank)
    extra = node.integers("output_padding") or (0,) * rank
    if len(extra) != rank or min(extra) < 0:
        raise node.problem(f"output_padding {list(extra)} for {rank} spatial dimensions")
    whole = [
        stride * (pixels - 1) + (taps - 1) * dilation + 1 + more
        for stride, pixels, taps, dilation, more in zip(
            strides, size, kernel, dilations, extra, strict=True
        )
    ]
    begins, sizes = _cut(node, whole, size, strides)
    if min(begins) < 0 or min(sizes) < 1:
        raise node.problem(f"gives {sizes} pixels behind pads {begins}")
    each = [Spread(*way) for way in zip(strides, dilations, begins, sizes, strict=True)]
    rows, columns, *_ = [*each, Spread(stride=1, dilation=1, pad=0, size=1)]
    return rows, columns


def _cut(
    node: Node, whole: Sequence[int], size: Sequence[int], strides: Sequence[int]
) -> tuple[list[int], list[int]]:
    """Pads at the beginning, and the sizes that are left of the whole ones."""
    rank = len(size)
    mode, shape = node.text("auto_pad", "NOTSET"), node.integers("output_shape")
    if mode not in ("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"):
        raise node.problem(f"unknown auto_pad '{mode}'")
    if shape is None and mode.startswith("SAME"):
        shape = tuple(pixels * stride for pixels, stride in zip(size, strides, strict=True))
    if shape is None:
        pads = (node.integers("pads") if mode == "NOTSET" else None) or (0,) * (2 * rank)
        if len(pads) != 2 * rank or min(pads) < 0:
            raise node.problem(f"pads {list(pads)} for {rank} spatial dimensions")
        begins = list(pads[:rank])
        return begins, [
            length - before - behind
            for length, before, behind in zip(whole, begins, pads[rank:], strict=True)
        ]
    sizes = list(shape[-rank:])
    totals = [length - wanted for length, wanted in zip(whole, sizes, strict=True)]
    if any(total % 2 for total in totals) and not mode.startswith("SAME"):
        raise node.problem(
            f"an output_shape {list(shape)} that leaves an odd number of pads, of which "
            "specification and runtimes give different sides the larger part",
            "export it with pads",
        )
    larger_first = mode == "SAME_LOWER"
    return [(total + larger_first) // 2 for total in totals], sizes
