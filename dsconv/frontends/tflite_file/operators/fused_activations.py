"""The activation function that an operator of TFLite applies to its result."""

from __future__ import annotations

import numpy as np

from dsconv.frontends.tflite_file.onnx_writer import OnnxWriter
from dsconv.frontends.tflite_file.schema import Operator

NONE, RELU, RELU_N1_TO_1, RELU6 = range(4)
BOUNDS = {RELU: (0, None), RELU_N1_TO_1: (-1, 1), RELU6: (0, 6)}
"""Lower and upper bound by ActivationFunctionType."""


def fused(writer: OnnxWriter, operator: Operator, real: str, field: int) -> str:
    """A result behind the function that an option of the operator names."""
    function = operator.integer(field, "b")
    if function == NONE:
        return real
    if function not in BOUNDS:
        raise operator.problem(
            f"fused activation function {function}", "ReLU, ReLU6 and ReLU from -1 to 1 are known"
        )
    return clipped(writer, operator, real, *BOUNDS[function])


def clipped(
    writer: OnnxWriter, operator: Operator, real: str, low: float, high: float | None
) -> str:
    """Reals between two bounds."""
    if high is None:
        return writer.node(operator, "Relu", real)
    bounds = (writer.constant(np.array(bound, np.float32)) for bound in (low, high))
    return writer.node(operator, "Clip", real, *bounds)
