"""A network beside an interpreter of TFLite: every tensor of the file, of one run.

The first layer that differs is wrong; layers behind it may differ because it does.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dsconv.dialects.run import ReferenceRun
from dsconv.frontends import ImportedNetwork, LayerSource, Port
from dsconv.frontends.tflite_file.schema import parse
from dsconv.verification.exact import TensorPlace, place_of_output
from dsconv.verification.oracles import Agreement, Feeds, Judge
from dsconv.verification.tflite_interpreters import run_file, run_litert, run_tflm

INTERPRETERS = {Judge.TFLM: run_tflm, Judge.LITERT: run_litert}


class TfliteComparison:
    """Runs of the reference semantics beside an interpreter's of the same inputs.

    Raises DsconvError where the interpreter is missing or cannot run the file.
    """

    def __init__(
        self,
        imported: ImportedNetwork,
        data: bytes,
        feeds: Feeds,
        runs: Sequence[ReferenceRun],
        judge: Judge,
    ):
        self._imported, self._runs = imported, runs
        names = [source.output.name for source in imported.layers if source.output is not None]
        names += [port.tensor for port in imported.outputs]
        model = parse(data)
        run = INTERPRETERS[judge]
        self._tensors = [run_file(run, data, model, feed, names) for feed in feeds]

    def layer(self, source: LayerSource) -> Agreement | None:
        """How a layer agrees; None where the file has no tensor with its bytes."""
        if source.output is None or source.output.name not in self._tensors[0]:
            return None
        actual = np.concatenate([run.layers[source.label] for run in self._runs])
        return self._agreement(TensorPlace.of(self._imported, source.output), actual)

    def output(self, port: Port) -> Agreement:
        """How an output agrees."""
        index = self._imported.outputs.index(port)
        actual = np.concatenate([run.outputs[index] for run in self._runs])
        return self._agreement(place_of_output(self._imported, port), actual)

    def _agreement(self, place: TensorPlace, actual: np.ndarray) -> Agreement:
        found = np.concatenate([place.stored(tensors[place.name]) for tensors in self._tensors])
        return Agreement.of(actual, [place.steps(found)])
