"""Random layers on random arrays: every mapping has the sums of the reference and its cycles."""

from __future__ import annotations

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
from dsconv.passes.systolic.tiles import cycles
from dsconv.runners.systolic.layer import run_layer
from dsconv.runners.systolic.registers import Operands
from dsconv.runners.systolic.simulator import streamed_products

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
        sums, taken = run_layer(x, w, work, mapping, array)
        np.testing.assert_array_equal(sums, expected)
        assert taken == cycles(work, mapping, array), mapping


@given(works(), arrays())
def test_the_best_mapping_takes_the_fewest_cycles(work: ArrayWork, array: SystolicArray) -> None:
    best = cycles(work, best_mapping(work, array), array)
    assert all(best <= cycles(work, mapping, array) for mapping in mappings(work, array))


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
