"""What .tflite files say and dsconv does not read: refused with the operator and the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from tflite_models import TfliteModelWriter

from dsconv.errors import ModelError
from dsconv.frontends import import_onnx
from dsconv.frontends.tflite_file.reader import as_onnx

Array = npt.NDArray[Any]
IMAGE = (1, 4, 4, 2)
WINDOW = {"padding": 1, "strideH": 1, "strideW": 1}
CONVOLUTION = {**WINDOW, "dilationHFactor": 1, "dilationWFactor": 1}
SLICE_MASKS = dict.fromkeys(
    ("beginMask", "endMask", "ellipsisMask", "newAxisMask", "shrinkAxisMask"), 0
)


def numbers(*values: int) -> Array:
    return np.array(values, np.int32)


def weights(*shape: int) -> Array:
    return np.ones(shape, np.int8)


@dataclass(frozen=True)
class Refused:
    """A file of one operator on an image, its constants, and what the error says."""

    kind: str
    message: str
    constants: Sequence[Array] = ()
    options: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    shape: tuple[int, ...] = IMAGE
    dtype: str = "int8"
    scales: int = 1
    zero_point: int = 0
    outputs: int = 1

    def file(self) -> bytes:
        writer = TfliteModelWriter()
        x = writer.input(self.shape, 0.1, self.zero_point, self.dtype)
        constants = [self._constant(writer, array) for array in self.constants]
        results = [
            writer.activation(self.shape, 0.1, self.zero_point, self.dtype)
            for _ in range(self.outputs)
        ]
        operands = [x, *constants]
        if self.kind == "TRANSPOSE_CONV":
            operands = [*constants[:2], x]
        writer.operator(self.kind, operands, results, self.options, **self.values)
        return writer.finish(*results)

    def _constant(self, writer: TfliteModelWriter, array: Array) -> int:
        return writer.constant(array, [0.1] * self.scales if array.dtype == np.int8 else [])


def convolution(message: str, *constants: Array, **more: Any) -> Refused:
    values = CONVOLUTION | more.pop("values", {})
    return Refused("CONV_2D", message, constants, "Conv2DOptions", values, **more)


def matrix(message: str, *constants: Array, **values: Any) -> Refused:
    return Refused("FULLY_CONNECTED", message, constants, "FullyConnectedOptions", values)


def pool(message: str, **values: Any) -> Refused:
    window = WINDOW | {"filterHeight": 2, "filterWidth": 2} | values
    return Refused("MAX_POOL_2D", message, (), "Pool2DOptions", window)


def strided_slice(message: str, strides: Array, **masks: int) -> Refused:
    lists = (numbers(0, 0, 0, 0), numbers(*IMAGE), strides)
    return Refused("STRIDED_SLICE", message, lists, "StridedSliceOptions", SLICE_MASKS | masks)


PADS = np.zeros((4, 2), np.int32)
ALL = (
    convolution("input 1 is missing"),
    convolution("weights of float32 that are not quantised", np.ones((3, 1, 1, 2), np.float32)),
    convolution(r"weights of shape \[3, 2\]", weights(3, 2)),
    convolution("filters of 3 channels on 2", weights(3, 1, 1, 3)),
    convolution("3 filters in 2 groups", weights(3, 1, 1, 1)),
    convolution("weights of 3 output channels with 2 scales", weights(3, 1, 1, 2), scales=2),
    convolution("'t0' is int16; activations of int8", weights(3, 1, 1, 2), dtype="int16"),
    convolution("has zero point 200, which is no int8", weights(3, 1, 1, 2), zero_point=200),
    convolution(r"shape \[1, 8\], not NHWC", weights(3, 1, 1, 2), shape=(1, 8)),
    convolution(
        "a bias of int8, shape .* int32 of 3 values is supported", weights(3, 1, 1, 2), weights(3)
    ),
    convolution(
        "fused activation function 4", weights(3, 1, 1, 2), values={"fusedActivationFunction": 4}
    ),
    convolution(r"strides \(0, 1\)", weights(3, 1, 1, 2), values={"strideH": 0}),
    Refused(
        "DEPTHWISE_CONV_2D",
        r"weights of shape \[2, 3, 3, 2\] on 2 channels",
        (weights(2, 3, 3, 2),),
        "DepthwiseConv2DOptions",
        CONVOLUTION | {"depthMultiplier": 1},
    ),
    Refused(
        "TRANSPOSE_CONV",
        r"weights of shape \[3, 1, 1, 4\] on \[1, 4, 4, 2\]",
        (numbers(1, 4, 4, 3), weights(3, 1, 1, 4)),
        "TransposeConvOptions",
        WINDOW,
    ),
    matrix("format 1; plain matrices are supported", weights(3, 32), weightsFormat=1),
    matrix(r"filters of 5 values on an input of shape", weights(3, 5)),
    pool("padding 2; SAME and VALID are known", padding=2),
    pool(r"kernel \(0, 2\)", filterHeight=0),
    Refused("SOFTMAX", "beta 2; 1 is supported", (), "SoftmaxOptions", {"beta": 2.0}),
    Refused("PRELU", r"slopes of shape \[4, 2\] .* one for every channel", (weights(4, 2),)),
    Refused("MIRROR_PAD", "more than it mirrors", (PADS + 5,), "MirrorPadOptions", {"mode": 0}),
    Refused("PAD", "for 4 dimensions", (PADS - 1,), "PadOptions"),
    Refused("PADV2", "a value of int32 without a scale", (PADS, numbers(1)), "PadV2Options"),
    Refused("TILE", r"\[1, 0, 1, 1\] repetitions", (numbers(1, 0, 1, 1),), "TileOptions"),
    Refused(
        "SPLIT_V",
        "2 sizes for 3 outputs",
        (numbers(1, 1), np.array(3, np.int32)),
        "SplitVOptions",
        {"numSplits": 3},
        outputs=3,
    ),
    strided_slice("an ellipsis or a new axis", numbers(1, 1, 1, 1), ellipsisMask=1),
    strided_slice(r"strides \[1, 0, 1, 1\]", numbers(1, 0, 1, 1)),
    Refused(
        "GATHER",
        "batch dimensions; gathers without them are supported",
        (numbers(0, 1),),
        "GatherOptions",
        {"axis": 1, "batchDims": 1},
    ),
)


def title(case: Refused) -> str:
    return f"{case.kind}: {case.message}"


@pytest.mark.parametrize("case", ALL, ids=title)
def test_refused(case: Refused):
    with pytest.raises(ModelError, match=rf"operator 0 \({case.kind}\): .*{case.message}"):
        import_onnx(as_onnx(case.file(), "refused"))


def refused(data: bytes, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        import_onnx(as_onnx(data, "refused"))


def test_products_of_two_activations_are_refused():
    writer = TfliteModelWriter()
    x, y = writer.input((1, 8), 0.1), writer.activation((1, 3), 0.1)
    second = writer.input((3, 8), 0.1)
    writer.operator("FULLY_CONNECTED", [x, second], [y], "FullyConnectedOptions")
    refused(writer.finish(y), "products of two activations are not supported")


def test_axes_that_are_computed_are_refused():
    writer = TfliteModelWriter()
    x, y = writer.input(IMAGE, 0.1), writer.activation(IMAGE[:3], None, dtype="int32")
    axis = writer.activation((), None, dtype="int32")
    writer.inputs.append(axis)
    writer.operator("ARG_MAX", [x, axis], [y], "ArgMaxOptions")
    refused(writer.finish(y), r"input 1 \('t2'\) is not constant")


def test_activations_with_a_scale_for_every_channel_are_refused():
    writer = TfliteModelWriter()
    x, y = writer.input(IMAGE, 0.1), writer.activation(IMAGE, 0.1)
    writer.tensors[x].quantization.scale = [0.1, 0.2]
    writer.tensors[x].quantization.zeroPoint = [0, 0]
    writer.operator("RELU", [x], [y])
    refused(writer.finish(y), "'t0' has 2 scales; activations of one scale are supported")


def test_a_reshape_to_another_number_of_values_is_refused():
    writer = TfliteModelWriter()
    x, y = writer.input(IMAGE, 0.1), writer.activation((1, 31), 0.1)
    writer.operator("RESHAPE", [x], [y], "ReshapeOptions", newShape=[1, 31])
    refused(writer.finish(y), r"reshapes \[1, 4, 4, 2\] to \[1, 31\]")


def test_windows_with_strides_between_batches_are_refused():
    writer = TfliteModelWriter()
    x, cut = writer.input(IMAGE, 0.1), writer.activation((4, 2, 2, 2), 0.1)
    made, y = writer.activation((4, 2, 2, 3), 0.1), writer.activation((1, 4, 4, 3), 0.1)
    blocks, none = writer.constant(numbers(2, 2)), writer.constant(np.zeros((2, 2), np.int32))
    writer.operator("SPACE_TO_BATCH_ND", [x, blocks, none], [cut])
    kernel = writer.constant(weights(3, 1, 1, 2), [0.1])
    strided = CONVOLUTION | {"strideH": 2}
    writer.operator("CONV_2D", [cut, kernel], [made], "Conv2DOptions", **strided)
    writer.operator("BATCH_TO_SPACE_ND", [made, blocks, none], [y])
    refused(writer.finish(y), "a window in batches with pads, strides or dilations of its own")
