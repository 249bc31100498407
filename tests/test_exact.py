"""The exact interpreter: numbers, roundings, and what float32 can make of them."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import onnx
import pytest
from exact_support import differences
from frontend_models import ModelWriter
from frontend_support import onnx_runtime
from test_verification import add_to_bias

import dsconv
from dsconv.errors import ModelError
from dsconv.exact.interpreter import Judged, evaluate
from dsconv.exact.rounding import quantised, rounded
from dsconv.exact.tensor import Tensor, added, exact, multiplied
from dsconv.exact.windows import Window
from dsconv.frontends import import_onnx
from dsconv.frontends.arithmetic.scales import Quantisation
from dsconv.verification.oracles import Judge
from dsconv.verification.verify import verify

DIGITS = Path(__file__).parents[1] / "examples" / "digits" / "digits.onnx"


def test_numbers_are_exact():
    tenths = Tensor.of(np.array([0.1, 0.3, -7.5], np.float32))
    total = added(multiplied(tenths, tenths), tenths)
    numbers = [Fraction(float(np.float32(x))) for x in (0.1, 0.3, -7.5)]
    assert [int(step) * total.unit for step in total.steps] == [x**2 + x for x in numbers]


def test_numbers_of_all_sizes_are_exact():
    numbers = np.array([1e-38, 3e38, 0, -1], np.float32)
    tensor = Tensor.of(numbers)
    found = [int(step) * tensor.unit for step in tensor.steps]
    assert found == [Fraction(float(x)) for x in numbers]


def quantised_to(x: list[float], scale: float, zero_point: int, error: float = 0.0) -> Tensor:
    tensor = Tensor.of(np.array(x, np.float64)).with_error(error)
    return quantised(tensor, Fraction(scale), np.array(zero_point), np.int8)


def test_integers_of_any_size_stay_integers_of_any_size():
    large = exact(np.array([2**70, 1], object), Fraction(1), np.float32)
    few = exact(np.array([3, -3]), Fraction(1), np.float32)
    padded = Window((1,), (1,), (1,), ((1, 1),)).of(large.steps.reshape(1, 1, 2), 0)
    for steps in (multiplied(large, few).steps, added(large, few).steps, padded):
        assert {type(step) for step in steps.reshape(-1)} == {int}


def test_ties_go_to_even_and_leave_no_choice():
    found = quantised_to([0.25, 0.75, -0.25, 1e9, -1e9], 0.5, 3)
    assert found.steps.tolist() == [3, 5, 3, 127, -128]
    assert found.low is not None
    np.testing.assert_array_equal(found.low, found.steps)


def test_a_zero_point_is_added_to_numbers_of_fine_units():
    tensor = exact(np.array([3 * 2**60, 1]), Fraction(1, 2**61), np.float32)
    found = rounded(tensor, 127, np.int8, added_first=True)
    assert found.steps.tolist() == [127, 127]


def test_what_float32_cannot_tell_from_a_tie_leaves_a_choice():
    third = float(np.float32(1 / 3))
    found = quantised_to([third * 0.5 * (1 + 2**-25), third * 0.51], third, 0)
    assert found.low is not None
    assert found.high is not None
    assert found.low.tolist() == [0, 1]
    assert found.high.tolist() == [1, 1]


def test_a_tensor_that_is_given_is_judged_and_followed():
    writer, unit = ModelWriter(), Quantisation(0.5, 0, "int8")
    half = writer.quantize(writer.input("x", "float32", (1, 2)), unit)
    double = writer.node("Add", *[writer.dequantize(half, unit)] * 2)
    model = writer.model(writer.quantize(double, unit))
    x, wrong = np.array([[1, 2]], np.float32), np.array([[2, 5]], np.int8)
    last = model.graph.output[0].name
    found = evaluate(model, {"x": x}, [last], given={half: wrong})
    assert found[half].different(wrong).tolist() == [[False, True]]
    assert found[last].value.tolist() == [[4, 10]]


def test_nodes_that_are_unknown_are_named():
    writer = ModelWriter()
    model = writer.model(writer.node("Mystery", writer.input("x", "float32", (1,)), name="m"))
    with pytest.raises(ModelError, match="Mystery 'm' is unknown to the exact interpreter"):
        evaluate(model, {"x": np.zeros(1, np.float32)}, [model.graph.output[0].name])


def test_numbers_that_are_none_are_an_error():
    writer = ModelWriter()
    model = writer.model(writer.node("Relu", writer.input("x", "float32", (1,))))
    with pytest.raises(ModelError, match="input 'x'"):
        evaluate(model, {"x": np.array([np.nan], np.float32)}, [model.graph.output[0].name])


def test_digits_mean_what_the_file_means():
    found = verify(dsconv.compile(DIGITS, "host"), DIGITS, on="host", judge=Judge.EXACT)
    assert found.equal
    assert all(layer.agreement is not None for layer in found.layers)


def test_one_wrong_layer_is_the_only_one():
    compiled = dsconv.compile(DIGITS, "host")
    add_to_bias(compiled.imported.module, "block2_dw", 5)
    found = verify(compiled, DIGITS, on="host", judge=Judge.EXACT)
    wrong = [layer.label for layer in found.layers if layer.agreement and layer.agreement.different]
    assert wrong == ["block2_dw"]
    assert not found.equal


def test_choices_are_ties_alone():
    judged = Judged(np.array([1, 2]), np.array([1, 1]), np.array([1, 2]))
    assert judged.choices.tolist() == [False, True]
    assert judged.different(np.array([0, 1])).tolist() == [True, False]


def test_sums_that_are_not_quantised_at_the_end():
    writer, unit = ModelWriter(), Quantisation(0.05, 3, "uint8")
    x = writer.dequantize(writer.input("x", "uint8", (1, 2, 3, 3)), unit)
    weights = writer.dequantized_constant(
        np.arange(-4, 4, dtype=np.int8).reshape(4, 2, 1, 1),
        np.array([0.1, 0.2, 0.3, 0.4], np.float32),
        np.zeros(4, np.int8),
    )
    model = writer.model(writer.node("Conv", x, weights), dtype="float32")
    image = np.random.default_rng(0).integers(0, 256, (1, 2, 3, 3), np.uint8)
    network = import_onnx(onnx.ModelProto.FromString(model.SerializeToString()))
    assert network.outputs[0].channel_scales
    assert not differences(network, model, {"x": image})


def test_a_sum_that_float32_rounds_on_its_way_leaves_a_choice():
    scale = 154943 / 2**23  # 18 bits, so that float32 does not hold 190 of it, but the average
    writer, unit = ModelWriter(), Quantisation(scale, -128, "int8")
    x = writer.dequantize(writer.input("x", "int8", (1, 1, 2, 2)), unit)
    pooled = writer.node("AveragePool", x, kernel_shape=[2, 2])
    model = writer.model(writer.quantize(pooled, unit))
    image = np.array([[0, 68], [79, 43]], np.int64) - 128
    feeds = {"x": image.astype(np.int8).reshape(1, 1, 2, 2)}
    (output,) = (value.name for value in model.graph.output)
    (expected,) = onnx_runtime(model, optimised=False).run(None, feeds)
    of_floats = evaluate(model, feeds, [output], float_sums=True)[output]
    assert of_floats.choices.all()
    assert not of_floats.different(np.asarray(expected)).any()
    assert not evaluate(model, feeds, [output])[output].choices.any()
