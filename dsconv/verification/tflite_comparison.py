"""A network beside an interpreter of TFLite: every tensor of the file, of one run.

The first layer that differs is wrong; layers behind it may differ because it does.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dsconv.dialects.run import ReferenceRun
from dsconv.frontends import ImportedNetwork
from dsconv.frontends.tflite_file.schema import parse
from dsconv.verification.comparison import TensorComparison, TensorPlace, tensor_names
from dsconv.verification.oracles import Agreement, Feeds, Judge
from dsconv.verification.tflite_interpreters import run_file, run_litert, run_tflm

INTERPRETERS = {Judge.TFLM: run_tflm, Judge.LITERT: run_litert}


class TfliteComparison(TensorComparison):
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
        super().__init__(imported, runs)
        names = tensor_names(imported)
        model = parse(data)
        run = INTERPRETERS[judge]
        self._tensors = [run_file(run, data, model, feed, names) for feed in feeds]

    def _has(self, tensor: str) -> bool:
        return tensor in self._tensors[0]

    def _agreement(self, place: TensorPlace, actual: np.ndarray) -> Agreement:
        found = np.concatenate([place.stored(tensors[place.name]) for tensors in self._tensors])
        return Agreement.of(actual, [place.steps(found)])
