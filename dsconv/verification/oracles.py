"""Who says what a file means, and how values compare with theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from dsconv.frontends.flavours.litert import LITERT
from dsconv.frontends.flavours.registry import INTEGER_FLAVOURS
from dsconv.frontends.flavours.tflite import TFLITE
from dsconv.verification.onnx_runtime import Array

Feeds = Sequence[Mapping[str, Array]]


class Judge(Enum):
    """Who says what a file means; the value is its name for people."""

    ONNX_RUNTIME = "ONNX Runtime"
    EXACT = "the exact interpreter"
    TFLM = "TensorFlow Lite Micro"
    LITERT = "LiteRT's reference kernels"


TFLITE_JUDGES = (Judge.TFLM, Judge.LITERT)
"""Who run .tflite files."""


def judge_of(flavour: str, *, of_tflite_file: bool) -> Judge:
    """Who tells what a file of a flavour means."""
    if of_tflite_file and flavour in (TFLITE.name, LITERT.name):
        return Judge.TFLM if flavour == TFLITE.name else Judge.LITERT
    return Judge.EXACT if flavour in INTEGER_FLAVOURS else Judge.ONNX_RUNTIME


@dataclass(frozen=True)
class Agreement:
    """How values compare with a judge's, the nearer of those that it gives in several ways.

    `different` of `values` equal none, and are at most `largest` away; `channel` is the first with
    such a value, or None. `explained` of them lie so near a tie that float32 cannot tell both
    integers apart. `is_settled` says that all ways give the same.
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
        reasons = np.zeros(distance.shape, np.bool_)
        if explained is not None:
            reasons = (distance > 0) & np.any(explained & (distances == distance), axis=0)
        return _agreement(distance, reasons, is_settled=not distances.any())

    @staticmethod
    def within(actual: Array, low: Array, value: Array, high: Array) -> Agreement:
        """Compares values (n, C, ...) with what they can be: `value`, or from `low` to `high`."""
        outside = np.maximum(np.maximum(low - actual, actual - high), 0.0)
        explained = (actual != value) & (outside == 0)
        distance = np.where(explained, np.abs(actual - value), outside)
        return _agreement(distance, explained, is_settled=True)

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


def _agreement(distance: Array, explained: Array, *, is_settled: bool) -> Agreement:
    """Of the distances (n, C, ...) of values."""
    per_channel = distance.reshape(*distance.shape[:2], -1).max(axis=(0, 2))
    channels = np.flatnonzero(per_channel)
    return Agreement(
        distance.size,
        int(np.count_nonzero(distance)),
        int(np.ceil(distance.max())),
        int(channels[0]) if channels.size else None,
        int(np.count_nonzero(explained)),
        is_settled,
    )
