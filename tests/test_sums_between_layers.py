"""Additions, averages and others on what is not quantised: exact for every value, or refused."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from exact_support import assert_means
from frontend_layers import assert_nearly_agrees
from frontend_models import Array, ModelWriter
from frontend_support import layer_operations
from handwritten import needs_gvsoc
from hypothesis import given
from hypothesis import strategies as st

import dsconv
from dsconv.errors import ModelError
from dsconv.frontends import import_onnx
from dsconv.frontends.arithmetic.linear_forms import quantised_steps
from dsconv.frontends.arithmetic.scales import Quantisation

SHAPE = (1, 4, 6, 8)
X = Quantisation(0.031, 120, "uint8")
Y = Quantisation(0.0187, -20, "int8")
RNG = np.random.default_rng(3)
SCALES = np.array([0.002, 0.0013, 0.0031, 0.0007], np.float32)
BIAS = RNG.normal(0, 1, 4).astype(np.float32)
COLUMN = RNG.uniform(-1, 1, (4, 1, 1)).astype(np.float32)
FEEDS = {"x": RNG.integers(0, 256, SHAPE, np.uint8)}


class Network(ModelWriter):
    """A network on one quantised activation."""

    def __init__(self, *, per_channel: bool = False):
        super().__init__(17)
        self.scales: Array = SCALES if per_channel else np.array(0.0021, np.float32)
        self.x: str = self.dequantize(self.input("x", X.dtype, SHAPE), X)
        self.weights = np.random.default_rng(8)

    def conv(self, *, bias: bool = True, units: bool = False, kernel: int = 3) -> str:
        """A convolution to as many channels, rows and columns, with real biases or in units."""
        array = self.weights.integers(-127, 128, (4, 4, kernel, kernel), np.int8)
        scales = self.scales
        weights = self.dequantized_constant(array, scales, np.zeros(scales.shape, np.int8))
        more = [self.constant(BIAS)] if bias else []
        if units:
            unit = np.float32(X.scale) * scales
            integers = self.weights.integers(-3000, 3000, 4, np.int32)
            zeros = np.zeros(unit.shape, np.int32)
            more = [self.dequantized_constant(integers, unit, zeros)]
        return self.node("Conv", self.x, weights, *more, pads=[kernel // 2] * 4)

    def turned(self) -> str:
        """A transposed convolution to two channels and twice as many rows and columns."""
        array = self.weights.integers(-127, 128, (4, 2, 3, 2), np.int8)
        scales = self.scales[:2] if self.scales.ndim else self.scales
        zeros = np.zeros(scales.shape, np.int8)
        weights = self.dequantized_constant(array, scales, zeros, axis=1)
        return self.node("ConvTranspose", self.x, weights, strides=[2, 2])

    def relu(self, x: str) -> str:
        return self.node("Relu", x)

    def average(self, x: str, **attributes: Any) -> str:
        given: dict[str, Any] = {"kernel_shape": [2, 3], **attributes}
        return self.node("AveragePool", x, **given)

    def everywhere(self, x: str) -> str:
        return self.node("GlobalAveragePool", x)

    def scalar(self, value: float) -> str:
        return self.constant(np.array(value, np.float32))

    def column(self) -> str:
        return self.constant(COLUMN)

    def normalised(self, x: str) -> str:
        limits = ((-1, 1),) * 3 + ((0.1, 2),)
        rows = [RNG.uniform(*ends, 4).astype(np.float32) for ends in limits]
        return self.node("BatchNormalization", x, *map(self.constant, rows))

    def finished(self, y: str, *, quantised: bool = True) -> onnx.ModelProto:
        if not quantised:
            return self.model(y, dtype="float32")
        return self.model(self.quantize(y, Y))


Make = Callable[[Network], str]
SUMS: dict[str, Make] = {
    "conv + x": lambda n: n.node("Add", n.conv(), n.x),
    "x + conv, in units": lambda n: n.node("Add", n.x, n.conv(units=True)),
    "conv - x": lambda n: n.node("Sub", n.conv(), n.x),
    "x - conv": lambda n: n.node("Sub", n.x, n.conv()),
    "conv + conv": lambda n: n.node("Add", n.conv(), n.conv(kernel=1)),
    "three terms": lambda n: n.node("Add", n.x, n.node("Add", n.conv(), n.conv())),
    "Relu(conv + x)": lambda n: n.relu(n.node("Add", n.conv(), n.x)),
    "Relu(conv) + x": lambda n: n.node("Add", n.relu(n.conv(units=True)), n.x),
    "Clip(conv + x)": lambda n: n.node(
        "Clip", n.node("Add", n.conv(), n.x), n.scalar(-0.5), n.scalar(1.3)
    ),
    "conv + average of all": lambda n: n.node("Add", n.conv(), n.everywhere(n.x)),
    "conv + average of its own": lambda n: n.node("Add", n.x, n.everywhere(n.conv(units=True))),
    "MaxPool(conv + x)": lambda n: n.node(
        "MaxPool", n.node("Add", n.conv(), n.x), kernel_shape=[2, 2]
    ),
    "conv + Tanh(x)": lambda n: n.node("Add", n.conv(), n.node("Tanh", n.x)),
    "Concat of sums": lambda n: n.node("Concat", n.conv(), n.node("Add", n.conv(), n.x), axis=1),
    "Resize(conv + x)": lambda n: n.node(
        "Resize",
        n.node("Add", n.conv(units=True), n.x),
        "",
        n.constant(np.array([1, 1, 1.5, 2], np.float32)),
        mode="linear",
    ),
}
POOLS: dict[str, Make] = {
    "average": lambda n: n.average(n.conv()),
    "average of Relu": lambda n: n.average(n.relu(n.conv(units=True))),
    "average of all": lambda n: n.everywhere(n.conv()),
    "Relu of the average": lambda n: n.relu(n.everywhere(n.conv())),
    "counted pads": lambda n: n.average(
        n.conv(units=True), kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1
    ),
    "mean": lambda n: n.node("ReduceMean", n.conv(), axes=[2, 3], keepdims=0),
    "sum": lambda n: n.node("ReduceSum", n.conv(units=True), n.constant(np.array([2])), keepdims=1),
    "sum of a sum": lambda n: n.node(
        "ReduceSum", n.node("Add", n.conv(), n.x), n.constant(np.array([2, 3])), keepdims=0
    ),
    "sum of Tanh": lambda n: n.node(
        "ReduceSum", n.node("Tanh", n.x), n.constant(np.array([3])), keepdims=1
    ),
    "average of an average": lambda n: n.everywhere(n.average(n.conv())),
    "average of an average of x": lambda n: n.everywhere(n.average(n.x)),
    "average of a maximum": lambda n: n.average(
        n.node("MaxPool", n.conv(units=True), kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    ),
    "average of a sum": lambda n: n.average(n.node("Add", n.conv(), n.x)),
    "average of two activations": lambda n: n.everywhere(
        n.node("Add", n.x, n.node("MaxPool", n.x, kernel_shape=[1, 1]))
    ),
    "average of Sigmoid + conv": lambda n: n.everywhere(
        n.node("Add", n.node("Sigmoid", n.x), n.conv())
    ),
    "linear Resize": lambda n: n.node(
        "Resize", n.conv(), "", n.constant(np.array([1, 1, 2, 1.5], np.float32)), mode="linear"
    ),
    "linear Resize of an average": lambda n: n.node(
        "Resize",
        n.average(n.conv(units=True)),
        "",
        n.constant(np.array([1, 1, 2, 2], np.float32)),
        mode="linear",
    ),
}
FUNCTIONS: dict[str, Make] = {
    "HardSwish(conv + x)": lambda n: n.node("HardSwish", n.node("Add", n.conv(), n.x)),
    "Sigmoid(x + x)": lambda n: n.node(
        "Sigmoid", n.node("Add", n.x, n.node("MaxPool", n.x, kernel_shape=[1, 1]))
    ),
    "LeakyRelu(x - Relu(conv))": lambda n: n.node(
        "LeakyRelu", n.node("Sub", n.x, n.relu(n.conv(units=True))), alpha=0.1
    ),
    "SiLU of a sum": lambda n: n.node(
        "Mul", s := n.node("Add", n.conv(), n.x), n.node("Sigmoid", s)
    ),
    "a normalised sum": lambda n: n.normalised(n.node("Add", n.conv(), n.x)),
    "PRelu of a sum": lambda n: n.node("PRelu", n.node("Add", n.conv(), n.x), n.column()),
    "a factor of a sum": lambda n: n.node("Mul", n.node("Add", n.conv(), n.x), n.column()),
    "Elu of an average": lambda n: n.node("Elu", n.average(n.conv())),
    "Tanh of an average of all": lambda n: n.node("Tanh", n.everywhere(n.relu(n.conv(units=True)))),
    "HardSigmoid of an average of x": lambda n: n.node("HardSigmoid", n.average(n.x)),
    "Softplus of a product": lambda n: n.node(
        "Softplus", n.node("Mul", n.x, n.node("MaxPool", n.x, kernel_shape=[1, 1]))
    ),
    "HardSwish of a linear Resize": lambda n: n.node(
        "HardSwish",
        n.node("Resize", n.x, "", n.constant(np.array([1, 1, 2, 2], np.float32)), mode="linear"),
    ),
    "HardSwish of a maximum": lambda n: n.node(
        "HardSwish", n.node("MaxPool", n.conv(units=True), kernel_shape=[2, 2])
    ),
}
PRODUCTS: dict[str, Make] = {
    "conv * x": lambda n: n.node("Mul", n.conv(bias=False, kernel=1), n.x),
    "x * average of conv": lambda n: n.node(
        "Mul", n.x, n.average(n.conv(bias=False, kernel=1), kernel_shape=[6, 8])
    ),
}
TRANSPOSED: dict[str, Make] = {
    "average of a transposed convolution": lambda n: n.average(n.turned()),
    "HardSwish of a transposed convolution": lambda n: n.node("HardSwish", n.turned()),
    "transposed convolution + transposed convolution": lambda n: n.node(
        "Add", n.turned(), n.turned()
    ),
}
NETWORKS = SUMS | POOLS | FUNCTIONS | PRODUCTS | TRANSPOSED


@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("make", NETWORKS)
def test_what_is_not_quantised_means_what_the_file_says(make: str, per_channel: bool):
    network = Network(per_channel=per_channel)
    assert_nearly_agrees(network.finished(NETWORKS[make](network)), FEEDS)


@pytest.mark.parametrize(
    "make",
    [
        "three terms",
        "Relu(conv) + x",
        "conv + Tanh(x)",
        "counted pads",
        "average of a maximum",
        "linear Resize of an average",
        "PRelu of a sum",
        "average of a transposed convolution",
        "conv * x",
    ],
)
def test_its_c_is_equal(make: str, tmp_path: Path):
    network = Network(per_channel=make in ("three terms", "counted pads"))
    path = tmp_path / "network.onnx"
    onnx.save(network.finished(NETWORKS[make](network)), str(path))
    for target in ("pulp_open", "host"):
        assert dsconv.compile(path, target=target).run(FEEDS["x"], on="host").equal


ENDS: dict[str, Make] = {
    "average": lambda n: n.average(n.conv(bias=False)),
    "transposed convolution": lambda n: n.turned(),
    "Relu of the maximum": lambda n: n.relu(
        n.node("MaxPool", n.conv(units=True), kernel_shape=[2, 2])
    ),
    "maximum of x": lambda n: n.node("MaxPool", n.x, kernel_shape=[2, 2]),
    "Sigmoid of an average": lambda n: n.node("Sigmoid", n.average(n.conv(bias=False))),
    "blocks": lambda n: n.node("DepthToSpace", n.x, blocksize=2),
}


@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("make", ENDS)
def test_a_last_layer_gives_its_integers(make: str, per_channel: bool):
    network = Network(per_channel=per_channel)
    imported = assert_means(network.finished(ENDS[make](network), quantised=False), FEEDS)
    (port,) = imported.outputs
    assert port.dtype == ("uint8" if make in ("maximum of x", "blocks") else "int32")
    assert bool(port.channel_scales) != (port.scale is not None)


def kinds_of(make: Make) -> list[str]:
    network = Network()
    return [
        layer.kind
        for layer in layer_operations(import_onnx(network.finished(make(network)))).values()
    ]


def test_averages_add_up_sums_of_32_bits():
    assert kinds_of(POOLS["average"]) == ["conv2d", "avg_pool", "sum_steps"]
    assert kinds_of(POOLS["average of Relu"]) == ["conv2d", "avg_pool", "steps"]


def test_a_sum_of_several_terms_is_one_layer():
    assert kinds_of(SUMS["three terms"]) == ["conv2d", "conv2d", "sum_steps"]


REFUSED: dict[str, tuple[Make, str]] = {
    "an average of a clipped sum": (
        lambda n: n.everywhere(n.relu(n.node("Add", n.conv(), n.x))),
        "is clipped, of a sum of several terms",
    ),
    "a sum of a function of sums": (
        lambda n: n.node("Add", n.node("Tanh", n.conv()), n.x),
        "takes the result of node 'tanh_",
    ),
    "a bound off the units": (
        lambda n: n.node("Add", n.node("Clip", n.conv(), n.scalar(0), n.scalar(6)), n.x),
        "clipped to 0 to 6, no whole numbers of its sums' units",
    ),
    "pads that do not count": (
        lambda n: n.average(n.conv(), kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        "pads that do not count in an average of what is not quantised",
    ),
    "pads beside a real bias": (
        lambda n: n.average(n.conv(), kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1),
        "an average of pads and of sums with a real bias",
    ),
    "a product of sums": (
        lambda n: n.node("Mul", n.x, n.node("Add", n.conv(), n.x)),
        "is a product of sums of several terms",
    ),
    "a product of many bits": (
        lambda n: n.node("Mul", n.conv(bias=False), n.conv(bias=False)),
        "which does not fit 32 bits",
    ),
    "channels in another order": (
        lambda n: n.everywhere(
            n.node(
                "Gather", n.conv(bias=False), n.constant(np.array([2, 0, 1, 3], np.int64)), axis=1
            )
        ),
        "takes channels of what is not quantised in another order",
    ),
    "sums at the end": (
        lambda n: n.node("Identity", n.node("Add", n.conv(), n.x)),
        "its result is float and no integer times one scale",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_exact_is_refused(case: str):
    make, message = REFUSED[case]
    network = Network()
    model = network.finished(make(network), quantised=case != "sums at the end")
    with pytest.raises(ModelError, match=message):
        import_onnx(model)


@given(
    st.integers(-99, 98).map(lambda number: Fraction(number if number < 0 else number + 1, 50)),
    st.integers(-20, 20).map(lambda number: Fraction(number, 7)),
    st.integers(-128, 127),
    st.integers(1, 64),
)
def test_steps_are_rounded_half_to_even(
    scale: Fraction, addend: Fraction, zero_point: int, step: int
):
    output = Quantisation(step / 32, zero_point, "int8")
    low, high = -300, 300
    steps = quantised_steps(scale, addend, (low, high), output, (-1.0, np.inf))
    sums = np.arange(low, high + 1)
    found = np.array(steps.values)[np.searchsorted(steps.thresholds, sums, side="right")]
    lowest = round(Fraction(-32, step)) + zero_point
    expected: list[int] = [
        min(max(round((n * scale + addend) * 32 / step) + zero_point, lowest, -128), 127)
        for n in sums.tolist()
    ]
    np.testing.assert_array_equal(found, expected)


@needs_gvsoc
@pytest.mark.parametrize("kernel", [(4, 4, 3, 3), (4, 4, 1, 1), (4, 1, 3, 3)])
def test_kernels_of_the_cluster_clip_sums(kernel: tuple[int, ...], tmp_path: Path):
    network = Network()
    weights = network.dequantized_constant(
        RNG.integers(-127, 128, kernel, np.int8), network.scales, np.zeros((), np.int8)
    )
    groups, pads = 4 // kernel[1], [kernel[2] // 2] * 4
    conv = network.node("Conv", network.x, weights, pads=pads, group=groups)
    path = tmp_path / "network.onnx"
    onnx.save(network.finished(network.node("Add", network.relu(conv), network.x)), str(path))
    assert dsconv.compile(path, target="pulp_open").run(FEEDS["x"], on="gvsoc").equal
