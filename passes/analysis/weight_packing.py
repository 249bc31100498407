"""Packs weights, bias and requantisation of a layer, or its tables, into channel records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from dsconv.dialects.attributes import Layout
from dsconv.dialects.graph import (
    BIT_ROW,
    TABLE_ENTRIES,
    DepthwiseOp,
    LinearOp,
    LookupOp,
    PairLookupOp,
    PointwiseOp,
    StepsOp,
    SumStepsOp,
    WeightedOperation,
    dtype_of,
    layout_of,
    packed_bits,
    tensor_type,
)
from dsconv.dialects.records import (
    BIAS,
    WEIGHT_ZERO_POINT,
    RecordAttr,
    SumStepsRecord,
    depthwise_row_bytes,
    pack_records,
    pack_steps,
    pack_sum_steps,
    steps_format,
    varying_narrow_fields,
    varying_requant_fields,
    with_one_divisor,
)

ParameterisedOperation: TypeAlias = (
    WeightedOperation | LookupOp | StepsOp | SumStepsOp | PairLookupOp
)
"""A layer with channel records."""


def signed_weights(op: WeightedOperation) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int64]]:
    """Weights as int8 and their zero points (K,); uint8 weights are moved down by 128."""
    weights = op.weight_array
    zero_points = np.broadcast_to(
        np.asarray(op.weight_zero_points.get_values(), np.int64), (len(weights),)
    )
    if weights.dtype == np.int8:
        return weights.astype(np.int8), zero_points
    return (weights.astype(np.int16) - 128).astype(np.int8), zero_points - 128


def folded_bias(op: WeightedOperation) -> npt.NDArray[np.int64]:
    """Bias for accumulators over raw inputs, padding included: `b - zx * sum(w - zw)`."""
    weights, zero_points = signed_weights(op)
    flat = weights.reshape(len(weights), -1).astype(np.int64) - zero_points[:, None]
    return op.bias_array.astype(np.int64) - op.zero_point * flat.sum(axis=1)


def _fields(op: WeightedOperation) -> dict[str, Sequence[int]]:
    fields: dict[str, Sequence[int]] = {BIAS: folded_bias(op).tolist()}
    _, zero_points = signed_weights(op)
    if zero_points.any():
        fields[WEIGHT_ZERO_POINT] = zero_points.tolist()
    if op.narrow is not None:
        return fields | varying_narrow_fields(op.narrow)
    return fields | varying_requant_fields(with_one_divisor(op.requant))


def record_format(op: ParameterisedOperation) -> RecordAttr:
    """Format of the layer's channel records."""
    if isinstance(op, LookupOp):
        return RecordAttr.of(TABLE_ENTRIES, [])
    if isinstance(op, StepsOp):
        return steps_format(op.threshold_array.shape[1])
    if isinstance(op, SumStepsOp):
        rows = len(op.weight_array) if op.shares_table else 1
        return SumStepsRecord(rows, op.weight_array.shape[1], op.threshold_array.shape[1]).format
    if isinstance(op, PairLookupOp):
        return RecordAttr.of(TABLE_ENTRIES * BIT_ROW, [])
    weights = op.weight_array
    weight_bytes = weights.size // len(weights)
    if isinstance(op, DepthwiseOp):
        fy, fx = op.window.kernel
        weight_bytes = fy * depthwise_row_bytes(fx)
    return RecordAttr.of(weight_bytes, list(_fields(op)))


def pack_parameters(op: ParameterisedOperation) -> tuple[RecordAttr, npt.NDArray[np.uint8]]:
    """The layer's channel records, (K, record bytes), or (1, record bytes) of a shared one."""
    match op:
        case LookupOp():
            return _pack_tables(op)
        case StepsOp():
            return pack_steps(op.threshold_array.astype(np.int32), op.table_array.view(np.int8))
        case SumStepsOp():
            tables = op.threshold_array.astype(np.int64), op.table_array.view(np.int8)
            return pack_sum_steps(op.weight_array.astype(np.int64), *tables)
        case PairLookupOp():
            return _pack_bits(op)
        case WeightedOperation():
            return _pack_weights(op)


def _pack_tables(op: LookupOp) -> tuple[RecordAttr, npt.NDArray[np.uint8]]:
    """Tables in the order of the bytes that index them: negative values come last."""
    negative = -int(np.iinfo(dtype_of(op.input)).min)
    tables = np.ascontiguousarray(np.roll(op.table_array, -negative, axis=1))
    return pack_records(tables.view(np.int8), {})


def _pack_bits(op: PairLookupOp) -> tuple[RecordAttr, npt.NDArray[np.uint8]]:
    """Rows and bits in the order of the bytes that index them."""
    negative = [-int(np.iinfo(dtype_of(value)).min) for value in op.activations]
    table = packed_bits(np.roll(op.bits, [-count for count in negative], axis=(0, 1)))
    return pack_records(table.reshape(1, -1).view(np.int8), {})


def _pack_weights(op: WeightedOperation) -> tuple[RecordAttr, npt.NDArray[np.uint8]]:
    """Weights in the order the kernel reads them.

    That is FY, FX, C for an HWC input and C, FY, FX for a CHW one. Depthwise rows may be padded.
    """
    weights, _ = signed_weights(op)
    if isinstance(op, LinearOp | PointwiseOp):
        _, channels, height, width = tensor_type(op.input).get_shape()
        kernel = (height, width) if isinstance(op, LinearOp) else (1, 1)
        weights = weights.reshape(len(weights), channels, *kernel)
    if isinstance(op, DepthwiseOp):
        taps = op.window.kernel[1]
        padding = (0, depthwise_row_bytes(taps) - taps)
        weights = np.pad(weights, ((0, 0), (0, 0), (0, 0), padding))
    elif layout_of(op.input) is Layout.HWC:
        weights = weights.transpose(0, 2, 3, 1)
    matrix = np.ascontiguousarray(weights).reshape(len(weights), -1)
    return pack_records(matrix, _fields(op))
