"""A network beside the exact interpreter: every layer on what it was given, in one run.

The interpreter judges each layer's tensor and then goes on with it as we have it. So a layer is
compared on its own inputs, a wrong one does not make others wrong, and no tie has to be followed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx

from dsconv.dialects.attributes import Layout
from dsconv.dialects.graph import LayerOperation, layout_of, tensor_type
from dsconv.dialects.run import ReferenceRun, network_of
from dsconv.exact.interpreter import evaluate
from dsconv.frontends import ImportedNetwork, LayerSource, OnnxTensor, Port
from dsconv.frontends.onnx_file.view import View
from dsconv.verification.onnx_runtime import Array
from dsconv.verification.oracles import Agreement, Feeds


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
        return TensorPlace(tensor.name, tensor.view, _scales(imported, tensor.name))

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


class ExactComparison:
    """Runs of the reference semantics beside what the file means for the same inputs.

    Raises ModelError for operations that the interpreter does not know.
    """

    def __init__(
        self,
        imported: ImportedNetwork,
        model: onnx.ModelProto,
        feeds: Feeds,
        runs: Sequence[ReferenceRun],
        *,
        float_sums: bool = False,
    ):
        self._imported, self._runs = imported, runs
        names = [source.output.name for source in imported.layers if source.output is not None]
        names += [port.tensor for port in imported.outputs]
        self._judged = [
            evaluate(
                model,
                feed,
                names,
                given=ExactComparison.given(imported, run),
                float_sums=float_sums,
            )
            for feed, run in zip(feeds, runs, strict=True)
        ]

    @staticmethod
    def given(imported: ImportedNetwork, run: ReferenceRun) -> dict[str, Array]:
        """Results of layers by the names of their tensors, as they lie in the file."""
        return {
            source.output.name: source.output.view.read(run.layers[source.label])
            for source in imported.layers
            if source.output is not None and _scales(imported, source.output.name) is None
        }

    def layer(self, source: LayerSource) -> Agreement | None:
        """How a layer agrees; None where the file has no tensor with its bytes."""
        if source.output is None:
            return None
        actual = np.concatenate([run.layers[source.label] for run in self._runs])
        return self._agreement(TensorPlace.of(self._imported, source.output), actual)

    def output(self, port: Port) -> Agreement:
        """How an output agrees."""
        index = self._imported.outputs.index(port)
        actual = np.concatenate([run.outputs[index] for run in self._runs])
        return self._agreement(place_of_output(self._imported, port), actual)

    def allows(self, place: TensorPlace, values: Array) -> Array:
        """Which values of a tensor of the file, (n, C, H, W), are what it can be."""
        low, _, high = self._limits(place)
        if place.scales is not None:  # sums are whole steps, whatever the real is
            low, high = low - place.scales / 2, high + place.scales / 2
        return (low <= values) & (values <= high)

    def _agreement(self, place: TensorPlace, actual: Array) -> Agreement:
        low, value, high = self._limits(place)
        if place.scales is not None:
            low, value, high = (
                part / place.scales + place.zero_point for part in (low, value, high)
            )
            low, value, high = np.ceil(low - 0.5), np.rint(value), np.floor(high + 0.5)
        return Agreement.within(actual, low, value, high)

    def _limits(self, place: TensorPlace) -> tuple[Array, Array, Array]:
        """The smallest, the nearest and the largest that a tensor can be, (n, C, H, W)."""
        found = [judged[place.name] for judged in self._judged]
        parts = ([one.low, one.value, one.high] for one in found)
        low, value, high = (
            np.concatenate([place.stored(part) for part in column])
            for column in zip(*parts, strict=True)
        )
        return low, value, high


def place_of_output(imported: ImportedNetwork, port: Port) -> TensorPlace:
    """The tensor of an output, as it lies in the file."""
    view, scales = _output_view(imported, port), _scales(imported, port.tensor)
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


def _scales(imported: ImportedNetwork, name: str) -> Array | None:
    """Of an output that is not quantised in the file."""
    for port in imported.outputs:
        if port.tensor == name and port.dtype == "int32" and port.channel_scales:
            return np.array(port.channel_scales).reshape(1, -1, 1, 1)
        if port.tensor == name and port.dtype == "int32" and port.scale is not None:
            return np.array(port.scale).reshape(1, 1, 1, 1)
    return None
