"""A network beside the exact interpreter: every layer on what it was given, in one run.

The interpreter judges each layer's tensor and then goes on with it as we have it. So a layer is
compared on its own inputs, a wrong one does not make others wrong, and no tie has to be followed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx

from dsconv.dialects.attributes import Layout
from dsconv.dialects.graph import layout_of, tensor_type
from dsconv.dialects.run import ReferenceRun, network_of
from dsconv.exact.interpreter import Judged, evaluate
from dsconv.frontends import ImportedNetwork, LayerSource, Port
from dsconv.frontends.onnx_file.view import View
from dsconv.verification.onnx_runtime import Array
from dsconv.verification.oracles import Agreement, Feeds


@dataclass(frozen=True)
class ExactComparison:
    """Runs of the reference semantics beside what the file means for the same inputs."""

    imported: ImportedNetwork
    runs: Sequence[ReferenceRun]
    judged: Sequence[Mapping[str, Judged]]

    @staticmethod
    def of(
        imported: ImportedNetwork,
        model: onnx.ModelProto,
        feeds: Feeds,
        runs: Sequence[ReferenceRun],
    ) -> ExactComparison:
        """Runs the interpreter, which raises ModelError for what it does not know."""
        names = [source.output.name for source in imported.layers if source.output is not None]
        names += [port.tensor for port in imported.outputs]
        judged = [
            evaluate(model, feed, names, given=_given(imported, run))
            for feed, run in zip(feeds, runs, strict=True)
        ]
        return ExactComparison(imported, runs, judged)

    def layer(self, source: LayerSource) -> Agreement | None:
        """How a layer agrees; None where the file has no tensor with its bytes."""
        if source.output is None:
            return None
        actual = np.concatenate([run.layers[source.label] for run in self.runs])
        return self._agreement(actual, source.output.name, source.output.view)

    def output(self, port: Port) -> Agreement:
        """How an output agrees."""
        index = self.imported.outputs.index(port)
        actual = np.concatenate([run.outputs[index] for run in self.runs])
        return self._agreement(actual, port.tensor, output_view(self.imported, port))

    def _agreement(self, actual: Array, name: str, view: View) -> Agreement:
        """Integers (n, C, H, W) beside a tensor of the file."""
        scales = _scales(self.imported, name)
        low, value, high = (
            np.concatenate(
                [view.stored(np.asarray(getattr(judged[name], field))) for judged in self.judged]
            )
            for field in ("low", "value", "high")
        )
        if scales is not None:  # reals, of which we give the integers in steps of their scale
            low, value, high = (part.astype(np.float64) / scales for part in (low, value, high))
            low, value, high = np.ceil(low - 0.5), np.rint(value), np.floor(high + 0.5)
        return Agreement.within(actual, low, value, high)


def output_view(imported: ImportedNetwork, port: Port) -> View:
    """How the tensor of an output, as it lies in the file, reads its (1, C, H, W)."""
    for source in imported.layers:
        for tensor in (*source.inputs, source.output):
            if tensor is not None and tensor.name == port.tensor:
                return tensor.view
    returned = network_of(imported.module).body.block.last_op
    assert returned is not None, "a network ends with a return"
    value = returned.operands[imported.outputs.index(port)]
    order = (0, 2, 3, 1) if layout_of(value) is Layout.HWC else (0, 1, 2, 3)
    return View(tensor_type(value).get_shape(), order, port.shape)


def _given(imported: ImportedNetwork, run: ReferenceRun) -> dict[str, Array]:
    """Results of layers by the names of their tensors, as they lie in the file."""
    return {
        source.output.name: source.output.view.read(run.layers[source.label])
        for source in imported.layers
        if source.output is not None and _scales(imported, source.output.name) is None
    }


def _scales(imported: ImportedNetwork, name: str) -> Array | None:
    """Of an output that is not quantised in the file: real numbers a step, (1, C or 1, 1, 1)."""
    for port in imported.outputs:
        if port.tensor == name and port.dtype == "int32" and port.channel_scales:
            return np.array(port.channel_scales).reshape(1, -1, 1, 1)
        if port.tensor == name and port.dtype == "int32" and port.scale is not None:
            return np.array(port.scale).reshape(1, 1, 1, 1)
    return None
