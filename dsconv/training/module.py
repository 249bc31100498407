"""A float ONNX network as a torch module whose parameters are the weights of the file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from dsconv.errors import ModelError
from dsconv.frontends.onnx_file.onnx_graph import Node, OnnxGraph
from dsconv.training.operations import given, operation

NORMALISATION = "BatchNormalization"
WEIGHTS = {
    **dict.fromkeys(("Conv", "Gemm"), (1, 2)),
    NORMALISATION: (1, 2),
    **dict.fromkeys(("MatMul", "PRelu"), (1,)),
}
"""Inputs of an operation that are trained where they are constants."""
STATISTICS = (3, 4)
"""Inputs of a batch normalisation: mean and variance."""


class OnnxModule(nn.Module):
    """Computes logits, (n, classes), from the network's only input, (n, C, H, W).

    A Softmax at the end stays in the file and is not computed. Parameters and buffers are called as
    the constants of the file, `onnx/` before it and `/` in place of `.`. `momentum` is what a batch
    normalisation takes of a new batch in training, None as its node says.
    Raises ModelError where the network has several inputs or outputs, is quantised, or has an
    operation that training does not know.
    """

    def __init__(self, model: onnx.ModelProto):
        super().__init__()
        self.model = model
        self.graph = OnnxGraph(model)
        if len(self.graph.inputs) != 1 or len(self.graph.outputs) != 1:
            raise ModelError(
                f"the network has {len(self.graph.inputs)} inputs and {len(self.graph.outputs)} "
                "outputs; training takes one of each"
            )
        self.input = self.graph.inputs[0]
        if self.input.dtype != "float32":
            raise ModelError(f"the network takes {self.input.dtype}; training takes a float one")
        self.momentum: float | None = None
        last = self.graph.producer(self.graph.outputs[0])
        if last is not None and last.op_type == "Softmax":
            self.output = last.inputs[0]
        else:
            self.output = self.graph.outputs[0]
        trained = _trained(self.graph)
        self._constants = {
            name: array
            for node in self.graph.nodes
            for name in (*node.inputs, *node.outputs)
            if (array := self.graph.constant(name)) is not None
        }
        self._keys: dict[str, str] = {}
        for name, array in self._constants.items():
            key = "onnx/" + name.replace(".", "/")
            if key in self._keys.values():
                raise ModelError(f"two constants are called '{key}' but for dots; rename one")
            self._keys[name] = key
            tensor = torch.from_numpy(np.array(array))
            if name in trained:
                self.register_parameter(key, nn.Parameter(tensor))
            else:
                self.register_buffer(key, tensor)
        self._steps = [
            (node, None if node.op_type == NORMALISATION else operation(node))
            for node in self.graph.nodes
            if node.op_type != "Constant"
        ]

    def key(self, name: str) -> str:
        """The name of a constant of the file among parameters and buffers."""
        return self._keys[name]

    def constant(self, name: str) -> Tensor:
        """The parameter or buffer of a constant of the file."""
        value = getattr(self, self._keys[name])
        assert isinstance(value, Tensor)
        return value

    def forward(self, x: Tensor) -> Tensor:
        """The logits."""
        return self.values(x)[self.output]

    def values(self, x: Tensor) -> dict[str, Tensor]:
        """Every tensor that a node makes, by its name."""
        found = {self.input.name: x}
        for node, compute in self._steps:
            inputs = [self._value(name, found) for name in node.inputs]
            if compute is None:
                found[node.outputs[0]] = self._normalised(node, inputs)
            else:
                found[node.outputs[0]] = compute(node, inputs)
        return found

    def _value(self, name: str, found: dict[str, Tensor]) -> Tensor | None:
        if not name:
            return None
        return found[name] if name in found else self.constant(name)

    def _normalised(self, node: Node, inputs: Sequence[Tensor | None]) -> Tensor:
        x, scale, bias, mean, variance = (given(value) for value in inputs)
        momentum = 1 - node.real("momentum", 0.9) if self.momentum is None else self.momentum
        epsilon = node.real("epsilon", 1e-5)
        return functional.batch_norm(
            x, mean, variance, scale, bias, self.training, momentum, epsilon
        )

    def to_onnx(self) -> onnx.ModelProto:
        """The network of the file with the weights of now.

        Raises ModelError where a weight is a Constant node: those have no place to write it.
        """
        written = onnx.ModelProto()
        written.CopyFrom(self.model)
        for tensor in written.graph.initializer:
            if tensor.name in self._keys:
                value = self.constant(tensor.name).detach().numpy()
                tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(value), tensor.name))
        return written


def _trained(graph: OnnxGraph) -> set[str]:
    """Names of the weights. Raises ModelError where one is no initializer."""
    found: set[str] = set()
    for node in graph.nodes:
        for index in WEIGHTS.get(node.op_type, ()):
            if not node.has_input(index) or graph.constant(node.inputs[index]) is None:
                continue
            if node.inputs[index] not in graph.initializers:
                raise node.problem("its weights are a Constant node", "make them initializers")
            found.add(node.inputs[index])
        if node.op_type in ("DequantizeLinear", "QLinearConv"):
            raise node.problem("the network is quantised already", "train the float network")
    return found


def recalibrate(module: nn.Module, batches: Sequence[Tensor]) -> None:
    """Takes mean and variance of every batch normalisation in a module anew, over the batches."""
    networks = [part for part in module.modules() if isinstance(part, OnnxModule)]
    was_training = module.training
    module.train()
    with torch.no_grad():
        for number, batch in enumerate(batches, start=1):
            for network in networks:
                network.momentum = 1 / number
            module(batch)
    for network in networks:
        network.momentum = None
    module.train(was_training)
