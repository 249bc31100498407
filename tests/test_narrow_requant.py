"""Narrow requantisations: proved equal means equal, on every accumulator."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from random_chains import chain_of, random_chains
from random_layers import RandomLayer, random_layers
from xdsl.ir import Block

from dsconv.dialects import reference
from dsconv.dialects.attributes import NarrowRequantAttr, RequantAttr, Rounding
from dsconv.dialects.graph import ConstantOp, LayerOperation, PointwiseOp, activation_type
from dsconv.dialects.run import run_reference
from dsconv.driver.pipeline import run_pipeline
from dsconv.frontends import import_onnx
from dsconv.passes.analysis.channel_ranges import ChannelRanges
from dsconv.passes.analysis.requant_proof import (
    Steps,
    equals,
    narrowed,
    narrowed_by_channel,
    steps_of_range,
    steps_of_values,
)
from dsconv.zoo import build

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Function:
    """A requantisation of some channels, and the accumulators that each can reach."""

    requant: RequantAttr
    smallest: Integers
    largest: Integers

    @property
    def steps(self) -> Steps:
        steps = steps_of_range(self.requant, self.smallest, self.largest)
        assert steps is not None
        return steps

    def near_steps(self) -> Integers:
        """Accumulators (K, N) at the ends and at most 2 from a step of any channel."""
        steps = self.steps
        around = steps.above[:, :, None] + np.arange(-3, 3)
        points = np.concatenate([around.reshape(len(around), -1), steps.ends], axis=1)
        return points.clip(steps.ends[:, :1], steps.ends[:, 1:])

    def everything(self) -> Integers:
        """Every accumulator (K, N)."""
        count = int((self.largest - self.smallest).max()) + 1
        return np.minimum(self.smallest[:, None] + np.arange(count), self.largest[:, None])


@st.composite
def functions(draw: st.DrawFn, largest_reach: int = 2**31 - 1) -> Function:
    """Requantisations of 1 to 4 channels that step anywhere in their range, or nowhere."""
    channels = draw(st.integers(1, 4))

    def per_channel(values: st.SearchStrategy[int]) -> list[int]:
        return draw(st.lists(values, min_size=channels, max_size=channels))

    reach = draw(st.integers(1, largest_reach.bit_length()).map(lambda bits: 2**bits - 1))
    ends = np.sort(np.array([per_channel(st.integers(-reach, reach)) for _ in range(2)]), axis=0)
    shift = draw(st.integers(0, 40))
    scale = 2.0**shift * 300 / reach
    factors = [numerator / 256 for numerator in per_channel(st.integers(0, 1024))]
    low = draw(st.integers(-128, 127))
    rounding = draw(st.sampled_from(list(Rounding)))
    divisors = [2**shift] if rounding is Rounding.TWICE else [2**shift, 2**shift + 1, 3 << shift]
    requant = RequantAttr.of(
        [min(2**31 - 1, round(scale * factor)) for factor in factors],
        [draw(st.sampled_from(divisors))],
        addends=[draw(st.sampled_from([0, 1 << shift >> 1, 12345, -678]))],
        rounding=rounding,
        zero_point=draw(st.integers(-128, 127)),
        clip=(low, draw(st.integers(low, 127))),
    )
    return Function(requant, ends[0], ends[1])


def exact(requant: RequantAttr, accumulators: Integers) -> reference.IntArray:
    return reference.requantise(accumulators[None, :, :, None], requant, np.int64)[0, :, :, 0]


def same(narrow: NarrowRequantAttr, requant: RequantAttr, accumulators: Integers) -> bool:
    try:
        actual = reference.narrow_requantise(accumulators[None, :, :, None], narrow, np.int64)
    except OverflowError:
        return False
    return bool((actual[0, :, :, 0] == exact(requant, accumulators)).all())


@settings(max_examples=300)
@given(function=functions())
def test_steps_are_where_the_exact_function_rises(function: Function):
    steps = function.steps
    below, above = (
        exact(function.requant, points.clip(steps.ends[:, :1], steps.ends[:, 1:]))
        for points in (steps.below, steps.above)
    )
    assert ((below < steps.outputs) | ~steps.real_below).all()
    assert ((above >= steps.outputs) | ~steps.real_above).all()
    assert ((steps.above == steps.below + 1) & (steps.real_above | steps.real_below)).all()


@settings(max_examples=300)
@given(function=functions(largest_reach=2**14))
def test_narrow_forms_are_equal_on_every_accumulator(function: Function):
    narrow = narrowed(function.requant, function.steps)
    assume(narrow is not None)
    assert narrow is not None
    assert same(narrow, function.requant, function.everything())


@settings(max_examples=300)
@given(function=functions())
def test_narrow_forms_are_equal_near_every_step(function: Function):
    narrow = narrowed(function.requant, function.steps)
    assume(narrow is not None)
    assert narrow is not None
    assert same(narrow, function.requant, function.near_steps())


def apart(function: Function, addends: list[int], less: list[int]) -> Function:
    """The same with an addend, and a scale, of its own for each channel."""
    requant, count = function.requant, function.requant.channels
    multipliers = [
        max(1, multiplier >> places)
        for multiplier, places in zip(requant.multipliers, less, strict=False)
    ]
    own = requant.with_factors(multipliers, requant.divisors, addends[:count])
    return Function(own, function.smallest, function.largest)


@settings(max_examples=300)
@given(
    function=functions(largest_reach=2**14),
    addends=st.lists(st.integers(-(2**30), 2**30), min_size=4, max_size=4),
    less=st.lists(st.integers(0, 12), min_size=4, max_size=4),
)
def test_forms_by_channel_are_equal_on_every_accumulator(
    function: Function, addends: list[int], less: list[int]
):
    function = apart(function, addends, less)
    narrow = narrowed_by_channel(function.requant, function.steps)
    assume(narrow is not None)
    assert narrow is not None
    assert same(narrow, function.requant, function.everything())


@pytest.mark.parametrize("seed", range(100))
def test_channels_of_any_scales_are_narrow(seed: int):
    """Scales from 2 down to nothing, divided by 2**s or 2**s - 1, with addends of their own."""
    random = np.random.default_rng(seed)
    channels = int(random.integers(2, 40))
    divisor = 2 ** int(random.integers(30, 34)) - int(random.integers(2))
    ratios = 2 ** random.uniform(-9, 0.9, channels)
    requant = RequantAttr.of(
        np.minimum(ratios * divisor, 2**31 - 1).astype(np.int64).tolist(),
        [divisor],
        addends=(random.uniform(-20, 90, channels) * divisor).astype(np.int64).tolist(),
        rounding=Rounding.FLOOR,
        clip=(0, 255),
    )
    ends = np.full(channels, 2 ** int(random.integers(12, 18)) - 1)
    function = Function(requant, -ends, ends)
    narrow = narrowed_by_channel(requant, function.steps)
    assert narrow is not None
    assert same(narrow, requant, function.near_steps())


@settings(max_examples=200)
@given(function=functions(largest_reach=2**14), data=st.data())
def test_slack_leaves_outputs_as_they_are(function: Function, data: st.DataObject):
    narrow = narrowed(function.requant, function.steps, with_slack=True)
    assume(narrow is not None)
    assert narrow is not None
    accumulators = function.everything()[None, :, :, None]
    left_behind = data.draw(st.integers(-narrow.slack, narrow.slack))
    np.testing.assert_array_equal(
        reference.narrow_requantise(accumulators, narrow, np.int64, left_behind),
        reference.narrow_requantise(accumulators, narrow, np.int64),
    )


@settings(max_examples=300)
@given(function=functions(largest_reach=2**14), data=st.data())
def test_the_proof_knows_right_from_wrong(function: Function, data: st.DataObject):
    """Equal by the proof exactly when equal on every accumulator, for forms a little off."""
    narrow = narrowed(function.requant, function.steps)
    assume(narrow is not None)
    assert narrow is not None
    little = st.integers(-2, 2)
    largest_low = 2**31 - 1 if narrow.is_mulh else 2**15 - 1
    addend_moves = st.integers(-(2**narrow.shift) // 64 - 1, 2**narrow.shift // 64 + 1)
    changed = NarrowRequantAttr.of(
        [min(max(0, high + data.draw(little)), 2**15 - 1) for high in narrow.highs],
        lows=[min(max(0, low + data.draw(little)), largest_low) for low in narrow.lows],
        low_shift=max(narrow.low_shift, 1),
        addends=[narrow.addends[0] + data.draw(st.just(0) | addend_moves)],
        shift=narrow.shift,
        bits=data.draw(st.just(narrow.bits) | st.integers(8, 15)),
        clip=narrow.clip,
    )
    right = same(changed, function.requant, function.everything())
    assert equals(changed, function.steps) == right


@settings(max_examples=300)
@given(function=functions(largest_reach=2**14), data=st.data())
def test_the_proof_knows_upper_words(function: Function, data: st.DataObject):
    """The same for products of 64 bits: near the exact ratio, not always on it."""
    requant = function.requant
    shift = data.draw(st.integers(4, 12))
    off = data.draw(st.sampled_from([0, 1, 2**16, 2**22]))
    ratios = np.array(requant.multipliers) / requant.divisors[0] * 2.0 ** (32 + shift)
    assume(ratios.max() < 2**31 - 1 - off)
    rounding = 0.0 if requant.rounding is Rounding.FLOOR else 0.5
    offset = requant.addends[0] / requant.divisors[0] + rounding + requant.zero_point
    extra_shifts = np.minimum(29 - np.log2(ratios.clip(1)).astype(int), 15).clip(0)
    form = NarrowRequantAttr.of(
        [0] * requant.channels,
        lows=[round(ratio) + off for ratio in ratios * 2.0**extra_shifts],
        extra_shifts=extra_shifts.tolist(),
        low_shift=32,
        addends=[round(offset * 2**shift) + data.draw(st.integers(-1, 1))],
        shift=shift,
        clip=requant.clip,
    )
    assert equals(form, function.steps) == same(form, requant, function.everything())


@settings(max_examples=100)
@given(
    multipliers=st.lists(st.integers(2**22, 2**23 - 1), min_size=1, max_size=4),
    bits=st.integers(16, 24),
    data=st.data(),
)
def test_float_scales_are_narrow_however_long_the_sum(
    multipliers: list[int], bits: int, data: st.DataObject
):
    """Odd multipliers of 24 bits, a sum's whole range spread over the outputs: no ties."""
    requant = RequantAttr.of(
        [2 * multiplier + 1 for multiplier in multipliers],
        [2 ** (24 + bits - data.draw(st.integers(6, 9)))],
        zero_point=data.draw(st.integers(-128, 127)),
        clip=(-128, 127),
    )
    ends = np.full(len(multipliers), 2**bits - 1)
    function = Function(requant, -ends, ends)
    narrow = narrowed(requant, function.steps)
    assert narrow is not None
    assert same(narrow, requant, function.near_steps())


