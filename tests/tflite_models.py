"""Writes .tflite files: what tests of their reader read. Takes LiteRT's classes of the schema."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

flatbuffers = pytest.importorskip("flatbuffers", reason="ai-edge-litert brings it (.[dev])")
schema: Any = pytest.importorskip(
    "ai_edge_litert.schema_py_generated", reason="pip install ai-edge-litert (.[dev])"
)

Array = npt.NDArray[Any]
CODES = {name: code for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}
TYPES = {
    "float32": schema.TensorType.FLOAT32,
    "int32": schema.TensorType.INT32,
    "int64": schema.TensorType.INT64,
    "int8": schema.TensorType.INT8,
    "uint8": schema.TensorType.UINT8,
    "int16": schema.TensorType.INT16,
    "resource": schema.TensorType.RESOURCE,
}


class TfliteModelWriter:
    """A file of one graph, tensor by tensor, and of one that begins its variables."""

    def __init__(self) -> None:
        self.tensors: list[Any] = []
        self.operators: list[Any] = []
        self.codes: list[str] = []
        self.inputs: list[int] = []
        self.buffers: list[Any] = [schema.BufferT()]
        self.first: TfliteModelWriter | None = None

    def variable(self, name: str) -> int:
        """What READ_VARIABLE and ASSIGN_VARIABLE take."""
        handle = self.activation([], None, dtype="resource")
        self.operator("VAR_HANDLE", [], [handle], "VarHandleOptions", sharedName=name)
        return handle

    def begin(self) -> TfliteModelWriter:
        """The graph that is run before the first call."""
        self.operator("CALL_ONCE", [], [], "CallOnceOptions", initSubgraphIndex=1)
        self.first = TfliteModelWriter()
        self.first.buffers, self.first.codes = self.buffers, self.codes
        return self.first

    def activation(
        self,
        shape: Sequence[int],
        scale: float | None,
        zero_point: int = 0,
        dtype: str = "int8",
    ) -> int:
        """A tensor without values."""
        tensor = schema.TensorT()
        tensor.shape, tensor.type, tensor.buffer = list(shape), TYPES[dtype], 0
        tensor.name = f"t{len(self.tensors)}"
        tensor.hasRank = True
        if scale is not None:
            tensor.quantization = _quantisation([scale], [zero_point], 0)
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def input(
        self, shape: Sequence[int], scale: float, zero_point: int = 0, dtype: str = "int8"
    ) -> int:
        """An input of the network."""
        self.inputs.append(self.activation(shape, scale, zero_point, dtype))
        return self.inputs[-1]

    def constant(
        self,
        array: Array,
        scales: Sequence[float] = (),
        axis: int = 0,
        zero_points: Sequence[int] | None = None,
    ) -> int:
        """A tensor with values."""
        index = self.activation(array.shape, None, 0, array.dtype.name)
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(array.tobytes(), np.uint8)
        self.buffers.append(buffer)
        self.tensors[index].buffer = len(self.buffers) - 1
        if scales:
            zeros = [0] * len(scales) if zero_points is None else zero_points
            self.tensors[index].quantization = _quantisation(scales, zeros, axis)
        return index

    def operator(
        self,
        kind: str,
        inputs: Sequence[int],
        outputs: Sequence[int],
        options: str | None = None,
        **values: Any,
    ) -> None:
        """An operator; `options` is the name of its options' table."""
        operator = schema.OperatorT()
        operator.inputs, operator.outputs = list(inputs), list(outputs)
        operator.opcodeIndex = self._code(kind)
        if options is not None:
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, options)
            operator.builtinOptions = getattr(schema, f"{options}T")()
            for name, value in values.items():
                assert hasattr(operator.builtinOptions, name), name
                setattr(operator.builtinOptions, name, value)
        self.operators.append(operator)

    def _code(self, kind: str) -> int:
        if kind not in self.codes:
            self.codes.append(kind)
        return self.codes.index(kind)

    def finish(self, *outputs: int) -> bytes:
        """The file."""
        graphs = [self._graph(outputs), *([self.first._graph(())] if self.first else [])]
        model = schema.ModelT()
        model.version, model.subgraphs, model.buffers = 3, graphs, self.buffers
        model.operatorCodes = [_operator_code(kind) for kind in self.codes]
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def _graph(self, outputs: Sequence[int]) -> Any:
        graph = schema.SubGraphT()
        graph.tensors, graph.operators = self.tensors, self.operators
        graph.inputs, graph.outputs = self.inputs, list(outputs)
        return graph


def _quantisation(scales: Sequence[float], zero_points: Sequence[int], axis: int) -> Any:
    quantisation = schema.QuantizationParametersT()
    quantisation.scale = [float(np.float32(scale)) for scale in scales]
    quantisation.zeroPoint, quantisation.quantizedDimension = list(zero_points), axis
    return quantisation


def _operator_code(kind: str) -> Any:
    code = schema.OperatorCodeT()
    code.builtinCode, code.version = CODES[kind], 1
    code.deprecatedBuiltinCode = min(CODES[kind], 127)
    return code
