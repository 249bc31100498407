"""The dialect's types and attributes, and what each operation computes, by hand-made examples."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_layers import RandomLayer, random_layers
from xdsl.dialects import arith
from xdsl.dialects.builtin import IndexType, IntegerAttr, ModuleOp, i32, i64
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.dialects.test import TestOp as AnyOp
from xdsl.ir import Block, Region, SSAValue
from xdsl.parser import Parser
from xdsl.utils.exceptions import VerifyException

from dsconv.dialects import reference
from dsconv.dialects.attributes import (
    Axis,
    Layout,
    RequantAttr,
    Rounding,
    Schedule,
    ScheduleAttr,
    Space,
    Tile,
    TileAttr,
    WindowAttr,
    i64_array,
)
from dsconv.dialects.graph import (
    AddOp,
    AveragePoolOp,
    ConcatOp,
    ConstantOp,
    Conv2DOp,
    DepthwiseOp,
    IntTensorType,
    LayerOperation,
    LinearOp,
    LookupOp,
    MaxPoolOp,
    MulOp,
    PadOp,
    PairLookupOp,
    PointwiseOp,
    RescaleOp,
    ResizeOp,
    SliceOp,
    activation_type,
    dtype_of,
    layout_of,
    packed_bits,
    tensor_type,
)
from dsconv.dialects.machine import CoreIdOp, CoresOp, RequantiseOp, Sdot4Op
from dsconv.dialects.records import (
    ADDEND,
    BIAS,
    DIVISOR,
    FIELD_BYTES,
    HIGH,
    LOW,
    MULTIPLIER,
    SHIFT,
    WEIGHT_ZERO_POINT,
    RecordAttr,
    pack_records,
    record_requant,
    rounds_in_words,
    uniform_requant,
    unpack_records,
    varying_requant_fields,
)
from dsconv.dialects.run import run_reference
from dsconv.dialects.tiled import (
    BarrierOp,
    BoxAttr,
    BufferOp,
    DmaStartOp,
    FillOp,
    KernelKind,
    KernelOp,
    LayerOp,
    WaitOp,
    buffer_type,
)
from dsconv.driver.pipeline import make_context

Array = npt.NDArray[np.integer]

IDENTITY = RequantAttr.of([1], [1], clip=(-128, 127))
"""Accumulators that fit int8, unchanged."""


def run(layer: LayerOperation, *inputs: Array) -> list[object]:
    """The result of a layer whose activations are its test operation's results, as lists."""
    types = [value.type for value in layer.activations]
    function = FuncOp("net", (types, [layer.result.type]))
    block = function.body.block
    for value, argument in zip(layer.activations, block.args, strict=True):
        value.replace_all_uses_with(argument)
    owners = [value.owner for value in layer.operands if isinstance(value.owner, ConstantOp)]
    block.add_ops([*owners, layer, ReturnOp(layer.result)])
    module = ModuleOp([function])
    module.verify()
    (output,) = run_reference(module, *inputs).outputs
    assert output.dtype == dtype_of(layer.result)
    assert output.shape == tensor_type(layer.result).get_shape()
    return output.tolist()


def value(type_: IntTensorType) -> SSAValue:
    """Any value of a type."""
    return AnyOp(result_types=[type_]).results[0]


def int8(values: object) -> npt.NDArray[np.int8]:
    return np.array(values, np.int8)


def uint8(values: object) -> npt.NDArray[np.uint8]:
    return np.array(values, np.uint8)


def int32(values: object) -> npt.NDArray[np.int32]:
    return np.array(values, np.int32)


def type_of(array: Array) -> IntTensorType:
    return activation_type(array.shape, array.dtype)


# Text


def reparsed(module: ModuleOp) -> ModuleOp:
    return Parser(make_context(), str(module)).parse_module()


@given(layer=random_layers())
def test_layers_are_parsed_and_printed_again(layer: RandomLayer):
    parsed = reparsed(layer.module)
    parsed.verify()
    assert str(parsed) == str(layer.module)


@given(layer=random_layers())
def test_parsed_layers_compute_the_same(layer: RandomLayer):
    expected = run_reference(layer.module, *layer.inputs).outputs
    outputs = run_reference(reparsed(layer.module), *layer.inputs).outputs
    np.testing.assert_array_equal(outputs, expected)


@given(layer=random_layers())
def test_layers_are_parsed_as_they_were_built(layer: RandomLayer):
    assert reparsed(layer.module).is_structurally_equivalent(layer.module)


