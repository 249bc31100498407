"""Networks of several inputs and outputs: found by name from the file to the C and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from exact_support import assert_means
from frontend_models import Array, ModelWriter
from handwritten import needs_gvsoc

import dsconv
from dsconv.cli.arrays import GivenArrays, write_arrays
from dsconv.errors import DsconvError
from dsconv.frontends import Port, import_onnx
from dsconv.frontends.arithmetic.scales import Quantisation
from dsconv.verification import onnx_runtime
from dsconv.verification.oracles import Judge
from dsconv.verification.verify import verify

LEFT, RIGHT = Quantisation(0.03, 120, "uint8"), Quantisation(0.02, -5, "int8")
MIXED, FIRST, SECOND = (Quantisation(scale, 3, "int8") for scale in (0.04, 0.11, 0.06))
SHAPE = (1, 3, 6, 7)
RUNNERS = ["host", "qemu", pytest.param("gvsoc", marks=needs_gvsoc)]


class Writer(ModelWriter):
    """Quantised layers with random weights."""

    def __init__(self) -> None:
        super().__init__()
        self.random = np.random.default_rng(3)

    def convolution(self, x: str, inputs: int, outputs: int, kernel: int, **rest: Any) -> str:
        """Reals of a convolution."""
        shape = (outputs, inputs, kernel, kernel)
        weights = self.random.integers(-9, 10, shape).astype(np.int8)
        scale, zero = np.array(0.05, np.float32), np.array(0, np.int8)
        return self.node("Conv", x, self.dequantized_constant(weights, scale, zero), **rest)

    def through(self, x: str, quantisation: Quantisation) -> tuple[str, str]:
        """A tensor quantised, and read as reals again."""
        quantised = self.quantize(x, quantisation)
        return quantised, self.dequantize(quantised, quantisation)


def two_inputs() -> onnx.ModelProto:
    """A float input and one of another scale side by side, convolved."""
    writer = Writer()
    left, right = (writer.input(name, "float32", SHAPE) for name in ("left", "right:0"))
    reals = [writer.through(x, q)[1] for x, q in ((left, LEFT), (right, RIGHT))]
    _, both = writer.through(writer.node("Concat", *reals, axis=1), MIXED)
    quantised, _ = writer.through(writer.convolution(both, 6, 4, 3), FIRST)
    return writer.model(quantised)


def two_outputs() -> onnx.ModelProto:
    """A depthwise layer that is an output and goes on into a pointwise one."""
    writer = Writer()
    _, real = writer.through(writer.input("image", "float32", SHAPE), LEFT)
    depthwise = writer.convolution(real, 1, 3, 3, group=3)
    middle, again = writer.through(depthwise, FIRST)
    last, _ = writer.through(writer.convolution(again, 3, 5, 1), SECOND)
    return writer.model(middle, last)


def arrays(shape: tuple[int, ...], count: int, seed: int) -> Array:
    return np.random.default_rng(seed).normal(0, 2, (count, *shape)).astype(np.float32)


def compiled(model: onnx.ModelProto, folder: Path, target: str) -> tuple[dsconv.Network, Path]:
    path = folder / "network.onnx"
    onnx.save(model, str(path))
    return dsconv.compile(path, target=target), path


@pytest.mark.parametrize("runner", RUNNERS)
def test_two_inputs(runner: str):
    network = dsconv.compile(two_inputs(), target="pulp_open")
    given = {"right:0": arrays(SHAPE, 2, 0), "left": arrays(SHAPE, 2, 1)}
    report = network.run(given, on=runner)
    assert report.equal
    swapped = network.run({"right:0": given["left"], "left": given["right:0"]}, on=runner)
    assert swapped.equal
    assert (swapped.output != report.output).any()


@pytest.mark.parametrize("runner", RUNNERS)
def test_two_outputs(runner: str):
    network = dsconv.compile(two_outputs(), target="pulp_open")
    middle, last = (port.name for port in network.imported.outputs)
    report = network.run(arrays(SHAPE, 2, 0), on=runner)
    assert report.equal
    assert {name: array.shape for name, array in report.outputs.items()} == {
        middle: (2, 1, 3, 4, 5),
        last: (2, 1, 5, 4, 5),
    }
    assert network.run(arrays(SHAPE, 2, 0), on=runner, expect=report.outputs).equal
    wrong = report.outputs[last].copy()
    wrong[1, 0, 4, 3, 2] ^= 1
    (difference,) = network.run(arrays(SHAPE, 2, 0), on=runner, expect={last: wrong}).differences
    assert difference.place == f"expected output {last}"
    assert difference.index == (1, 0, 4, 3, 2)
    with pytest.raises(DsconvError, match="several outputs"):
        _ = report.output


def test_an_output_may_have_two_names():
    writer = Writer()
    _, real = writer.through(writer.input("image", "float32", SHAPE), LEFT)
    quantised, again = writer.through(writer.convolution(real, 3, 5, 1), SECOND)
    flat = writer.node("Flatten", again)
    network = dsconv.compile(writer.model(quantised, flat), target="host")
    (port,) = network.imported.outputs
    assert port.names == (quantised, flat)
    found = network.run().output
    reals = (found.astype(np.float32) - SECOND.zero_point) * np.float32(SECOND.scale)
    assert network.run(expect={quantised: found, flat: reals.reshape(1, -1)}).equal
    assert not network.run(expect={flat: reals.reshape(1, -1) + 1}).equal


def test_reals_behind_what_the_caller_computes_are_no_expectation():
    writer = Writer()
    _, real = writer.through(writer.input("image", "float32", SHAPE), LEFT)
    _, again = writer.through(writer.convolution(real, 3, 5, 1), SECOND)
    network = dsconv.compile(writer.model(writer.node("Softmax", again, axis=1)), target="host")
    found = network.run().output
    assert network.run(expect=found).equal
    with pytest.raises(DsconvError, match="the network gives what Softmax takes, as int8"):
        network.run(expect=found.astype(np.float32))


def quantised_in_ways(*ways: Quantisation, mean: float | None = None) -> onnx.ModelProto:
    """The sum of an input quantised in several ways, perhaps with a mean taken off before."""
    writer = Writer()
    x = writer.input("image", "float32", SHAPE)
    if mean is not None:
        x = writer.node("Sub", x, writer.constant(np.array(mean, np.float32)))
    total, *others = (writer.through(x, way)[1] for way in ways)
    for other in others:
        total = writer.node("Add", total, other)
        _, total = writer.through(total, Quantisation(0.0613, 3, "int8"))
    return writer.model(writer.quantize(total, Quantisation(0.0937, 3, "int8")))


ONE = Quantisation(0.0311, 120, "uint8")
TWO = Quantisation(0.0207, -5, "int8")
THREE = Quantisation(0.0431, 3, "int8")


@pytest.mark.parametrize("mean", [None, 0.7])
@pytest.mark.parametrize("ways", [(ONE, TWO), (ONE, TWO, ONE), (ONE, ONE, THREE, TWO)])
def test_an_input_quantised_in_several_ways(
    ways: tuple[Quantisation, ...], mean: float | None, tmp_path: Path
):
    model = quantised_in_ways(*ways, mean=mean)
    x = arrays(SHAPE, 1, 0)
    network, path = compiled(model, tmp_path, "host")
    assert len(network.imported.inputs) == len(set(ways))
    report = network.run(x, on="host")
    (expected,) = onnx_runtime.open_session(model, optimised=False).run(None, {"image": x[0]})
    assert report.equal
    np.testing.assert_array_equal(report.output[0], expected)
    assert_means(model, {"image": x[0]})
    for judge in (Judge.ONNX_RUNTIME, Judge.EXACT):
        assert verify(network, path, x, on="host", judge=judge).equal
    assert network.run({"image": x}, on="host").equal
    with pytest.raises(DsconvError, match="'image' takes float32; the array is uint8"):
        network.run(x.astype(np.uint8))


@pytest.mark.parametrize("make", [two_inputs, two_outputs])
def test_they_are_verified(make: object, tmp_path: Path):
    model = two_inputs() if make is two_inputs else two_outputs()
    network, path = compiled(model, tmp_path, "host")
    found = verify(network, path, on="host")
    assert found.equal
    assert len(found.outputs) == len(model.graph.output)


def test_every_pass_is_verified():
    for model in (two_inputs(), two_outputs()):
        dsconv.compile(model, target="pulp_open", verify_each=True)


def test_the_header_names_them(tmp_path: Path):
    network, _ = compiled(two_inputs(), tmp_path, "host")
    network.write(tmp_path / "out")
    header = (tmp_path / "out" / "network.h").read_text()
    assert "enum { NETWORK_INPUT_LEFT, NETWORK_INPUT_RIGHT_0 };" in header
    assert "input right:0: int8 1x3x6x7, real = 0.0199999996 * (q + 5)" in header
    assert "network_network.output." in header


def test_the_json_report_describes_them():
    report = dsconv.compile(two_inputs(), target="host").run().as_json()
    assert [(port["name"], port["dtype"]) for port in report["inputs"]] == [
        ("left", "uint8"),
        ("right:0", "int8"),
    ]
    assert [port["shape"] for port in report["outputs"]] == [[1, 4, 4, 5]]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (np.zeros(SHAPE, np.float32), "2 inputs, 'left', 'right:0': name each"),
        ({"left": np.zeros(SHAPE, np.float32)}, "no values for the input 'right:0'"),
        ({"up": np.zeros(SHAPE, np.float32)}, "no input 'up'; it has 'left', 'right:0'"),
        ({"left": arrays(SHAPE, 2, 0), "right:0": arrays(SHAPE, 3, 0)}, "2 for 'left', 3 for"),
    ],
)
def test_values_that_cannot_be_assigned(given: object, words: str):
    with pytest.raises(DsconvError, match=words):
        dsconv.compile(two_inputs(), target="host").run(given)


# What the command line takes.


def ports() -> tuple[Port, ...]:
    return import_onnx(two_inputs()).inputs


def saved(folder: Path, **named: Array) -> str:
    path = folder / "x.npz"
    write_arrays(path, named)
    return str(path)


def given_names(texts: list[str]) -> list[str]:
    given = GivenArrays.load("--input", texts)
    assert given is not None
    found = given.for_ports(ports())
    assert isinstance(found, dict)
    return sorted(found)


def test_arrays_are_given_by_name(tmp_path: Path):
    place = saved(tmp_path, a=np.zeros(3), b=np.ones(3))
    assert given_names([f"left={place}:a", f"right:0={place}:b"]) == ["left", "right:0"]


def test_a_file_holds_all_of_them_among_others(tmp_path: Path):
    place = saved(tmp_path, left=np.zeros(3), other=np.ones(3), **{"right:0": np.ones(3)})
    assert given_names([place]) == ["left", "right:0"]
    assert given_names([f"left={place}", f"right:0={place}"]) == ["left", "right:0"]


def test_a_name_with_an_equals_sign_may_be_a_file(tmp_path: Path):
    place = tmp_path / "a=b.npy"
    np.save(place, np.zeros(3))
    given = GivenArrays.load("--input", [str(place)])
    assert given is not None
    assert isinstance(given.for_ports(ports()[:1]), np.ndarray)


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["{}"], "x.npz has a, b, the model left, right:0: write --input NAME="),
        (["{}:a", "{}:b"], "write --input NAME="),
        (["left={}:a", "left={}:b"], "a NAME for each"),
        (["left={}"], "x.npz has a, b; say which"),
        (["left={}:c"], "x.npz has a, b, no c"),
    ],
)
def test_arrays_that_are_not_told_apart(texts: list[str], words: str, tmp_path: Path):
    place = saved(tmp_path, a=np.zeros(3), b=np.ones(3))
    with pytest.raises(DsconvError, match=words):
        given_names([text.format(place) for text in texts])


def test_outputs_are_written_by_name(tmp_path: Path):
    values = {"a": np.zeros(3), "b/c": np.ones(2), "file": np.ones(1)}
    write_arrays(tmp_path / "y.npz", values)
    with np.load(tmp_path / "y.npz") as written:
        assert sorted(written.files) == ["a", "b/c", "file"]
    write_arrays(tmp_path / "y.npy", {"a": values["a"]})
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), values["a"])
    with pytest.raises(DsconvError, match=r"holds one array, not a, b/c, file; take a \.npz"):
        write_arrays(tmp_path / "y.npy", values)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["y.npy", "y.npz"]
