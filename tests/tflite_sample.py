"""A random .tflite file of one operator, while it is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from tflite_models import TfliteModelWriter

Written = int | Sequence[int]
"""One output of the file, or several."""


@dataclass
class Sample:
    """One operator being written, on an image NHWC of random size."""

    rng: np.random.Generator
    dtype: str
    writer: TfliteModelWriter
    shape: tuple[int, int, int, int]
    scale: float
    zero_point: int
    x: int

    @staticmethod
    def start(rng: np.random.Generator, dtype: str) -> Sample:
        writer = TfliteModelWriter()
        height, width, channels = (int(size) for size in rng.integers(1, 9, 3))
        shape = (1, height, width, channels)
        scale, zero_point = quantisation(rng, dtype)
        x = writer.input(shape, scale, zero_point, dtype)
        return Sample(rng, dtype, writer, shape, scale, zero_point, x)

    def one_of(self, *values: int) -> int:
        return int(self.rng.choice(values))

    def output(self, *shape: int) -> int:
        """A result with a scale of its own."""
        return self.writer.activation(shape, *quantisation(self.rng, self.dtype), self.dtype)

    def moved(self, *shape: int) -> int:
        """A result with the scale of the input."""
        return self.writer.activation(shape, self.scale, self.zero_point, self.dtype)

    def another_input(self, *shape: int, same_scale: bool = False) -> int:
        """One more input."""
        scale = (self.scale, self.zero_point) if same_scale else quantisation(self.rng, self.dtype)
        return self.writer.input(shape, *scale, self.dtype)

    def requantised(self, tensor: int) -> int:
        """A tensor in a scale of its own: what alone would leave nothing to compile."""
        y = self.output(*self.writer.tensors[tensor].shape)
        self.writer.operator("QUANTIZE", [tensor], [y], "QuantizeOptions")
        return y

    def numbers(self, *values: int) -> int:
        """A constant list."""
        return self.writer.constant(np.array(values, np.int32))

    def constant(self, *shape: int) -> int:
        """Quantised constants."""
        limits = np.iinfo(self.dtype)
        values = self.rng.integers(limits.min, limits.max + 1, shape).astype(self.dtype)
        scale, zero_point = quantisation(self.rng, self.dtype)
        return self.writer.constant(values, [scale], 0, [zero_point])


def quantisation(rng: np.random.Generator, dtype: str) -> tuple[float, int]:
    limits = np.iinfo(dtype)
    return float(np.float32(rng.uniform(0.005, 0.1))), int(rng.integers(limits.min, limits.max + 1))


def options_of(kind: str) -> str:
    """The table of an operator's options, as LiteRT's classes call it."""
    return "".join(word.capitalize() for word in kind.split("_")) + "Options"
