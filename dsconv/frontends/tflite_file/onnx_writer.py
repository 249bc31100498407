"""Writes the graph of quantised ONNX that means what a .tflite file does.

Every quantised tensor of the file is a tensor of the same name and bytes. Operators compute on
reals between a DequantizeLinear and a QuantizeLinear, and how their kernels round is said by the
flavour that reads the graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from dsconv.errors import ModelError
from dsconv.frontends.tflite_file.schema import ABSENT, Operator, TfliteModel, TfliteTensor

PRODUCER = "TFLite"
"""The producer of graphs that are written here."""
OPSET = 17
IR_VERSION = 9
CHANNELS_DENOTATION = "DATA_CHANNEL"
"""What ONNX calls a dimension of channels (docs/DimensionDenotation.md of ONNX)."""
CHANNELS_FIRST = (0, 3, 1, 2)
CHANNELS_LAST = (0, 2, 3, 1)
ACTIVATIONS = ("int8", "uint8")


class OnnxWriter:
    """An ONNX graph that grows operator by operator."""

    def __init__(self, model: TfliteModel):
        self._model = model
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[TensorProto] = []
        self._reals: dict[int, str] = {}
        self._recut: set[int] = set()
        self._names = {tensor.name for tensor in model.tensors}

    def finish(self, name: str) -> onnx.ModelProto:
        """The whole graph, with the inputs and outputs of the model, and notes on its states."""
        graph = helper.make_graph(
            self._nodes,
            name,
            [self._value(index) for index in self._model.inputs],
            [self._value(index) for index in self._model.outputs],
            self._constants,
            value_info=[self._value(index) for index in sorted(self._recut)],
        )
        return helper.make_model(
            graph,
            producer_name=PRODUCER,
            doc_string="\n".join(state.note for state in self._model.states),
            ir_version=IR_VERSION,
            opset_imports=[helper.make_opsetid("", OPSET)],
        )

    def has(self, operator: Operator, position: int) -> bool:
        """Whether an optional input is given."""
        return position < len(operator.inputs) and operator.inputs[position] != ABSENT

    def source(self, operator: Operator, position: int = 0) -> TfliteTensor:
        """An input of an operator."""
        if not self.has(operator, position):
            raise operator.problem(f"input {position} is missing")
        return self._model.tensors[operator.inputs[position]]

    def target(self, operator: Operator, position: int = 0) -> TfliteTensor:
        """An output of an operator."""
        if position >= len(operator.outputs) or operator.outputs[position] == ABSENT:
            raise operator.problem(f"output {position} is missing")
        return self._model.tensors[operator.outputs[position]]

    def constant_input(self, operator: Operator, position: int) -> npt.NDArray[np.generic]:
        """The values of an input that has to be constant: weights, axes, sizes."""
        tensor = self.source(operator, position)
        if not tensor.is_constant:
            raise operator.problem(f"input {position} ('{tensor.name}') is not constant")
        return tensor.array

    def integers(self, operator: Operator, position: int) -> list[int]:
        """A constant input as a list of integers."""
        return [int(value) for value in self.constant_input(operator, position).reshape(-1)]

    def real(self, operator: Operator, position: int = 0) -> str:
        """The reals of an input."""
        tensor = self.source(operator, position)
        if tensor.index not in self._reals:
            self._reals[tensor.index] = self._new_reals(operator, tensor)
        return self._reals[tensor.index]

    def _new_reals(self, operator: Operator, tensor: TfliteTensor) -> str:
        name = self.constant(tensor.array, tensor.name) if tensor.is_constant else tensor.name
        if tensor.dtype == "float32":
            return name
        return self.node(operator, "DequantizeLinear", name, *self._parameters(operator, tensor))

    def _parameters(self, operator: Operator, tensor: TfliteTensor) -> tuple[str, str]:
        """Scale and zero point of a tensor that has one of both."""
        quantised = tensor.quantised
        if tensor.dtype not in ACTIVATIONS or quantised is None:
            raise operator.problem(
                f"tensor '{tensor.name}' is {tensor.dtype}"
                + ("" if quantised else " without a scale"),
                "activations of int8 or uint8 are supported: convert the model with full integer "
                "quantisation",
            )
        if quantised.scales.size != 1:
            raise operator.problem(
                f"tensor '{tensor.name}' has {quantised.scales.size} scales",
                "activations of one scale are supported",
            )
        zero_point = quantised.zero_points.astype(tensor.dtype).reshape(())
        if int(zero_point) != int(quantised.zero_points[0]):
            raise operator.problem(
                f"tensor '{tensor.name}' has zero point {quantised.zero_points[0]}, which is no "
                f"{tensor.dtype}"
            )
        return self.constant(quantised.scales.reshape(())), self.constant(zero_point)

    def result(self, operator: Operator, real: str, position: int = 0) -> None:
        """Names reals as an output of an operator, quantised as it is."""
        tensor = self.target(operator, position)
        if tensor.dtype == "float32":
            self._append("Identity", self._label(operator), [real], [tensor.name])
            return
        parameters = self._parameters(operator, tensor)
        self._append("QuantizeLinear", "", [real, *parameters], [tensor.name])

    def recut_result(self, operator: Operator, real: str) -> None:
        """The result of an operator that cuts dimensions anew, whose last are channels then."""
        self.result(operator, real)
        if len(self.target(operator).shape) == 4:
            self._recut.add(self.target(operator).index)

    def plain_result(self, operator: Operator, value: str) -> None:
        """Names a value that is not quantised as the output of an operator."""
        self._append("Identity", "", [value], [self.target(operator).name])

    def node(self, operator: Operator, op_type: str, *inputs: str, **attributes: Any) -> str:
        """A node of one output."""
        (output,) = self.nodes(operator, op_type, *inputs, **attributes)
        return output

    def nodes(
        self, operator: Operator, op_type: str, *inputs: str, outputs: int = 1, **attributes: Any
    ) -> list[str]:
        """A node, called after the operator, and the names of what it gives."""
        names = [self._new_name(f"{self._label(operator)}:{op_type}") for _ in range(outputs)]
        self._append(op_type, self._label(operator), inputs, names, **attributes)
        return names

    def channels_first(self, operator: Operator, real: str) -> str:
        """A tensor NHWC as NCHW."""
        return self.node(operator, "Transpose", real, perm=CHANNELS_FIRST)

    def channels_last(self, operator: Operator, real: str) -> str:
        """A tensor NCHW as NHWC."""
        return self.node(operator, "Transpose", real, perm=CHANNELS_LAST)

    def constant(self, array: npt.NDArray[Any] | Sequence[int], name: str = "constant") -> str:
        """A constant; lists are int64."""
        values = np.asarray(array, np.int64) if not isinstance(array, np.ndarray) else array
        known = self._new_name(name)
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values), known))
        return known

    def _append(
        self,
        op_type: str,
        name: str,
        inputs: Sequence[str],
        outputs: Sequence[str],
        **attributes: Any,
    ) -> None:
        self._nodes.append(helper.make_node(op_type, inputs, outputs, name, **attributes))

    def _new_name(self, wanted: str) -> str:
        name, count = wanted, 1
        while name in self._names:
            count += 1
            name = f"{wanted}_{count}"
        self._names.add(name)
        return name

    @staticmethod
    def _label(operator: Operator) -> str:
        return f"{operator.kind.lower()}_{operator.index}"

    def _value(self, index: int) -> onnx.ValueInfoProto:
        if index == ABSENT:
            raise ModelError("the .tflite file has an input or output without a tensor")
        tensor = self._model.tensors[index]
        try:
            element = helper.np_dtype_to_tensor_dtype(np.dtype(tensor.dtype))
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(
                f"input or output '{tensor.name}' is {tensor.dtype}; int8, uint8 and float32 are "
                "supported"
            ) from error
        value = helper.make_tensor_value_info(tensor.name, element, tensor.shape)
        if len(tensor.shape) == 4:
            value.type.tensor_type.shape.dim[3].denotation = CHANNELS_DENOTATION
        return value
