"""Dense kernels in assembly against the reference semantics, many to a run of the simulator."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pytest
from handwritten import needs_gvsoc
from xpulp_program import Bytes, Case, run_cases

from dsconv.dialects.attributes import (
    Layout,
    NarrowRequantAttr,
    RequantAttr,
    Rounding,
    WindowAttr,
)
from dsconv.dialects.graph import activation_type
from dsconv.dialects.records import (
    BIAS,
    WEIGHT_ZERO_POINT,
    pack_records,
    uniform_narrow,
    uniform_requant,
    varying_narrow_fields,
    varying_requant_fields,
)
from dsconv.dialects.tiled import KernelOp
from dsconv.lowering.xpulp.dense import conv2d
from dsconv.passes.narrowing import narrowed, steps_of_range

Option = TypeVar("Option")

CORES = 8
PADDING = 77
PIXELS_ONE_TO_ONE = WindowAttr.of((1, 1))
LAYOUTS = list(Layout)
DTYPES: list[type[np.integer]] = [np.uint8, np.int8]
FULL_RANGE: dict[type[np.integer], tuple[int, int]] = {np.uint8: (0, 255), np.int8: (-128, 127)}


class DenseCase:
    """Draws what a dense kernel of a given shape leaves open: signs, layouts, requantisation."""

    def __init__(self, seed: int, channels: int, size: tuple[int, int], kernels: int):
        self.random = np.random.default_rng(seed)
        self.channels = channels
        self.height, self.width = size
        self.kernels = kernels

    def draw(
        self,
        window: WindowAttr = PIXELS_ONE_TO_ONE,
        *,
        start: tuple[int, int] = (0, 0),
        output: tuple[int, int] | None = None,
        layouts: tuple[Layout, Layout] | None = None,
    ) -> Case:
        """A case for the window; it begins at `start`, inside the pads, for the first output."""
        rows, columns = output or window.output_size(self.height, self.width)
        input_type, output_type = self.choose(DTYPES), self.choose(DTYPES)
        source, target = layouts or (self.choose(LAYOUTS), self.choose(LAYOUTS))
        size = self.channels * window.kernel[0] * window.kernel[1]
        weights = self.random.integers(-128, 128, (self.kernels, size), np.int8)
        bias = self.integers(-5000, 5000)
        fields: dict[str, Sequence[int]] = {BIAS: bias}
        requant = self.requant(size, output_type)
        narrow = self.narrow(requant, weights, bias)
        if self.random.random() < 0.2:
            fields[WEIGHT_ZERO_POINT] = self.integers(-128, 128)
            narrow = None
        if narrow is not None:
            fields |= varying_narrow_fields(narrow)
        else:
            fields |= varying_requant_fields(requant)
        record, packed = pack_records(weights, fields)
        kernel = KernelOp(
            "kernel",
            "conv2d",
            [activation_type((1, self.channels, self.height, self.width), input_type, source)],
            activation_type((1, self.kernels, rows, columns), output_type, target),
            window,
            narrow=uniform_narrow(narrow) if narrow else None,
            requant=None if narrow else uniform_requant(requant),
            record=record,
            pad_value=PADDING,
            starts=((start[0],), (start[1],)),
        )
        text = conv2d(kernel, CORES)
        assert text is not None, f"no form for {kernel}"
        return Case(kernel, text, (self.tile(window), packed.reshape(-1)), *start)

    def choose(self, options: Sequence[Option]) -> Option:
        return options[int(self.random.integers(len(options)))]

    def integers(self, low: int, high: int) -> list[int]:
        """A value a channel."""
        return self.random.integers(low, high, self.kernels).tolist()

    def tile(self, window: WindowAttr) -> Bytes:
        """An input tile, with its pad pixel where the window has padding."""
        size = self.channels * self.height * self.width
        tile = self.random.integers(0, 256, size, np.uint8)
        if not any(window.pads):
            return tile
        return np.concatenate([tile, np.full(self.channels, PADDING, np.uint8)])

    def clip(self, dtype: type[np.integer]) -> tuple[int, int]:
        low, high = FULL_RANGE[dtype]
        return self.choose([(low, high), (low + 3, high), (0, high - 20)])

    def narrow(
        self, requant: RequantAttr, weights: npt.NDArray[np.int8], bias: Sequence[int]
    ) -> NarrowRequantAttr | None:
        """The form in 32 bits, proved for any input of either sign."""
        reach = 255 * np.abs(weights.astype(np.int64)).sum(axis=1)
        steps = steps_of_range(requant, np.array(bias) - reach, np.array(bias) + reach)
        return None if steps is None else narrowed(requant, steps)

    def requant(self, size: int, dtype: type[np.integer]) -> RequantAttr:
        """Multiplier, addend and shift for accumulators of `size` products."""
        shift = int(self.random.integers(3, 45))
        scale = 2**shift * 60 / (255 * 74 * size**0.5)
        largest = max(1, min(2**30, int(scale)))
        multipliers = self.integers(max(1, largest // 2), largest + 1)
        addends = self.choose([[0], [2 ** (shift - 1)], self.integers(-12345, 2 ** (shift - 1))])
        return RequantAttr.of(
            self.choose([multipliers, multipliers[:1]]),
            [2**shift],
            addends=addends,
            rounding=self.choose(list(Rounding)),
            zero_point=int(self.random.integers(*FULL_RANGE[dtype])),
            clip=self.clip(dtype),
        )


def check(directory: Path, cases: list[Case]) -> None:
    for case, outcome in zip(cases, run_cases(directory, cases), strict=True):
        np.testing.assert_array_equal(outcome.output, case.expected(), str(case.kernel))


@needs_gvsoc
@pytest.mark.parametrize("seed", range(3))
def test_random_pointwise_kernels(tmp_path: Path, seed: int):
    random = np.random.default_rng(seed)
    check(
        tmp_path,
        [
            DenseCase(
                int(random.integers(2**32)),
                int(random.integers(1, 40)),
                (int(random.integers(1, 9)), int(random.integers(1, 9))),
                int(random.integers(1, 30)),
            ).draw()
            for _ in range(40)
        ],
    )


@needs_gvsoc
@pytest.mark.parametrize("seed", range(3))
def test_random_windows(tmp_path: Path, seed: int):
    random = np.random.default_rng(seed)

    def one() -> Case:
        fy, fx, dy, dx, sy, sx = (int(random.integers(1, most)) for most in (5, 5, 3, 3, 3, 3))
        extent = (fy - 1) * dy + 1, (fx - 1) * dx + 1
        height, width = (int(random.integers(size, size + 9)) for size in extent)
        pads = [int(random.integers(size)) for size in (*extent, *extent)]
        if dx > 1 or random.random() < 0.3:
            pads = [0] * 4
        window = WindowAttr.of((fy, fx), (sy, sx), pads, (dy, dx))
        channels = int(random.integers(1, 96 // (fy * fx) + 2))
        case = DenseCase(
            int(random.integers(2**32)), channels, (height, width), int(random.integers(1, 20))
        )
        return case.draw(window, start=(-pads[0], -pads[1]))

    check(tmp_path, [one() for _ in range(40)])


@needs_gvsoc
def test_long_rows_and_far_strides(tmp_path: Path):
    """What immediates do not reach: records, pixels and planes that are far apart."""
    shapes = [
        (1200, (1, 1), 13),
        (3000, (1, 1), 6),
        (520, (3, 3), 700),
        (8, (48, 48), 9),
        (1, (1, 1), 2100),
        (64, (1, 1), 10),
        (64, (4, 4), 12),
    ]
    cases = [
        DenseCase(seed, *shape).draw(layouts=(Layout.HWC, target))
        for seed, shape in enumerate(shapes)
        for target in Layout
    ]
    flattened = [
        DenseCase(seed, 40, (5, 3), 11).draw(WindowAttr.of((5, 3)), layouts=(source, Layout.HWC))
        for seed, source in enumerate(Layout)
    ]
    check(tmp_path, cases + flattened)


@needs_gvsoc
def test_planes_are_transposed(tmp_path: Path):
    check(
        tmp_path,
        [
            DenseCase(seed, channels, (7, width), 12).draw(layouts=(Layout.CHW, target))
            for seed, channels in enumerate((4, 5, 7, 32, 63, 96, 130, 390))
            for width in (1, 4, 5)
            for target in Layout
        ],
    )