@settings(max_examples=100)
@given(
    multipliers=st.lists(st.integers(2**22, 2**23 - 1), min_size=2, max_size=5),
    below=st.lists(st.integers(0, 14), min_size=5, max_size=5),
    biases=st.lists(st.integers(-100, 100), min_size=5, max_size=5),
)
def test_scales_far_apart_are_narrow(multipliers: list[int], below: list[int], biases: list[int]):
    """Channels whose weights are all but 0 have tiny scales, and biases as large for that."""
    count = len(multipliers)
    requant = RequantAttr.of(
        [2 * multiplier + 1 for multiplier in multipliers],
        [2 ** (29 + less) for less in below[:count]],
        clip=(0, 255),
    )
    centres = np.array([bias << 5 + less for bias, less in zip(biases, below, strict=True)])
    reach = 20_000
    function = Function(requant, centres[:count] - reach, centres[:count] + reach)
    narrow = narrowed(requant, function.steps)
    assert narrow is not None
    assert same(narrow, requant, function.everything())


@settings(max_examples=200)
@given(
    accumulators=st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1, max_size=50, unique=True),
    function=functions(),
)
def test_sets_of_accumulators(accumulators: list[int], function: Function):
    """Only what can be reached counts: fewer accumulators, never fewer narrow forms."""
    requant = RequantAttr.of(
        function.requant.multipliers[:1],
        function.requant.divisors,
        addends=function.requant.addends,
        rounding=function.requant.rounding,
        zero_point=function.requant.zero_point,
        clip=function.requant.clip,
    )
    points = np.array(sorted(accumulators))
    steps = steps_of_values(requant, points)
    assert steps is not None
    narrow = narrowed(requant, steps)
    if narrow is not None:
        assert same(narrow, requant, points[None])
    everywhere = steps_of_range(requant, points[:1], points[-1:])
    if everywhere is not None and (whole := narrowed(requant, everywhere)) is not None:
        assert equals(whole, steps)