@pytest.mark.parametrize("zero_point", [0, 3])
@pytest.mark.parametrize("weight_zero_points", [(0,), (1,), (0, 0), (1, 2)])
def test_zero_points_are_parsed_as_they_were_built(
    zero_point: int, weight_zero_points: tuple[int, ...]
):
    source = AnyOp(result_types=[activation_type((1, 1, 1, 1), np.int8)])
    weights, bias = ConstantOp.of(int8([[1], [2]])), ConstantOp.of(int32([3, 4]))
    layer = PointwiseOp(
        "pw",
        source,
        weights,
        bias,
        IDENTITY,
        activation_type((1, 2, 1, 1), np.int8),
        input_zero_point=zero_point,
        weight_zero_points=weight_zero_points,
    )
    module = ModuleOp([source, weights, bias, layer])
    module.verify()
    assert reparsed(module).is_structurally_equivalent(module)


@pytest.mark.parametrize("zero_points", [(0, 0), (0, 5)])
@pytest.mark.parametrize("starts", [((0,), (0,)), ((-1, 0), (0, 2))])
def test_kernels_are_parsed_as_they_were_built(
    zero_points: tuple[int, ...], starts: tuple[tuple[int, ...], tuple[int, ...]]
):
    type_ = activation_type((1, 1, 1, 1), np.int8, Layout.CHW)
    kernel = KernelOp(
        "k",
        KernelKind.ADD,
        [type_, type_],
        type_,
        WindowAttr.of((1, 1)),
        requant=IDENTITY,
        zero_points=i64_array(zero_points),
        multipliers=i64_array(zero_points),
        pad_value=zero_points[1],
        starts=starts,
    )
    module = ModuleOp([kernel])
    module.verify()
    assert reparsed(module).is_structurally_equivalent(module)


@pytest.mark.parametrize("buffers", [1, 2])
@pytest.mark.parametrize(
    "schedule",
    [
        Schedule((Layout.CHW, Layout.HWC)),
        Schedule((Layout.CHW, Layout.CHW), buffers=2, inputs_in_l1=1),
        Schedule((Layout.CHW, Layout.HWC, Layout.CHW), Axis.ROWS, ("depthwise", "pointwise")),
    ],
)
def test_tiled_layers_are_parsed_as_they_were_built(buffers: int, schedule: Schedule):
    output = BufferOp("y", 8, Space.L2)
    layer = LayerOp(
        "y",
        "rescale",
        output.result,
        activation_type((1, 1, 2, 4), np.int8),
        Region(Block([BarrierOp()])),
        tile=TileAttr.of(Tile(1, 2, 4, buffers=buffers)),
        schedule=ScheduleAttr.of(schedule),
        macs=0,
    )
    module = ModuleOp([output, layer])
    module.verify()
    assert reparsed(module).is_structurally_equivalent(module)


def test_tiled_operations_are_parsed_as_they_were_built():
    source, target = BufferOp("x", 64, Space.L2), BufferOp("x.x0", 16, Space.L1)
    target.place(8)
    zero = arith.ConstantOp(IntegerAttr(0, IndexType()))
    box = BoxAttr.of(4, 2, 8, 2, 32)
    start = DmaStartOp(source.result, zero.result, target.result, zero.result, box)
    fill = FillOp(target.result, 12, 4, -1)
    module = ModuleOp([source, target, zero, start, WaitOp(start), fill, BarrierOp()])
    module.verify()
    assert reparsed(module).is_structurally_equivalent(module)


@pytest.mark.parametrize("unsigned", [False, True])
def test_machine_operations_are_parsed_as_they_were_built(unsigned: bool):
    words = AnyOp(result_types=[i32, i64])
    word, double = words.results
    dot = Sdot4Op(word, word, word, unsigned=unsigned)
    requantised = RequantiseOp(
        dot.result, word, double, double, rounding=Rounding.FLOOR, zero_point=-3, clip=(-8, 7)
    )
    module = ModuleOp([words, CoreIdOp(), CoresOp(), dot, requantised])
    module.verify()
    assert reparsed(module).is_structurally_equivalent(module)


# Constants


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32])
def test_constant_keeps_its_values(dtype: type[np.integer]):
    limits = np.iinfo(dtype)
    array = np.array([[limits.min, 0, 1], [limits.max, 2, 3]], dtype)
    constant = ConstantOp.of(array)
    constant.verify()
    np.testing.assert_array_equal(constant.array, array)
    assert constant.array.dtype == array.dtype


