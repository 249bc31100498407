"""Random layers on random arrays: every mapping has the sums of the reference and its cycles."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsconv.dialects import reference
from dsconv.dialects.attributes import WindowAttr
from dsconv.dialects.mapping import Mapping, Strategy
from dsconv.dialects.target import Dataflow, Drain, SystolicArray, TileFlow
from dsconv.passes.systolic.array_work import ArrayWork
from dsconv.passes.systolic.choice import best_mapping, mappings, paper_mapping
from dsconv.passes.systolic.mapping_front import mapping_front
from dsconv.passes.systolic.tiles import cycles, moved_bytes
from dsconv.runners.systolic.layer import run_layer
from dsconv.runners.systolic.registers import Operands, Sums
from dsconv.runners.systolic.simulator import Simulator, streamed_products

SIZES = st.one_of(st.integers(1, 9), st.integers(1, 70))
KERNELS = st.sampled_from([(1, 1), (1, 3), (3, 1), (5, 1), (1, 4), (3, 3), (5, 5), (2, 5)])


@st.composite
def works(draw: st.DrawFn) -> ArrayWork:
    """Dense, grouped and depthwise layers, some with several kernels for a channel."""
    window = WindowAttr.of(
        draw(KERNELS),
        draw(st.tuples(st.integers(1, 3), st.integers(1, 3))),
        draw(st.tuples(*[st.integers(0, 2)] * 4)),
        draw(st.sampled_from([(1, 1), (1, 1), (2, 1), (2, 3)])),
    )
    groups, channels, kernels = draw(
        st.one_of(
            st.tuples(st.integers(1, 40), st.just(1), st.just(1)),
            st.tuples(st.just(1), st.integers(1, 30), st.integers(1, 80)),
            st.tuples(st.integers(2, 5), st.integers(1, 4), st.integers(1, 4)),
        )
    )
    (ey, ex), (top, left, bottom, right) = window.extent, window.pads
    height = draw(st.integers(max(1, ey - top - bottom), 24))
    width = draw(st.integers(max(1, ex - left - right), 24))
    return ArrayWork(groups, channels, kernels, height, width, window)


@st.composite
def arrays(draw: st.DrawFn) -> SystolicArray:
    """Arrays from 1x1 to 70x70 that can be."""
    rows, columns = draw(SIZES), draw(SIZES)
    if draw(st.booleans()):
        return SystolicArray(rows, columns, tiles=TileFlow.PIPELINED)
    drain = draw(st.sampled_from(Drain))
    dataflow = draw(st.sampled_from(Dataflow))
    return SystolicArray(rows, columns, draw(st.booleans()), dataflow=dataflow, drain=drain)


def operands(work: ArrayWork, seed: int) -> tuple[Operands, Operands]:
    """Centred inputs and weights, of 9 bits."""
    generator = np.random.default_rng(seed)
    shapes = (
        (work.groups * work.channels, work.height, work.width),
        (work.groups * work.kernels, work.channels, *work.window.kernel),
    )
    x, w = (generator.integers(-255, 256, shape, np.int32) for shape in shapes)
    return x, w


def expected_sums(work: ArrayWork, x: Operands, w: Operands) -> reference.Accumulators:
    return reference.conv2d(x[None], w, np.zeros(len(w), np.int32), work.window)[0]


@dataclass
class CountingSimulator(Simulator):
    """Counts the bytes that pass the edges of an array whose accumulators have 32 bits."""

    moved_bytes: int = 0

    def products(self, a: Operands, w: Operands, bits: int) -> tuple[Sums, int]:
        return self._count(a, w, super().products(a, w, bits))

    def products_with_weights_held(self, a: Operands, w: Operands, bits: int) -> tuple[Sums, int]:
        return self._count(a, w, super().products_with_weights_held(a, w, bits))

    def lines(self, inputs: Operands, w: Operands, places: int, bits: int) -> tuple[Sums, int]:
        return self._count(inputs, w, super().lines(inputs, w, places, bits))

    def _count(self, a: Operands, w: Operands, found: tuple[Sums, int]) -> tuple[Sums, int]:
        self.moved_bytes += a.size + w.size + 4 * found[0].size
        return found


@settings(max_examples=60)
@given(works(), arrays(), st.integers(0, 2**16))
def test_every_mapping_is_exact(work: ArrayWork, array: SystolicArray, seed: int) -> None:
    array.check()
    x, w = operands(work, seed)
    expected = expected_sums(work, x, w)
    chosen = list(mappings(work, array))
    diagonal = [mapping for mapping in chosen if mapping.strategy is Strategy.BLOCK_DIAGONAL]
    chosen = [mapping for mapping in chosen if mapping not in diagonal[1:-1]]
    if array.output_stationary:
        chosen.append(paper_mapping(work, array))
    for mapping in chosen:
        simulator = CountingSimulator()
        sums, taken = run_layer(x, w, work, mapping, array, simulator)
        np.testing.assert_array_equal(sums, expected)
        assert taken == cycles(work, mapping, array), mapping
        assert simulator.moved_bytes == moved_bytes(work, mapping, array), mapping


@given(works(), arrays())
def test_the_best_mapping_takes_the_fewest_cycles(work: ArrayWork, array: SystolicArray) -> None:
    best = cycles(work, best_mapping(work, array), array)
    assert all(best <= cycles(work, mapping, array) for mapping in mappings(work, array))


@given(st.lists(works(), min_size=1, max_size=3), arrays(), st.integers(0, 200))
def test_the_front_has_the_best_at_every_price(
    layers: list[ArrayWork], array: SystolicArray, price: int
) -> None:
    """`price`: hundredths of a cycle that a byte costs."""
    front = mapping_front(layers, array)
    best = sum(
        min(
            100 * cycles(work, mapping, array) + price * moved_bytes(work, mapping, array)
            for mapping in mappings(work, array)
        )
        for work in layers
    )
    assert best == min(100 * point.cycles + price * point.moved_bytes for point in front)
    for fast, slow in pairwise(front):
        assert fast.cycles < slow.cycles
        assert fast.moved_bytes > slow.moved_bytes
    assert front[0].cycles == sum(cycles(work, best_mapping(work, array), array) for work in layers)


def test_wide_accumulators_hold_more_than_32_bits() -> None:
    operand = np.full((1, 40_000, 1, 1), 255, np.int32)
    sums, _ = streamed_products(operand, operand, bits=40)
    assert sums.item() == 40_000 * 255**2 > 2**31


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [
        # 64 channels, each 49 pixels * 1 column over 9 terms
        (Mapping(Strategy.OUTPUT_STATIONARY), 64 * (9 + 49 + 1 - 1)),
        (Mapping(Strategy.BLOCK_DIAGONAL, 64), 64 * 9 + 49 + 64 - 1),
        # 7 lines, bands of 9 columns under 7 outputs for 3 lines of the kernel
        (Mapping(Strategy.BANDED), 64 * (3 * 9 + 7 + 7 - 1)),
        # 7 * 64 lines are 7 tiles; 3 passes of 7 + 2 places, and one more cycle
        (Mapping(Strategy.ROW_BUS), 7 * (3 * 9 + 1)),
    ],
    ids=lambda value: value.strategy if isinstance(value, Mapping) else "",
)
def test_a_depthwise_layer_by_hand(mapping: Mapping, expected: int) -> None:
    window = WindowAttr.of((3, 3), pads=(1, 1, 1, 1))
    work = ArrayWork(64, 1, 1, 7, 7, window)
    assert cycles(work, mapping, SystolicArray(64, 64)) == expected


def test_a_fully_connected_layer_takes_one_column_over_the_bus() -> None:
    """Weights of 16 kernels over 16 buses: 63 tiles of 1280 terms, and one more cycle each."""
    work = ArrayWork(1, 1280, 1000, 1, 1, WindowAttr.of((1, 1)))
    array = SystolicArray(16, 16)
    mapping = best_mapping(work, array)
    assert mapping.strategy is Strategy.ROW_BUS
    assert cycles(work, mapping, array) == 63 * (1280 + 1)