def test_what_leaves_32_bits_is_not_equal():
    steps = Function(
        RequantAttr.of([1], [2**24], rounding=Rounding.FLOOR, clip=(-128, 127)),
        np.array([-(2**31)]),
        np.array([2**31 - 1]),
    ).steps
    right = NarrowRequantAttr.of([1], addends=[0], shift=24, clip=(-128, 127))
    assert equals(right, steps)
    doubled = NarrowRequantAttr.of([2], addends=[0], shift=25, clip=(-128, 127))
    assert not equals(doubled, steps)
    with pytest.raises(OverflowError, match="32 bits"):
        reference.narrow_requantise(np.full((1, 1, 1, 1), 2**30), doubled, np.int8)


def test_ties_of_both_parities_have_no_narrow_form():
    """Half to even goes up at 1.5 and down at 2.5, which no straight line does."""
    requant = RequantAttr.of([1], [4], clip=(0, 255))
    assert narrowed(requant, Function(requant, np.array([0]), np.array([400])).steps) is None
    assert narrowed(requant, Function(requant, np.array([3]), np.array([7])).steps) is not None


def test_functions_that_may_fall_are_left_alone():
    falling = RequantAttr.of([1, -1], [4], clip=(0, 255))
    assert steps_of_range(falling, np.array([0, 0]), np.array([9, 9])) is None
    assert steps_of_values(RequantAttr.of([-1], [4], clip=(0, 255)), np.arange(9)) is None


