"""Reads a .tflite file as the graph of quantised ONNX that means the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import onnx

from dsconv.frontends.tflite_file.dilations import CUT, JOINED, fold_dilations
from dsconv.frontends.tflite_file.flatbuffer import DamagedError
from dsconv.frontends.tflite_file.onnx_writer import OnnxWriter
from dsconv.frontends.tflite_file.operators import elementwise, movements, pools, weighted
from dsconv.frontends.tflite_file.schema import Operator, TfliteModel, parse
from dsconv.frontends.tflite_file.variables import variables_as_ports

OperatorWriter = Callable[[OnnxWriter, Operator], None]

WRITERS: Mapping[str, OperatorWriter] = {
    "ADD": elementwise.write_add,
    "ARG_MAX": partial(elementwise.write_largest, "ArgMax"),
    "ARG_MIN": partial(elementwise.write_largest, "ArgMin"),
    "AVERAGE_POOL_2D": pools.write_average_pool,
    "CONCATENATION": movements.write_concatenation,
    "CONV_2D": weighted.write_convolution,
    "DEPTHWISE_CONV_2D": weighted.write_depthwise,
    "DEPTH_TO_SPACE": movements.write_depth_to_space,
    "DEQUANTIZE": elementwise.write_dequantise,
    "ELU": partial(elementwise.write_unary, "Elu"),
    "EXPAND_DIMS": movements.write_reshape,
    "FULLY_CONNECTED": weighted.write_fully_connected,
    "GATHER": movements.write_gather,
    "HARD_SWISH": partial(elementwise.write_unary, "HardSwish"),
    "LEAKY_RELU": elementwise.write_leaky_relu,
    "LOGISTIC": partial(elementwise.write_unary, "Sigmoid"),
    "LOG_SOFTMAX": partial(elementwise.write_softmax, "LogSoftmax"),
    "MAX_POOL_2D": pools.write_max_pool,
    "MEAN": pools.write_mean,
    "MIRROR_PAD": movements.write_mirror_pad,
    "MUL": elementwise.write_product,
    "PACK": movements.write_pack,
    "PAD": movements.write_pad,
    "PADV2": movements.write_pad,
    "PRELU": elementwise.write_parametric_relu,
    "QUANTIZE": elementwise.write_quantise,
    "REDUCE_MAX": pools.write_maximum,
    "RELU": partial(elementwise.write_bounds, 0, None),
    "RELU6": partial(elementwise.write_bounds, 0, 6),
    "RELU_0_TO_1": partial(elementwise.write_bounds, 0, 1),
    "RELU_N1_TO_1": partial(elementwise.write_bounds, -1, 1),
    "RESHAPE": movements.write_reshape,
    "RESIZE_BILINEAR": movements.write_resize_bilinear,
    "RESIZE_NEAREST_NEIGHBOR": movements.write_resize_nearest,
    "SLICE": movements.write_slice,
    "SOFTMAX": partial(elementwise.write_softmax, "Softmax"),
    "SPACE_TO_DEPTH": movements.write_space_to_depth,
    "SPLIT": movements.write_split,
    "SPLIT_V": movements.write_split_v,
    "SQUEEZE": movements.write_reshape,
    "STRIDED_SLICE": movements.write_strided_slice,
    "SUB": elementwise.write_difference,
    "TANH": partial(elementwise.write_unary, "Tanh"),
    "TILE": movements.write_tile,
    "TRANSPOSE": movements.write_transpose,
    "TRANSPOSE_CONV": weighted.write_transposed,
    "UNPACK": movements.write_unpack,
}
"""What is read, by the names of TFLite's operators."""
SHAPE_OPERANDS = {
    "RESHAPE": 1,
    "SQUEEZE": 1,
    "EXPAND_DIMS": 1,
    "RESIZE_BILINEAR": 1,
    "RESIZE_NEAREST_NEIGHBOR": 1,
}
"""Operators whose inputs from this one on say a shape, which their result has in the file too."""


def as_onnx(data: bytes, name: str) -> onnx.ModelProto:
    """The bytes of a file as an ONNX model. Raises `ModelError` with operator and reason."""
    model = fold_dilations(variables_as_ports(parse(data)))
    writer = OnnxWriter(model)
    for operator in _needed(model):
        write = WRITERS.get(operator.kind)
        if operator.kind in (CUT, JOINED):
            raise operator.problem(
                "it stands alone", "around a convolution that nothing else reads it is a dilation"
            )
        if write is None:
            raise operator.problem(
                "this operator is not supported", f"supported are {', '.join(WRITERS)}"
            )
        try:
            write(writer, operator)
        except DamagedError as error:
            raise operator.problem(f"the file is damaged: {error}") from error
        except (IndexError, OverflowError, TypeError, ValueError, ZeroDivisionError) as error:
            raise operator.problem(
                f"its tensors and options do not fit together ({error})", "the file is damaged"
            ) from error
    return writer.finish(name)


def _needed(model: TfliteModel) -> list[Operator]:
    """Operators on whose values the outputs depend: those that compute shapes are left out."""
    needed = set(model.outputs)
    kept: list[Operator] = []
    for operator in reversed(model.operators):
        if needed.isdisjoint(operator.outputs):
            continue
        needed.update(operator.inputs[: SHAPE_OPERANDS.get(operator.kind)])
        kept.append(operator)
    return kept[::-1]
