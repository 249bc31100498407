"""Strides and pads of operators that read windows."""

from __future__ import annotations

from dsconv.frontends.tflite_file.onnx_writer import OnnxWriter
from dsconv.frontends.tflite_file.schema import Batches, Operator, TfliteTensor

SAME, VALID = 0, 1


def image(writer: OnnxWriter, operator: Operator, position: int = 0) -> TfliteTensor:
    """An input NHWC."""
    tensor = writer.source(operator, position)
    if len(tensor.shape) != 4:
        raise operator.problem(f"input {position} has shape {list(tensor.shape)}, not NHWC")
    return tensor


def window(
    operator: Operator,
    x: TfliteTensor,
    kernel: tuple[int, int],
    padding: int,
    strides: tuple[int, int],
    dilations: tuple[int, int] = (1, 1),
) -> dict[str, list[int]]:
    """Attributes of ONNX: padding SAME gives the smaller half to the beginning."""
    if min(*kernel, *strides, *dilations) < 1:
        raise operator.problem(f"kernel {kernel}, strides {strides}, dilations {dilations}")
    if operator.batches is not None:
        return _in_batches(operator, operator.batches, kernel, padding, (*strides, *dilations))
    if padding not in (SAME, VALID):
        raise operator.problem(f"padding {padding}; SAME and VALID are known")
    before, after = [0, 0], [0, 0]
    if padding == SAME:
        for axis, size in enumerate(x.shape[1:3]):
            outputs = -(-size // strides[axis])
            reach = (kernel[axis] - 1) * dilations[axis] + 1
            total = max((outputs - 1) * strides[axis] + reach - size, 0)
            before[axis], after[axis] = total // 2, total - total // 2
    return {"kernel_shape": [*kernel], "strides": [*strides], "pads": [*before, *after]} | (
        {"dilations": [*dilations]} if dilations != (1, 1) else {}
    )


def _in_batches(
    operator: Operator,
    batches: Batches,
    kernel: tuple[int, int],
    padding: int,
    steps: tuple[int, ...],
) -> dict[str, list[int]]:
    """A window over every n-th row and column."""
    if padding != VALID or any(step != 1 for step in steps):
        raise operator.problem(
            "a window in batches with pads, strides or dilations of its own",
            "VALID windows of stride 1 are supported",
        )
    return {
        "kernel_shape": [*kernel],
        "strides": [1, 1],
        "pads": [*batches.pads],
        "dilations": [*batches.blocks],
    }
