"""The zoo's networks are the paper's in size, and their activations behave like trained ones."""

from collections.abc import Callable
from functools import cache
from math import prod
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper, shape_inference

from dsconv import zoo

# MACs and weight bytes, from the paper's table 2.
PAPER = {
    "mv1-224": (41.0e6, 463.6e3),
    "mv1-128": (13.57e6, 463.6e3),
    "mv1-96": (7.49e6, 208.1e3),
    "mv2-224": (37.2e6, 1.51e6),
    "mv2-128": (13.01e6, 1.51e6),
    "dscnn": (2.66e6, 22.0e3),
}

# From their papers: 569 M MACs and 4.2 M parameters, 300 M and 3.4 M.
FULL_WIDTH = {"mv1-1.0-224": (569e6, 4.2e6), "mv2-1.0-224": (300e6, 3.47e6)}

build = cache(zoo.build)


def initializers(model: onnx.ModelProto) -> dict[str, NDArray[Any]]:
    return {value.name: numpy_helper.to_array(value) for value in model.graph.initializer}


def macs(model: onnx.ModelProto) -> int:
    """MACs of every Conv and Gemm: outputs times the weights that each of them reads."""
    graph = shape_inference.infer_shapes(model, strict_mode=True).graph
    shapes = {
        value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in graph.value_info
    }
    return sum(
        prod(shapes[node.output[0]]) * prod(shapes[node.input[1]][1:])
        for node in graph.node
        if node.op_type in ("Conv", "Gemm")
    )


def with_quantised_outputs(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy of the model that also outputs every quantised activation."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    copy.graph.output.extend(
        helper.make_tensor_value_info(node.output[0], TensorProto.UINT8, None)
        for node in model.graph.node
        if node.op_type == "QuantizeLinear"
    )
    return copy


def run(model: onnx.ModelProto, image: zoo.Floats) -> dict[str, NDArray[Any]]:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(model.SerializeToString(), options)
    names = [output.name for output in session.get_outputs()]
    values = [np.asarray(value) for value in session.run(names, {zoo.INPUT: image})]
    return dict(zip(names, values, strict=True))


def test_knows_the_papers_networks() -> None:
    assert zoo.NETWORKS.keys() == PAPER.keys()


@pytest.mark.parametrize("name", zoo.NETWORKS)
def test_is_valid_onnx(name: str) -> None:
    onnx.checker.check_model(build(name), full_check=True)


@pytest.mark.parametrize("name", zoo.NETWORKS)
def test_size_is_the_papers(name: str) -> None:
    weights = [v for v in initializers(build(name)).values() if v.dtype == np.int8 and v.ndim > 1]
    assert (macs(build(name)), sum(v.nbytes for v in weights)) == pytest.approx(
        PAPER[name], rel=0.005
    )


@pytest.mark.parametrize("name", zoo.FULL_WIDTH)
def test_full_width_is_that_of_the_papers(name: str) -> None:
    model = build(name)
    onnx.checker.check_model(model, full_check=True)
    weights = [v for v in initializers(model).values() if v.dtype == np.int8 and v.ndim > 1]
    assert (macs(model), sum(v.nbytes for v in weights)) == pytest.approx(
        FULL_WIDTH[name], rel=0.005
    )


@pytest.mark.parametrize("name", zoo.NETWORKS)
def test_names_are_unique_and_those_of_the_outputs(name: str) -> None:
    names = [node.name for node in build(name).graph.node]
    assert len(set(names)) == len(names)
    assert names == [node.output[0] for node in build(name).graph.node]


@pytest.mark.parametrize("name", zoo.NETWORKS)
def test_activations_use_their_range(name: str) -> None:
    unseen = zoo.calibration_input(name, seed=1000)
    (_, logits), *activations = run(with_quantised_outputs(build(name)), unseen).items()
    assert np.ptp(logits) > 0
    for activation, values in activations:
        assert np.mean(values == 255) <= 0.6, activation
        assert np.mean(values == 0) <= 0.97, activation


@pytest.mark.parametrize("name", ["dscnn", "mv1-96", "mv2-128"])
def test_relu_has_zero_point_zero_and_linear_bottlenecks_do_not(name: str) -> None:
    constants = initializers(build(name))
    for layer in zoo.NETWORKS[name].layers:
        if not isinstance(layer, zoo.Conv | zoo.Depthwise):
            continue
        zero_point = constants[f"{layer.name}/zero_point"]
        assert (zero_point == 0) == (layer.activation is not None), layer.name


def test_mobilenet_v2_has_the_papers_65_layers() -> None:
    assert len(zoo.NETWORKS["mv2-224"].layers) == 65


@pytest.mark.parametrize("name", ["dscnn", "mv1-96", "mv2-128"])
def test_seed_determines_the_model(name: str) -> None:
    assert zoo.build(name, seed=3) == zoo.build(name, seed=3)
    assert zoo.build(name, seed=3) != zoo.build(name, seed=4)


def test_calibration_input_fits_the_network() -> None:
    image = zoo.calibration_input("dscnn", seed=5)
    assert image.shape == (1, 1, 49, 10)
    assert image.dtype == np.float32
    assert np.abs(image).max() == 1
    assert np.array_equal(image, zoo.calibration_input("dscnn", seed=5))
    assert not np.array_equal(image, zoo.calibration_input("dscnn", seed=6))


@pytest.mark.parametrize("function", [zoo.build, zoo.calibration_input])
def test_unknown_name_lists_the_known(function: Callable[[str], object]) -> None:
    with pytest.raises(ValueError, match=r"'mv3'; known are mv1-224, .*, dscnn"):
        function("mv3")