def test_every_layer_of_a_keyword_spotter_is_narrow():
    module = import_onnx(build("dscnn")).module
    run_pipeline(module, "fold-weight-zero-points,narrow-requant")
    layers = [layer for layer in module.walk() if isinstance(layer, LayerOperation)]
    assert len(layers) == 11
    assert all("narrow" in layer.properties for layer in layers)


@settings(max_examples=100)
@given(
    weights=st.lists(st.integers(0, 255), min_size=2, max_size=2),
    zero_points=st.tuples(st.integers(0, 255), st.integers(-128, 127)),
    bias=st.integers(-1000, 1000),
)
def test_accumulators_of_two_weights(weights: list[int], zero_points: tuple[int, int], bias: int):
    """The ends of the range are what inputs and pads really reach."""
    weight_zero, input_zero = zero_points
    block = Block(arg_types=[activation_type((1, 2, 1, 1), np.int8)])
    kernel = ConstantOp.of(np.array([weights], np.uint8))
    biases = ConstantOp.of(np.array([bias], np.int32))
    layer = PointwiseOp(
        "layer",
        block.args[0],
        kernel,
        biases,
        RequantAttr.of([1], [1], clip=(-128, 127)),
        activation_type((1, 1, 1, 1), np.int8),
        input_zero_point=input_zero,
        weight_zero_points=[weight_zero],
    )
    x = np.arange(-128, 128) - input_zero
    first, second = (x * (weight - weight_zero) for weight in weights)
    reached = np.add.outer(first, second) + bias
    smallest, largest = ChannelRanges().sums(layer)
    assert (smallest[0], largest[0]) == (reached.min(), reached.max())


@settings(max_examples=100)
@given(network=random_chains([("dw", "pw", "dw"), ("pw", "dw", "pw"), ("pw", "pw")]))
def test_no_value_leaves_its_range(network: RandomLayer):
    outputs = run_reference(network.module, *network.inputs).layers
    narrowed_module = network.module.clone()
    run_pipeline(narrowed_module, "narrow-requant")
    for label, found in run_reference(narrowed_module, *network.inputs).layers.items():
        np.testing.assert_array_equal(found, outputs[label])
    ranges = ChannelRanges()
    for layer in chain_of(network.module):
        low, high = ranges.of(layer.result)
        found = outputs[layer.label].reshape(len(low), -1)
        assert np.all((low <= found.min(axis=1)) & (found.max(axis=1) <= high))


@settings(max_examples=200)
@given(layer=random_layers())
def test_layers_mean_the_same(layer: RandomLayer):
    narrowed_module = layer.module.clone()
    run_pipeline(narrowed_module, "fold-weight-zero-points,narrow-requant")
    expected = run_reference(layer.module, *layer.inputs).outputs[0]
    actual = run_reference(narrowed_module, *layer.inputs).outputs[0]
    np.testing.assert_array_equal(actual, expected)