def test_constant_takes_transposed_arrays():
    array = np.arange(6, dtype=np.int32).reshape(2, 3).T
    np.testing.assert_array_equal(ConstantOp.of(array).array, [[0, 3], [1, 4], [2, 5]])


def test_constant_is_read_only():
    with pytest.raises(ValueError, match="read-only"):
        ConstantOp.of(int8([1, 2])).array[0] = 3


def test_constant_of_floats_is_refused():
    with pytest.raises(ValueError, match="no tensor of float32: int8, uint8, int32 and int64"):
        ConstantOp.of(np.zeros(2, np.float32))  # pyright: ignore[reportArgumentType]


# Types


def test_activation_without_layout():
    activation = value(activation_type((1, 2, 3, 4), np.int8))
    assert layout_of(activation) is None
    assert dtype_of(activation) is np.int8


def test_activation_with_layout():
    assert layout_of(value(activation_type((1, 2, 3, 4), np.uint8, Layout.HWC))) is Layout.HWC


# Windows


@pytest.mark.parametrize(
    ("window", "size"),
    [
        (WindowAttr.of((3, 3)), (5, 6)),
        (WindowAttr.of((1, 1), strides=(2, 2)), (4, 4)),  # ceil(7 / 2), 8 / 2
        (WindowAttr.of((3, 3), pads=(1, 1, 1, 1)), (7, 8)),
        (WindowAttr.of((3, 3), (2, 2), (0, 0, 1, 1)), (3, 4)),  # (8 - 3) // 2 + 1, 6 // 2 + 1
        (WindowAttr.of((3, 2), dilations=(2, 3)), (3, 5)),  # 7 - 5 + 1, 8 - 4 + 1
        (WindowAttr.of((7, 8)), (1, 1)),
    ],
)
def test_output_size(window: WindowAttr, size: tuple[int, int]):
    assert window.output_size(7, 8) == size


def test_extent_of_a_dilated_window():
    assert WindowAttr.of((3, 5), dilations=(2, 1)).extent == (5, 5)


def test_window_properties():
    window = WindowAttr.of((3, 5), (1, 2), (1, 2, 3, 4), (2, 1))
    assert (window.kernel, window.strides) == ((3, 5), (1, 2))
    assert (window.pads, window.dilations) == ((1, 2, 3, 4), (2, 1))


# Boxes


@pytest.mark.parametrize(
    ("box", "simple"),
    [
        (BoxAttr.of(8, 4, 8), BoxAttr.of(32)),  # dense lines
        (BoxAttr.of(8, 4, 16, 3, 64), BoxAttr.of(8, 12, 16)),  # blocks go on where lines end
        (BoxAttr.of(8, 4, 8, 3, 100), BoxAttr.of(32, 3, 100)),  # dense lines in blocks
        (BoxAttr.of(8, 1, 0, 3, 100), BoxAttr.of(8, 3, 100)),  # blocks of one line
        (BoxAttr.of(8, 4, 8, 3, 32), BoxAttr.of(96)),  # all dense
    ],
)
def test_box_in_simplest_form(box: BoxAttr, simple: BoxAttr):
    assert box == simple


def test_bytes_of_a_box():
    box = BoxAttr.of(8, 4, 16, 3, 100)
    assert box.total_bytes == 3 * 4 * 8
    assert box.outer_extent == 2 * 100 + 3 * 16 + 8


@pytest.mark.parametrize(("space", "is_load"), [(Space.L1, True), (Space.L2, False)])
def test_direction_of_a_transfer(space: Space, is_load: bool):
    other = Space.L2 if space is Space.L1 else Space.L1
    source = AnyOp(result_types=[buffer_type(8, other)]).results[0]
    target = AnyOp(result_types=[buffer_type(8, space)]).results[0]
    zero = AnyOp(result_types=[IndexType()]).results[0]
    transfer = DmaStartOp(source, zero, target, zero, BoxAttr.of(8))
    transfer.verify()
    assert transfer.is_load is is_load


# Requantisation


def test_requant_properties():
    requant = RequantAttr.of(
        [3, 4], [16, 32], addends=[5], rounding=Rounding.FLOOR, zero_point=-2, clip=(-7, 9)
    )
    assert (requant.multipliers, requant.addends, requant.divisors) == ((3, 4), (5,), (16, 32))
    assert (requant.rounding, requant.zero_point) == (Rounding.FLOOR, -2)
    assert (requant.clip, requant.channels) == ((-7, 9), 2)


