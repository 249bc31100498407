"""Additions in integers: every pair of bytes is rounded as its reals are."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from frontend_models import ModelWriter
from frontend_support import layer_operations, run_network

from dsconv.dialects.attributes import Rounding
from dsconv.dialects.graph import AddOp
from dsconv.frontends import import_onnx
from dsconv.frontends.arithmetic.addition_forms import exact_sums
from dsconv.frontends.arithmetic.scales import Quantisation

SQUARE = (1, 1, 256, 256)


def random_meanings(seed: int) -> list[Quantisation]:
    """Scales of which the sum fills the output's range."""
    rng = np.random.default_rng(seed)
    scales = np.exp(rng.uniform(-4, -2, 2)).tolist()
    scales.append(max(scales) * rng.uniform(0.7, 2))
    return [
        Quantisation(float(np.float32(scale)), int(zero_point), "uint8")
        for scale, zero_point in zip(scales, rng.integers(0, 256, 3), strict=True)
    ]


def exact(pair: tuple[int, int], signs: tuple[int, int], meanings: list[Quantisation]) -> int:
    *operands, y = meanings
    real = sum(
        sign * Fraction(x.scale) * (value - x.zero_point)
        for value, sign, x in zip(pair, signs, operands, strict=True)
    )
    return round(real / Fraction(y.scale)) + y.zero_point


@pytest.mark.parametrize("signs", [(1, 1), (1, -1)])
@pytest.mark.parametrize("seed", range(3))
def test_exact_sums_are_those_of_fractions(seed: int, signs: tuple[int, int]):
    meanings = random_meanings(seed)
    lhs, rhs, y = meanings
    sums = exact_sums(lhs, rhs, signs, y)
    pairs = np.random.default_rng(seed).integers(0, 256, (300, 2)).tolist()
    assert [int(sums[a, b]) for a, b in pairs] == [exact((a, b), signs, meanings) for a, b in pairs]


def test_exact_sums_round_ties_half_to_even():
    x, y = Quantisation(0.5, 0, "uint8"), Quantisation(1.0, 3, "uint8")
    sums = exact_sums(x, x, (1, 1), y)
    assert [int(sums[total, 0]) - 3 for total in range(8)] == [0, 0, 1, 2, 2, 2, 3, 4]


@pytest.mark.parametrize("operation", ["Add", "Sub"])
def test_every_pair_is_rounded_as_its_reals_are(operation: str):
    roundings: set[Rounding] = set()
    grids = np.meshgrid(*[np.arange(256, dtype=np.uint8)] * 2, indexing="ij")
    for seed in range(12):
        lhs, rhs, y = random_meanings(seed)
        writer = ModelWriter()
        a, b = (
            writer.dequantize(writer.input(name, "uint8", SQUARE), x)
            for name, x in (("a", lhs), ("b", rhs))
        )
        network = import_onnx(writer.model(writer.quantize(writer.node(operation, a, b), y)))
        (layer,) = layer_operations(network).values()
        assert isinstance(layer, AddOp)
        roundings.add(layer.requant.rounding)
        (result,) = run_network(network, *(grid.reshape(SQUARE) for grid in grids))
        expected = exact_sums(lhs, rhs, (1, 1 if operation == "Add" else -1), y).clip(0, 255)
        np.testing.assert_array_equal(result.reshape(256, 256), expected)
    assert roundings == {Rounding.HALF_EVEN, Rounding.FLOOR}
