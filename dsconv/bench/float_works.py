"""What a float ONNX network asks of an array: every convolution and fully connected layer."""

from __future__ import annotations

from typing import Any

import onnx
from onnx import helper, shape_inference

from dsconv.dialects.attributes import WindowAttr
from dsconv.errors import ModelError
from dsconv.passes.systolic.array_work import ArrayWork


def float_works(model: onnx.ModelProto) -> list[ArrayWork]:
    """The work of each Conv and Gemm, in the order of the file."""
    graph = shape_inference.infer_shapes(model).graph
    shapes = {
        value.name: tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim)
        for value in [*graph.value_info, *graph.input, *graph.output]
    }
    shapes |= {value.name: tuple(value.dims) for value in graph.initializer}
    return [_work(node, shapes) for node in graph.node if node.op_type in ("Conv", "Gemm")]


def _work(node: onnx.NodeProto, shapes: dict[str, tuple[int, ...]]) -> ArrayWork:
    attributes: dict[str, Any] = {
        entry.name: helper.get_attribute_value(entry) for entry in node.attribute
    }
    weights = shapes[node.input[1]]
    if node.op_type == "Gemm":
        kernels, channels = weights if attributes.get("transB") else weights[::-1]
        return ArrayWork(1, channels, kernels, 1, 1, WindowAttr.of((1, 1)))
    if attributes.get("auto_pad", b"NOTSET") != b"NOTSET":
        raise ModelError(f"node '{node.name}': pads are written out, not as auto_pad")
    groups = attributes.get("group", 1)
    window = WindowAttr.of(
        weights[2:],
        attributes.get("strides", (1, 1)),
        attributes.get("pads", (0, 0, 0, 0)),
        attributes.get("dilations", (1, 1)),
    )
    height, width = shapes[node.input[0]][2:]
    return ArrayWork(groups, weights[1], weights[0] // groups, height, width, window)
