"""A network beside the exact interpreter: every layer on what it was given, in one run.

The interpreter judges each layer's tensor and then goes on with it as we have it. So a layer is
compared on its own inputs, a wrong one does not make others wrong, and no tie has to be followed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx

from dsconv.dialects.run import ReferenceRun
from dsconv.exact.interpreter import evaluate
from dsconv.frontends import ImportedNetwork
from dsconv.verification.comparison import (
    TensorComparison,
    TensorPlace,
    scales_of,
    tensor_names,
)
from dsconv.verification.onnx_runtime import Array
from dsconv.verification.oracles import Agreement, Feeds


class ExactComparison(TensorComparison):
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
        super().__init__(imported, runs)
        names = tensor_names(imported)
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
            if source.output is not None and scales_of(imported, source.output.name) is None
        }

    def _has(self, tensor: str) -> bool:
        return tensor in self._judged[0]

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
