"""What the front-end tests share: ONNX Runtime in two modes, layers by reference semantics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.interpreter import Interpreter
from xdsl.interpreters.func import FuncFunctions
from xdsl.ir import Operation

from dsconv.dialects.graph import LayerOperation
from dsconv.dialects.layer_semantics import GraphFunctions
from dsconv.frontends import ImportedNetwork, OnnxTensor
from dsconv.verification.onnx_runtime import open_session, with_outputs

Array = npt.NDArray[Any]
onnx_runtime, with_exposed = open_session, with_outputs
MODELS = Path(__file__).parents[2] / "shared" / "models"


def model_file(name: str) -> Path:
    """A file of the shared models; the test skips where they are absent."""
    path = MODELS / name
    if not path.is_file():
        pytest.skip(f"no {path}: the shared models are not here")
    return path


def interpreter(module: ModuleOp) -> Interpreter:
    """An interpreter of the graph level."""
    runner = Interpreter(module)
    runner.register_implementations(GraphFunctions())
    runner.register_implementations(FuncFunctions())
    return runner


def function_of(network: ImportedNetwork) -> func.FuncOp:
    """The one function of an imported network."""
    (function,) = network.module.ops
    assert isinstance(function, func.FuncOp)
    return function


def layer_operations(network: ImportedNetwork) -> dict[str, LayerOperation]:
    """Layers by label, in order."""
    return {
        operation.label: operation
        for operation in function_of(network).body.block.ops
        if isinstance(operation, LayerOperation)
    }


def run_network(network: ImportedNetwork, *inputs: Array) -> tuple[Array, ...]:
    """Runs the function on (1, C, H, W) arrays."""
    return interpreter(network.module).call_op(function_of(network), inputs)


def run_layer(
    network: ImportedNetwork, operation: LayerOperation, inputs: Sequence[Array]
) -> Array:
    """Runs one layer on given activations."""
    runner = interpreter(network.module)
    activations = iter(inputs)
    operands = [
        next(activations) if operand in operation.activations else _constant(runner, operand.owner)
        for operand in operation.operands
    ]
    (result,) = runner.run_op(operation, tuple(operands))
    return result


def _constant(runner: Interpreter, owner: Any) -> Array:
    assert isinstance(owner, Operation)
    (array,) = runner.run_op(owner, ())
    return array


@dataclass(frozen=True)
class Difference:
    """How many values of a layer differ from ONNX Runtime, of how many, and by how much."""

    label: str
    kind: str
    values: int
    different: int
    largest: int


def layer_differences(
    network: ImportedNetwork, model: onnx.ModelProto, feeds: Mapping[str, Array], *, optimised: bool
) -> list[Difference]:
    """Feeds each layer its true input and compares its output, quantised tensor by tensor."""
    tensors = {
        tensor.name: tensor
        for layer in network.layers
        for tensor in (*layer.inputs, layer.output)
        if tensor is not None
    }
    inputs = {name: tensors.pop(name) for name in feeds if name in tensors}
    session = onnx_runtime(with_exposed(model, list(tensors)), optimised=optimised)
    results = session.run(list(tensors), dict(feeds))
    arrays = {
        **{name: view.view.stored(feeds[name]) for name, view in inputs.items()},
        **{
            name: tensors[name].view.stored(np.asarray(array))
            for name, array in zip(tensors, results, strict=True)
        },
    }
    operations = layer_operations(network)
    return [
        _difference(network, operations[layer.label], layer.output, layer.inputs, arrays)
        for layer in network.layers
    ]


def _difference(
    network: ImportedNetwork,
    operation: LayerOperation,
    output: OnnxTensor | None,
    inputs: Sequence[OnnxTensor | None],
    arrays: Mapping[str, Array],
) -> Difference:
    assert output is not None
    given = [arrays[tensor.name] for tensor in inputs if tensor is not None]
    expected = arrays[output.name]
    result = run_layer(network, operation, given)
    distance = np.abs(result.astype(np.int64) - expected.astype(np.int64))
    return Difference(
        operation.label,
        operation.kind,
        expected.size,
        int(np.count_nonzero(distance)),
        int(distance.max()),
    )
