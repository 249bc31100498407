"""Who says what an ONNX file means, and how values compare with theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import onnx

from dsconv.frontends.flavours.registry import INTEGER_FLAVOURS
from dsconv.verification.integer_reference import run_in_doubles
from dsconv.verification.onnx_runtime import Array, run_model

Feeds = Sequence[Mapping[str, Array]]


@dataclass(frozen=True)
class Judge:
    """Who says what a file means, in one or more ways.

    `run` gives the named tensors of a model for each of its feeds, by the first of the ways for
    what layers are fed. Only where a judge `rounds` reals may a difference be explained by that.
    """

    name: str
    ways: Sequence[Callable[[onnx.ModelProto, Feeds, Sequence[str]], list[dict[str, Array]]]]
    rounds: bool


ONNX_RUNTIME = Judge(
    "ONNX Runtime",
    (partial(run_model, optimised=True), partial(run_model, optimised=False)),
    rounds=True,
)
"""Optimised, it computes QDQ layers on integers; unoptimised, as float sums."""
INTEGERS = Judge("onnx's reference evaluator in doubles", (run_in_doubles,), rounds=False)
"""For graphs on integers, of which doubles have all."""
EXACT = Judge("the exact interpreter", (), rounds=False)
"""The file in fractions, by its own reader (`dsconv.exact`)."""


def judge_of(flavour: str) -> Judge:
    """Who tells what a file of a flavour means."""
    return INTEGERS if flavour in INTEGER_FLAVOURS else ONNX_RUNTIME


@dataclass(frozen=True)
class Agreement:
    """How values compare with a judge's, the nearer of those that it gives in several ways.

    `different` of `values` equal none, and are at most `largest` away; `channel` is the first with
    such a value, or None. `explained` of them are one step away because the judge rounds reals to
    float32 before it rounds them to integers. `is_settled` says that all ways give the same.
    """

    values: int
    different: int
    largest: int
    channel: int | None
    explained: int
    is_settled: bool

    @staticmethod
    def of(actual: Array, ways: Sequence[Array], explained: Array | None = None) -> Agreement:
        """Compares values (n, C, ...) with those of all ways; `explained` (ways, n, C, ...)."""
        distances = np.abs(np.stack(ways).astype(np.float64) - actual.astype(np.float64))
        distance = distances.min(axis=0)
        per_channel = distance.reshape(*actual.shape[:2], -1).max(axis=(0, 2))
        channels = np.flatnonzero(per_channel)
        reasons = 0 if explained is None else np.count_nonzero((distance > 0) & explained.any(0))
        return Agreement(
            distance.size,
            int(np.count_nonzero(distance)),
            int(distance.max()),
            int(channels[0]) if channels.size else None,
            int(reasons),
            not distances.any(),
        )

    @staticmethod
    def within(actual: Array, low: Array, value: Array, high: Array) -> Agreement:
        """Compares values (n, C, ...) with what they can be: `value`, or from `low` to `high`."""
        outside = np.maximum(np.maximum(low - actual, actual - high), 0.0)
        explained = (actual != value) & (outside == 0)
        distance = np.where(explained, np.abs(actual - value), outside)
        per_channel = distance.reshape(*actual.shape[:2], -1).max(axis=(0, 2))
        channels = np.flatnonzero(per_channel)
        return Agreement(
            distance.size,
            int(np.count_nonzero(distance)),
            int(np.ceil(distance.max())),
            int(channels[0]) if channels.size else None,
            int(np.count_nonzero(explained)),
            is_settled=True,
        )

    @property
    def is_explained(self) -> bool:
        """Whether nothing differs without a reason."""
        return self.explained == self.different

    def __str__(self) -> str:
        text = (
            f"{self.different} of {self.values} values differ, by at most {self.largest}, the "
            f"first in channel {self.channel}"
        )
        return f"{text}; float32's rounding explains {self.explained}" if self.explained else text
