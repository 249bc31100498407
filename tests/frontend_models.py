"""Writes small quantised ONNX models for the front-end tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from dsconv.frontends.arithmetic.scales import Quantisation

Array = npt.NDArray[Any]
ELEMENTS = {
    "float32": TensorProto.FLOAT,
    "int8": TensorProto.INT8,
    "uint8": TensorProto.UINT8,
    "int16": TensorProto.INT16,
    "int32": TensorProto.INT32,
}


class ModelWriter:
    """Adds nodes one after another; every method gives the name of the tensor it makes."""

    def __init__(self, opset: int = 13):
        self.opset = opset
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []

    def input(self, name: str, dtype: str, shape: Sequence[int | str]) -> str:
        """An input of the graph."""
        self.inputs.append(helper.make_tensor_value_info(name, ELEMENTS[dtype], shape))
        return name

    def constant(self, array: Array) -> str:
        """An initializer."""
        name = f"constant_{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def node(self, op_type: str, *inputs: str, name: str = "", domain: str = "", **attributes: Any):
        """A node with one output."""
        output = f"{name or op_type.lower()}_{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(
                op_type, inputs, [output], name=name or output, domain=domain, **attributes
            )
        )
        return output

    def parameters(self, quantisation: Quantisation) -> tuple[str, str]:
        """Scale and zero point of an activation."""
        return (
            self.constant(np.array(quantisation.scale, np.float32)),
            self.constant(np.array(quantisation.zero_point, quantisation.dtype)),
        )

    def quantize(self, tensor: str, quantisation: Quantisation) -> str:
        """QuantizeLinear."""
        return self.node("QuantizeLinear", tensor, *self.parameters(quantisation))

    def dequantize(self, tensor: str, quantisation: Quantisation) -> str:
        """DequantizeLinear."""
        return self.node("DequantizeLinear", tensor, *self.parameters(quantisation))

    def dequantized_constant(
        self, array: Array, scale: Array, zero_point: Array, axis: int = 0
    ) -> str:
        """DequantizeLinear of an initializer."""
        tensors = [self.constant(part) for part in (array, scale, zero_point)]
        if np.ndim(scale) == 0:
            return self.node("DequantizeLinear", *tensors)
        return self.node("DequantizeLinear", *tensors, axis=axis)

    def model(self, *outputs: str, dtype: str = "int8") -> onnx.ModelProto:
        """The finished model; its outputs have any shape."""
        graph = helper.make_graph(
            self.nodes,
            "test_network",
            self.inputs,
            [helper.make_tensor_value_info(name, ELEMENTS[dtype], None) for name in outputs],
            self.initializers,
        )
        opsets = [helper.make_opsetid("", self.opset), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=10)
