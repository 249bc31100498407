"""What comparisons of a network with others' results share: places of tensors, layers, outputs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dsconv.dialects.attributes import Layout
from dsconv.dialects.graph import LayerOperation, layout_of, tensor_type
from dsconv.dialects.run import ReferenceRun, network_of
from dsconv.frontends import ImportedNetwork, LayerSource, OnnxTensor, Port
from dsconv.frontends.onnx_file.view import View
from dsconv.verification.onnx_runtime import Array
from dsconv.verification.oracles import Agreement


@dataclass(frozen=True)
class TensorPlace:
    """A tensor of the file, how it reads an activation, and what a step of the activation is.

    `scales` is None where the file has the integers themselves. It has reals where an output is not
    quantised, of which we give sums or bytes: (1, C or 1, 1, 1) scales, and the zero point.
    """

    name: str
    view: View
    scales: Array | None
    zero_point: int = 0

    @staticmethod
    def of(imported: ImportedNetwork, tensor: OnnxTensor) -> TensorPlace:
        """The place of a layer's tensor."""
        return TensorPlace(tensor.name, tensor.view, scales_of(imported, tensor.name))

    def stored(self, tensor: Array) -> Array:
        """A tensor of the file as (1, C, H, W)."""
        return self.view.stored(np.asarray(tensor))

    def steps(self, stored: Array) -> Array:
        """Values of the file, (n, C, H, W), in steps of the activation."""
        if self.scales is None:
            return stored
        return np.rint(stored.astype(np.float64) / self.scales) + self.zero_point

    def reals(self, steps: Array) -> Array:
        """Steps of the activation as values of the file."""
        return steps if self.scales is None else (steps - self.zero_point) * self.scales


class TensorComparison(ABC):
    """Runs of the reference semantics beside tensors that others have for the same inputs."""

    def __init__(self, imported: ImportedNetwork, runs: Sequence[ReferenceRun]):
        self._imported, self._runs = imported, runs

    def layer(self, source: LayerSource) -> Agreement | None:
        """How a layer agrees; None where the others have no tensor with its bytes."""
        if source.output is None or not self._has(source.output.name):
            return None
        actual = np.concatenate([run.layers[source.label] for run in self._runs])
        return self._agreement(TensorPlace.of(self._imported, source.output), actual)

    def output(self, port: Port) -> Agreement:
        """How an output agrees."""
        index = self._imported.outputs.index(port)
        actual = np.concatenate([run.outputs[index] for run in self._runs])
        return self._agreement(place_of_output(self._imported, port), actual)

    @abstractmethod
    def _has(self, tensor: str) -> bool:
        """Whether the others have a tensor."""

    @abstractmethod
    def _agreement(self, place: TensorPlace, actual: Array) -> Agreement:
        """How what we have, (n, C, H, W), agrees with a tensor of the others'."""


def tensor_names(imported: ImportedNetwork) -> list[str]:
    """Tensors of the file that hold what layers and outputs have."""
    layers = [source.output.name for source in imported.layers if source.output is not None]
    return layers + [port.tensor for port in imported.outputs]


def place_of_output(imported: ImportedNetwork, port: Port) -> TensorPlace:
    """The tensor of an output, as it lies in the file."""
    view, scales = _output_view(imported, port), scales_of(imported, port.tensor)
    if scales is None and _holds_reals(imported, port):
        return TensorPlace(port.tensor, view, np.array(port.scale), port.zero_point)
    return TensorPlace(port.tensor, view, scales)


def _holds_reals(imported: ImportedNetwork, port: Port) -> bool:
    """Whether no tensor of the file has an output's bytes, so that its tensor is what they mean."""
    returned = network_of(imported.module).body.block.last_op
    assert returned is not None, "a network ends with a return"
    layer = returned.operands[imported.outputs.index(port)].owner
    nameless = {source.label for source in imported.layers if source.output is None}
    is_nameless = isinstance(layer, LayerOperation) and layer.label in nameless
    return is_nameless and "DequantizeLinear" in port.caller_steps


def _output_view(imported: ImportedNetwork, port: Port) -> View:
    for source in imported.layers:
        for tensor in (*source.inputs, source.output):
            if tensor is not None and tensor.name == port.tensor:
                return tensor.view
    returned = network_of(imported.module).body.block.last_op
    assert returned is not None, "a network ends with a return"
    value = returned.operands[imported.outputs.index(port)]
    order = (0, 2, 3, 1) if layout_of(value) is Layout.HWC else (0, 1, 2, 3)
    return View(tensor_type(value).get_shape(), order, port.shape)


def scales_of(imported: ImportedNetwork, name: str) -> Array | None:
    """Of an output that is not quantised in the file."""
    for port in imported.outputs:
        if port.tensor == name and port.dtype == "int32" and port.channel_scales:
            return np.array(port.channel_scales).reshape(1, -1, 1, 1)
        if port.tensor == name and port.dtype == "int32" and port.scale is not None:
            return np.array(port.scale).reshape(1, 1, 1, 1)
    return None
