"""A network beside ONNX Runtime: every layer on what it was given, then the outputs of the whole.

A layer is a model of its own, so that ONNX Runtime optimises it as it does in the whole: tensors
that are exposed in a session change what it computes. Where it differs, the exact interpreter tells
its own rounding from an error of ours: ours has to be what the file means, and ONNX Runtime's what
float32 can make of that.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import onnx

from dsconv.dialects.run import ReferenceRun
from dsconv.errors import ModelError
from dsconv.frontends import ImportedNetwork, LayerSource, Port
from dsconv.verification.comparison import TensorPlace, place_of_output
from dsconv.verification.decompose import spelled_out
from dsconv.verification.exact import ExactComparison
from dsconv.verification.onnx_runtime import Array, part_of, run_model
from dsconv.verification.oracles import Agreement, Feeds

WAYS = (True, False)
"""Optimised, it computes QDQ layers on integers; unoptimised, as float sums."""


class RuntimeComparison:
    """Runs of the reference semantics beside ONNX Runtime's of the same inputs."""

    def __init__(
        self,
        imported: ImportedNetwork,
        model: onnx.ModelProto,
        feeds: Feeds,
        runs: Sequence[ReferenceRun],
    ):
        self._imported, self._feeds, self._runs = imported, feeds, runs
        self._file, self._model = model, spelled_out(model)

    def layer(self, source: LayerSource) -> Agreement | None:
        """How a layer agrees; None where the file has no tensor with its bytes."""
        if source.output is None:
            return None
        place = TensorPlace.of(self._imported, source.output)
        part = part_of(self._model, self._known[0], place.name)
        read = {value.name for value in part.graph.input}
        feeds = [{name: tensors[name] for name in read} for tensors in self._known]
        actual = np.concatenate([run.layers[source.label] for run in self._runs])
        return self._agreement(part, feeds, place, actual)

    def output(self, port: Port) -> Agreement:
        """How an output agrees at the end of the whole network."""
        place = place_of_output(self._imported, port)
        index = self._imported.outputs.index(port)
        actual = np.concatenate([run.outputs[index] for run in self._runs])
        return self._agreement(self._model, self._feeds, place, actual)

    def _agreement(
        self, model: onnx.ModelProto, feeds: Feeds, place: TensorPlace, actual: Array
    ) -> Agreement:
        tensors = [
            np.concatenate([place.stored(found[place.name]) for found in results])
            for results in (
                run_model(model, feeds, [place.name], optimised=optimised) for optimised in WAYS
            )
        ]
        ways = [place.steps(tensor) for tensor in tensors]
        found = Agreement.of(actual, ways)
        if not found.different or self._exact is None or self._of_floats is None:
            return found
        ours = self._exact.allows(place, place.reals(actual))
        reasons = [ours & self._of_floats.allows(place, tensor) for tensor in tensors]
        return Agreement.of(actual, ways, np.stack(reasons))

    @cached_property
    def _known(self) -> list[dict[str, Array]]:
        """The inputs and our results by the names of their tensors, in the types of the file."""
        given = [ExactComparison.given(self._imported, run) for run in self._runs]
        types = self._types(list(given[0]))
        return [
            dict(feed) | {name: array.astype(types[name]) for name, array in tensors.items()}
            for feed, tensors in zip(self._feeds, given, strict=True)
        ]

    def _types(self, names: Sequence[str]) -> dict[str, np.dtype[Any]]:
        if not names:
            return {}
        (found,) = run_model(self._model, self._feeds[:1], names, optimised=False)
        return {name: array.dtype for name, array in found.items()}

    @cached_property
    def _exact(self) -> ExactComparison | None:
        """What the file means; None where the exact interpreter does not know an operation."""
        return self._comparison(float_sums=False)

    @cached_property
    def _of_floats(self) -> ExactComparison | None:
        """What a runtime may make of it that computes sums in float32."""
        return self._comparison(float_sums=True)

    def _comparison(self, *, float_sums: bool) -> ExactComparison | None:
        try:
            return ExactComparison(
                self._imported, self._file, self._feeds, self._runs, float_sums=float_sums
            )
        except ModelError:
            return None