def test_requant_of_all_channels_alike():
    assert IDENTITY.channels == 1
    assert IDENTITY.rounding is Rounding.HALF_EVEN


def test_requant_with_mixed_lengths_is_refused():
    with pytest.raises(VerifyException, match=r"one value or one per channel, not \[2, 3\]"):
        RequantAttr.of([1, 2], [1, 2, 3], clip=(0, 1))


@pytest.mark.parametrize(
    ("rounding", "expected"),
    [
        #                      -2.5 -1.5 -0.5 0.5 1.5 2.5
        (Rounding.HALF_EVEN, [-2, -2, 0, 0, 2, 2]),
        (Rounding.HALF_UP, [-2, -1, 0, 1, 2, 3]),
        (Rounding.HALF_AWAY, [-3, -2, -1, 1, 2, 3]),
        (Rounding.FLOOR, [-3, -2, -1, 0, 1, 2]),
    ],
)
@pytest.mark.parametrize("divisor", [2, 6])
def test_rounding_at_ties(rounding: Rounding, expected: list[int], divisor: int):
    dividends = np.array([-5, -3, -1, 1, 3, 5], np.int64) * (divisor // 2)
    rounded = reference.round_quotient(dividends, np.array([divisor], np.int64), rounding)
    assert rounded.tolist() == expected


@pytest.mark.parametrize(
    ("rounding", "expected"),
    [
        #                      -7/4 -5/4 -1/4 1/4 5/4 7/4
        (Rounding.HALF_EVEN, [-2, -1, 0, 0, 1, 2]),
        (Rounding.HALF_UP, [-2, -1, 0, 0, 1, 2]),
        (Rounding.HALF_AWAY, [-2, -1, 0, 0, 1, 2]),
        (Rounding.FLOOR, [-2, -2, -1, 0, 1, 1]),
    ],
)
def test_rounding_between_ties(rounding: Rounding, expected: list[int]):
    dividends = np.array([-7, -5, -1, 1, 5, 7], np.int64)
    rounded = reference.round_quotient(dividends, np.array([4], np.int64), rounding)
    assert rounded.tolist() == expected


@pytest.mark.parametrize("rounding", list(Rounding))
def test_odd_divisors_have_no_ties(rounding: Rounding):
    dividends = np.array([-5, -4, 4, 5], np.int64)
    nearest = [-2, -1, 1, 2]
    expected = [-2, -2, 1, 1] if rounding is Rounding.FLOOR else nearest
    rounded = reference.round_quotient(dividends, np.array([3], np.int64), rounding)
    assert rounded.tolist() == expected


def test_rounding_twice_carries_what_the_first_rounding_made_a_tie():
    """3/8 is 0, but 1.5/4 is first 2/4 and then 1."""
    dividends = np.array([3 * 2**30 - 1, 3 * 2**30, 2**31, -(2**31), -(2**31) - 1], np.int64)
    rounded = reference.round_quotient(dividends, np.array([2**33], np.int64), Rounding.TWICE)
    once = reference.round_quotient(dividends, np.array([2**33], np.int64), Rounding.HALF_AWAY)
    assert rounded.tolist() == [0, 1, 0, 0, 0]
    assert once.tolist() == [0, 0, 0, 0, 0]


def test_rounding_of_the_largest_quotients():
    """Doubling the remainder would overflow here: 2**62 - 1 is the rest of a divisor of 2**62."""
    dividends = np.array([2**62 - 1, 2**61, 3 * 2**61], np.int64)
    divisor = np.array([2**62], np.int64)
    rounded = reference.round_quotient(dividends, divisor, Rounding.HALF_EVEN)
    assert rounded.tolist() == [1, 0, 2]


def test_requantise_in_its_order():
    """(acc * multiplier + addend) / divisor is rounded, then the zero point added, then clipped."""
    requant = RequantAttr.of(
        [3], [4], addends=[2], rounding=Rounding.HALF_UP, zero_point=10, clip=(0, 20)
    )
    accumulators = np.array([-100, -4, 0, 1, 4, 100], np.int64).reshape(1, 1, 1, -1)
    # -298/4 is clipped; -10/4 = -2.5 to -2; 2/4 to 1; 5/4 to 1; 14/4 = 3.5 to 4; 302/4 is clipped
    expected = [[[[0, 8, 11, 11, 14, 20]]]]
    assert reference.requantise(accumulators, requant, np.uint8).tolist() == expected


def test_requantise_channel_by_channel():
    requant = RequantAttr.of([1, 3], [2, 4], addends=[0, 8], clip=(-128, 127))
    accumulators = np.array([6, 4], np.int64).reshape(1, 2, 1, 1)
    assert reference.requantise(accumulators, requant, np.int8).tolist() == [[[[3]], [[5]]]]


# Channel records


@st.composite
def records(draw: st.DrawFn) -> tuple[npt.NDArray[np.int8], dict[str, list[int]]]:
    """Weights of some channels, and some of the fields in any order."""
    channels, size = draw(st.integers(1, 5)), draw(st.integers(1, 9))
    kinds = [name for name in FIELD_BYTES if name not in (HIGH, LOW)]
    names = draw(st.permutations(kinds))[: draw(st.integers(0, len(kinds)))]
    names += draw(st.sampled_from([[], [HIGH], [HIGH, LOW]]))
    if LOW in names:  # right behind high or not at all
        names.remove(LOW)
        if HIGH in names:
            names.insert(names.index(HIGH) + 1, LOW)
    bytes_ = st.lists(st.integers(-128, 127), min_size=size, max_size=size)
    weights = [draw(bytes_) for _ in range(channels)]
    fields: dict[str, list[int]] = {}
    for name in names:
        limit = 2 ** (8 * FIELD_BYTES[name] - 1)
        values = st.integers(-limit, limit - 1)
        fields[name] = draw(st.lists(values, min_size=channels, max_size=channels))
    return int8(weights), fields


@given(content=records())
def test_records_hold_what_was_packed(content: tuple[npt.NDArray[np.int8], dict[str, list[int]]]):
    weights, fields = content
    record, packed = pack_records(weights, fields)
    assert packed.shape == (len(weights), record.size)
    unpacked, values = unpack_records(record, packed.reshape(-1))
    np.testing.assert_array_equal(unpacked, weights)
    assert {name: array.tolist() for name, array in values.items()} == fields


def test_bytes_of_a_record():
    record, packed = pack_records(int8([[1, -1, 2, 3, 4]]), {BIAS: [-2], SHIFT: [258]})
    assert record == RecordAttr.of(5, [BIAS, SHIFT])
    weights, padding = [1, 255, 2, 3, 4], [0, 0, 0]
    assert packed.tolist() == [[*weights, *padding, 254, 255, 255, 255, 2, 1, 0, 0]]


def test_offsets_in_a_record():
    record = RecordAttr.of(9, [BIAS, ADDEND, MULTIPLIER])
    offsets = [record.offset(name) for name in (BIAS, ADDEND, MULTIPLIER)]
    assert (offsets, record.size) == ([12, 16, 24], 28)


def test_field_that_a_record_does_not_have():
    with pytest.raises(KeyError, match=WEIGHT_ZERO_POINT):
        RecordAttr.of(4, [BIAS]).offset(WEIGHT_ZERO_POINT)


@pytest.mark.parametrize(
    ("requant", "fields"),
    [
        (RequantAttr.of([3], [16], clip=(0, 1)), {}),
        (RequantAttr.of([3, 3], [16, 16], clip=(0, 1)), {}),
        (RequantAttr.of([3, 4], [16], clip=(0, 1)), {MULTIPLIER: (3, 4)}),
        (RequantAttr.of([3], [16, 32], clip=(0, 1)), {SHIFT: [4, 5]}),
        (RequantAttr.of([3], [16, 31], clip=(0, 1)), {DIVISOR: (16, 31)}),
        (RequantAttr.of([3], [16], addends=[0, -1], clip=(0, 1)), {ADDEND: (0, -1)}),
    ],
)
def test_only_what_differs_goes_into_records(requant: RequantAttr, fields: dict[str, list[int]]):
    assert varying_requant_fields(requant) == fields


GEMMLOWP = RequantAttr.of(
    [2**30, 2**31 - 1],
    [2**32, 2**50],
    rounding=Rounding.TWICE,
    zero_point=255,
    clip=(-128, 127),
)


def test_what_stands_in_for_gemmlowp_is_gemmlowp_again():
    uniform = uniform_requant(GEMMLOWP)
    assert rounds_in_words(GEMMLOWP)
    assert rounds_in_words(uniform)
    assert (uniform.multipliers, uniform.divisors) == ((2**30,), (2**32,))


@pytest.mark.parametrize(
    "requant",
    [
        GEMMLOWP.with_factors([2**30 - 1, 2**31 - 1], GEMMLOWP.divisors, [0]),
        GEMMLOWP.with_factors(GEMMLOWP.multipliers, [2**31, 2**50], [0]),
        GEMMLOWP.with_factors(GEMMLOWP.multipliers, [2**32, 2**51], [0]),
        GEMMLOWP.with_factors(GEMMLOWP.multipliers, GEMMLOWP.divisors, [0, 1]),
        RequantAttr.of([2**30], [2**32], rounding=Rounding.TWICE, clip=(-512, 0)),
        RequantAttr.of([2**30], [2**32], rounding=Rounding.HALF_UP, clip=(0, 255)),
    ],
)
def test_what_words_would_miss(requant: RequantAttr):
    assert not rounds_in_words(requant)


@given(
    multipliers=st.lists(st.integers(-(2**31) + 1, 2**31 - 1), min_size=3, max_size=3),
    addends=st.lists(st.integers(-(2**63), 2**63 - 1), min_size=3, max_size=3),
    divisors=st.lists(st.integers(1, 2**62), min_size=3, max_size=3),
)
def test_requantisation_from_records(
    multipliers: list[int], addends: list[int], divisors: list[int]
):
    requant = RequantAttr.of(
        multipliers, divisors, addends=addends, rounding=Rounding.HALF_UP, clip=(-3, 4)
    )
    record, packed = pack_records(int8([[0]] * 3), varying_requant_fields(requant))
    _, fields = unpack_records(record, packed.reshape(-1))
    restored = record_requant(uniform_requant(requant), fields)
    for name in ("multipliers", "addends", "divisors"):
        values = getattr(restored, name)
        assert (values * 3 if len(values) == 1 else values) == getattr(requant, name)
    assert (restored.rounding, restored.clip) == (requant.rounding, requant.clip)


# What each operation computes


def test_conv2d():
    """Two input channels, the second one twice as heavy; bias 10."""
    x = int8([[[[1, 2, 3], [4, 5, 6]], [[1, 0, 1], [0, 1, 0]]]])
    weights = ConstantOp.of(int8([[[[1, 2], [3, 4]], [[2, 2], [2, 2]]]]))
    layer = Conv2DOp(
        "conv",
        value(type_of(x)),
        weights,
        ConstantOp.of(int32([10])),
        WindowAttr.of((2, 2)),
        IDENTITY,
        activation_type((1, 1, 1, 2), np.int8),
    )
    # 1 + 4 + 12 + 20 = 37 and 2 + 6 + 15 + 24 = 47; 2 * (1 + 1) both times
    assert run(layer, x) == [[[[37 + 4 + 10, 47 + 4 + 10]]]]


def test_conv2d_with_zero_points_and_pads():
    """Padding is a real 0: only the pixel itself counts, less its zero point."""
    x = uint8([[[[130]]]])
    weights = ConstantOp.of(uint8([[[[9, 8, 7], [6, 5, 4], [3, 2, 1]]]]))
    layer = Conv2DOp(
        "conv",
        value(type_of(x)),
        weights,
        ConstantOp.of(int32([1])),
        WindowAttr.of((3, 3), pads=(1, 1, 1, 1)),
        IDENTITY,
        activation_type((1, 1, 1, 1), np.int8),
        input_zero_point=128,
        weight_zero_points=(2,),
    )
    assert run(layer, x) == [[[[(130 - 128) * (5 - 2) + 1]]]]


def test_conv2d_with_stride_dilation_and_uneven_pads():
    """One row of pads above: the first window sees only its lower taps, two rows further down."""
    x = int8([[[[1, 2, 3], [4, 5, 6], [7, 8, 9]]]])
    weights = ConstantOp.of(int8([[[[10, 1], [1, 1]]]]))
    layer = Conv2DOp(
        "conv",
        value(type_of(x)),
        weights,
        ConstantOp.of(int32([0])),
        WindowAttr.of((2, 2), (1, 1), (1, 0, 0, 0), (2, 2)),
        IDENTITY,
        activation_type((1, 1, 2, 1), np.int8),
    )
    # rows -1 and 1: 4 + 6; rows 0 and 2: 10 * 1 + 3 + 7 + 9
    assert run(layer, x) == [[[[10], [29]]]]


def test_depthwise():
    """Each channel has its own weights, bias and weight zero point."""
    x = int8([[[[1, 2, 3]], [[4, 5, 6]]]])
    weights = ConstantOp.of(int8([[[[1, 2]]], [[[3, 5]]]]))
    layer = DepthwiseOp(
        "dw",
        value(type_of(x)),
        weights,
        ConstantOp.of(int32([10, -10])),
        WindowAttr.of((1, 2), pads=(0, 0, 0, 1)),
        IDENTITY,
        activation_type((1, 2, 1, 3), np.int8),
        input_zero_point=1,
        weight_zero_points=(0, 4),
    )
    # channel 0: x - 1 = 0 1 2 0, by 1 2: 2 5 2; channel 1: x - 1 = 3 4 5 0, by -1 1: 1 1 -5
    assert run(layer, x) == [[[[12, 15, 12]], [[-9, -9, -15]]]]


def test_pointwise():
    """Two pixels, two inputs, three outputs; x - 3 is (-2, 1) and (0, 2)."""
    x = int8([[[[1, 3]], [[4, 5]]]])
    layer = PointwiseOp(
        "pw",
        value(type_of(x)),
        ConstantOp.of(int8([[1, 2], [3, 4], [-5, 6]])),
        ConstantOp.of(int32([0, 1, 2])),
        RequantAttr.of([1, 2, 1], [1, 1, 2], clip=(-128, 127)),
        activation_type((1, 3, 1, 2), np.int8),
        input_zero_point=3,
    )
    # sums 0 4, -1 9, 18 14; times 1, 2, 1/2
    assert run(layer, x) == [[[[0, 4]], [[-2, 18]], [[9, 7]]]]


def test_linear_flattens_channels_rows_columns():
    """Weights of 1, 10 and 100 for values 1, 2 and 3 in this order; the fourth is left out."""
    x = uint8([[[[1, 2]], [[3, 4]]]])
    layer = LinearOp(
        "fc",
        value(type_of(x)),
        ConstantOp.of(int8([[1, 10, 100, 0], [0, 0, 0, 1]])),
        ConstantOp.of(int32([-200, 0])),
        IDENTITY,
        activation_type((1, 2, 1, 1), np.int8),
    )
    assert run(layer, x) == [[[[1 + 20 + 300 - 200]], [[4]]]]


def test_linear_with_zero_points():
    x = uint8([[[[1, 2]]]])
    layer = LinearOp(
        "fc",
        value(type_of(x)),
        ConstantOp.of(uint8([[7, 9], [0, 1]])),
        ConstantOp.of(int32([0, 0])),
        IDENTITY,
        activation_type((1, 2, 1, 1), np.int8),
        input_zero_point=4,
        weight_zero_points=(8, 1),
    )
    # x - 4 = -3 -2; weights -1 1 and -1 0
    assert run(layer, x) == [[[[1]], [[3]]]]


def test_add():
    a, b = int8([[[[1, 2, 100]]]]), uint8([[[[128, 127, 255]]]])
    layer = AddOp(
        "res",
        value(type_of(a)),
        value(type_of(b)),
        RequantAttr.of([1], [2], zero_point=-1, clip=(-128, 127)),
        activation_type((1, 1, 1, 3), np.int8),
        multipliers=(3, 4),
        zero_points=(-1, 128),
    )
    # 3 * 2 + 0 = 6; 3 * 3 - 4 = 5, halved to even; 3 * 101 + 4 * 127 is clipped
    assert run(layer, a, b) == [[[[2, 1, 127]]]]


def test_mul_by_one_value_a_channel():
    a, b = int8([[[[1, 2]], [[-3, 4]]]]), uint8([[[[10]], [[128]]]])
    layer = MulOp(
        "gate",
        value(type_of(a)),
        value(type_of(b)),
        IDENTITY,
        activation_type((1, 2, 1, 2), np.int8),
        zero_points=(1, 129),
    )
    assert run(layer, a, b) == [[[[0, -119]], [[4, -3]]]]


def test_avg_pool():
    """The sum of x - zx over the window, a ninth of it; pads count as 0 and in the divisor."""
    x = uint8([[[[11, 12], [13, 19]]]])
    layer = AveragePoolOp(
        "avg",
        value(type_of(x)),
        WindowAttr.of((3, 3), pads=(1, 1, 0, 0)),
        RequantAttr.of([1], [9], zero_point=10, clip=(0, 255)),
        activation_type((1, 1, 1, 1), np.uint8),
        input_zero_point=10,
    )
    # (1 + 2 + 3 + 9) / 9 = 1.67
    assert run(layer, x) == [[[[12]]]]


def test_max_pool():
    """Negative values win over padding."""
    x = int8([[[[-5, -7, -3], [-9, -8, -6]], [[1, 2, 3], [6, 5, 4]]]])
    layer = MaxPoolOp(
        "max",
        value(type_of(x)),
        WindowAttr.of((2, 2), strides=(2, 2), pads=(1, 1, 0, 0)),
        activation_type((1, 2, 1, 2), np.int8),
    )
    assert run(layer, x) == [[[[-5, -3]], [[1, 3]]]]


def test_rescale():
    x = uint8([[[[0, 127, 128, 131, 255]]]])
    layer = RescaleOp(
        "scale",
        value(type_of(x)),
        RequantAttr.of([1], [2], rounding=Rounding.HALF_UP, zero_point=3, clip=(-50, 60)),
        activation_type((1, 1, 1, 5), np.int8),
        input_zero_point=128,
    )
    # -64 is clipped to -50 after + 3; -0.5 to 0; 0; 1.5 to 2; 63.5 is clipped
    assert run(layer, x) == [[[[-50, 3, 3, 5, 60]]]]


def test_lookup():
    """Entries count from the smallest value; channels take their own tables."""
    x = int8([[[[-128, 0]], [[127, -127]]]])
    tables = np.stack([np.arange(256), np.arange(255, -1, -1)]).astype(np.uint8)
    for used, expected in ((tables, [[0, 128], [0, 254]]), (tables[:1], [[0, 128], [255, 1]])):
        layer = LookupOp(
            "table",
            value(type_of(x)),
            ConstantOp.of(used),
            activation_type((1, 2, 1, 2), np.uint8),
        )
        assert run(layer, x) == [[[row] for row in expected]]


def test_pair_lookup():
    """Rows count from the smallest value of the first, bits from that of the second."""
    x, y = int8([[[[-128, 127]], [[0, 0]]]]), uint8([[[[0, 255]]]])
    bits = np.zeros((256, 256), np.int64)
    bits[0, 0] = bits[255, 254] = bits[128, 255] = 1
    layer = PairLookupOp(
        "pairs",
        value(type_of(x)),
        value(type_of(y)),
        ConstantOp.of(packed_bits(bits)),
        activation_type((1, 2, 1, 2), np.int8),
    )
    np.testing.assert_array_equal(layer.bits, bits)
    assert run(layer, x, y) == [[[[1, 0]], [[0, 1]]]]


def test_movements():
    x = int8([[[[1, 2], [3, 4]], [[5, 6], [7, 8]]]])

    def type_of_size(*shape: int) -> IntTensorType:
        return activation_type((1, *shape), np.int8)

    operand = value(type_of(x))
    joined = ConcatOp("join", [operand, operand], type_of_size(4, 2, 2))
    assert run(joined, x, x) == [[*x[0].tolist(), *x[0].tolist()]]
    padded = PadOp("pad", operand, (1, 0, 0, 1), 9, type_of_size(2, 3, 3))
    around = [[[9, 9, 9], [1, 2, 9], [3, 4, 9]], [[9, 9, 9], [5, 6, 9], [7, 8, 9]]]
    assert run(padded, x) == [around]
    larger = ResizeOp("up", operand, type_of_size(2, 4, 2))
    repeated = [[[1, 2], [1, 2], [3, 4], [3, 4]], [[5, 6], [5, 6], [7, 8], [7, 8]]]
    assert run(larger, x) == [repeated]
    part = SliceOp("part", operand, (1, 0, 1), type_of_size(1, 2, 1))
    assert run(part, x) == [[[[6], [8]]]]


@pytest.mark.parametrize(("shape", "macs"), [((3, 2), 3 * 2 * 4), ((1, 2), 8)])
def test_macs_count_every_weight_at_every_pixel(shape: tuple[int, int], macs: int):
    layer = PointwiseOp(
        "pw",
        value(activation_type((1, 2, 2, 2), np.int8)),
        ConstantOp.of(np.zeros(shape, np.int8)),
        ConstantOp.of(np.zeros(shape[0], np.int32)),
        IDENTITY,
        activation_type((1, shape[0], 2, 2), np.int8),
    )
    assert layer.macs == macs
