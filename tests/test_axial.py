"""Axial layers in float networks compute the same where they can; and the totals of the paper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper
from typer.testing import CliRunner

from dsconv.axial import Variant, axial, depthwise_layers, larger_half
from dsconv.bench.axial import PAPERS_SIDE, Comparison, baseline, works
from dsconv.bench.axial_model import AUTHORS_TOTALS, VARIANTS, paper_cycles
from dsconv.cli import app
from dsconv.dialects.target import SystolicArray
from dsconv.errors import ModelError

Floats = npt.NDArray[np.float32]


def network(
    kernels: Floats,
    size: tuple[int, int],
    pointwise: Floats,
    *,
    gated: bool = False,
    **attributes: Any,
) -> onnx.ModelProto:
    """A depthwise layer with bias, squeeze and excite if need be, Relu, and a pointwise layer."""
    random = np.random.default_rng(0)
    channels = len(kernels)
    constants = {
        "w": kernels,
        "b": random.normal(size=channels).astype(np.float32),
        "pw": pointwise[:, :, None, None],
        "reduce": random.normal(size=(2, channels, 1, 1)).astype(np.float32),
        "reduce_bias": random.normal(size=2).astype(np.float32),
        "expand": random.normal(size=(channels, 2, 1, 1)).astype(np.float32),
    }
    nodes = [helper.make_node("Conv", ["x", "w", "b"], ["dw"], "dw", group=channels, **attributes)]
    if gated:
        nodes += [
            helper.make_node("GlobalAveragePool", ["dw"], ["pool"], "pool"),
            helper.make_node("Conv", ["pool", "reduce", "reduce_bias"], ["less"], "less"),
            helper.make_node("Relu", ["less"], ["less_relu"], "less_relu"),
            helper.make_node("Conv", ["less_relu", "expand"], ["more"], "more"),
            helper.make_node("HardSigmoid", ["more"], ["gate"], "gate"),
            helper.make_node("Mul", ["dw", "gate"], ["gated"], "gated"),
        ]
    nodes += [
        helper.make_node("Relu", [nodes[-1].output[0]], ["relu"], "relu"),
        helper.make_node("Conv", ["relu", "pw"], ["y"], "pw"),
    ]
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, channels, *size))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, (1, len(pointwise), None, None))],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])


def outputs(model: onnx.ModelProto, x: Floats) -> Floats:
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"x": x})[0])


@pytest.mark.parametrize(
    ("size", "attributes"),
    [
        ((9, 9), {"pads": [1, 1, 1, 1]}),
        ((8, 11), {"pads": [1, 1, 1, 1], "strides": [2, 2]}),
        ((8, 8), {"auto_pad": "SAME_UPPER", "strides": [2, 2]}),
        ((8, 9), {"auto_pad": "SAME_LOWER", "strides": [2, 2]}),
        ((9, 12), {}),
        ((12, 12), {"pads": [2, 2, 2, 2], "dilations": [2, 2]}),
        ((7, 9), {"pads": [2, 0, 3, 1], "strides": [1, 3]}),
    ],
    ids=str,
)
@pytest.mark.parametrize("taps", [3, 5])
def test_filters_that_are_axial_stay_what_they_are(
    size: tuple[int, int], attributes: dict[str, Any], taps: int
) -> None:
    random = np.random.default_rng(taps)
    kernels = np.zeros((5, 1, taps, taps), np.float32)
    kernels[:3, :, taps // 2] = random.normal(size=(3, 1, taps))
    kernels[3:, :, :, taps // 2] = random.normal(size=(2, 1, taps))
    pointwise = random.normal(size=(4, 5)).astype(np.float32)
    model = network(kernels, size, pointwise, kernel_shape=[taps, taps], **attributes)
    x = random.normal(size=(1, 5, *size)).astype(np.float32)
    student = axial(model, Variant.HALF)
    onnx.checker.check_model(student, full_check=True)
    assert not depthwise_layers(student)
    np.testing.assert_allclose(outputs(student, x), outputs(model, x), atol=1e-4)


@pytest.mark.parametrize("gated", [False, True], ids=["plain", "squeeze and excite"])
def test_both_filters_together_weigh_as_much_as_the_one_before(gated: bool) -> None:
    random = np.random.default_rng(0)
    kernels = np.zeros((4, 1, 3, 3), np.float32)
    kernels[:, :, 1, 1] = random.normal(size=(4, 1))
    pointwise = random.normal(size=(6, 4)).astype(np.float32)
    model = network(kernels, (6, 6), pointwise, gated=gated, pads=[1] * 4, strides=[2, 2])
    x = random.normal(size=(1, 4, 6, 6)).astype(np.float32)
    student = axial(model, Variant.FULL)
    onnx.checker.check_model(student, full_check=True)
    weights = {value.name: tuple(value.dims) for value in student.graph.initializer}
    assert weights["pw/wide_weights"] == (6, 8, 1, 1)
    if gated:
        assert weights["less/wide_weights"] == (4, 8, 1, 1)
        assert weights["more/wide_weights"] == (8, 4, 1, 1)
    np.testing.assert_allclose(outputs(student, x), outputs(model, x), atol=1e-4)


@pytest.mark.parametrize("variant", list(Variant))
def test_a_batch_normalisation_goes_into_both_branches(variant: Variant) -> None:
    """Behind the concat no quantiser would fold it into a convolution."""
    random = np.random.default_rng(0)
    kernels = np.zeros((5, 1, 3, 3), np.float32)
    kernels[:, :, 1, 1] = random.normal(size=(5, 1))
    pointwise = random.normal(size=(4, 5)).astype(np.float32)
    model = network(kernels, (6, 6), pointwise, pads=[1] * 4)
    relu = next(node for node in model.graph.node if node.op_type == "Relu")
    statistics = random.uniform(0.5, 2, (4, 5)).astype(np.float32)
    names = ("gamma", "beta", "mean", "variance")
    for name, values in zip(names, statistics, strict=True):
        model.graph.initializer.append(numpy_helper.from_array(values, name))
    normalise = helper.make_node("BatchNormalization", ["dw", *names], ["normal"], "bn")
    model.graph.node.insert(1, normalise)
    relu.input[0] = "normal"
    x = random.normal(size=(1, 5, 6, 6)).astype(np.float32)
    student = axial(model, variant)
    onnx.checker.check_model(student, full_check=True)
    kinds = [node.op_type for node in student.graph.node]
    assert kinds.count("BatchNormalization") == 2
    assert kinds.index("Concat") > kinds.index("BatchNormalization")
    np.testing.assert_allclose(outputs(student, x), outputs(model, x), atol=1e-4)


def test_only_the_named_layers_change() -> None:
    model = network(np.ones((4, 1, 3, 3), np.float32), (6, 6), np.ones((1, 4), np.float32))
    with pytest.raises(ModelError, match=r"'pw' is no depthwise layer .*; there are dw"):
        axial(model, Variant.HALF, ["pw"])
    assert axial(model, Variant.HALF, []).graph.node == model.graph.node


def test_an_operation_that_cannot_grow_is_named() -> None:
    model = network(np.ones((4, 1, 3, 3), np.float32), (6, 6), np.ones((1, 4), np.float32))
    model.graph.node[1].op_type = "Softmax"
    with pytest.raises(ModelError, match=r"node 'relu' \(Softmax\) cannot take twice as many"):
        axial(model, Variant.FULL)


def test_an_old_opset_is_an_error() -> None:
    model = network(np.ones((4, 1, 3, 3), np.float32), (6, 6), np.ones((1, 4), np.float32))
    model.opset_import[0].version = 8
    with pytest.raises(ModelError, match="opset 8 is too old; convert the model to 10"):
        axial(model, Variant.HALF)


def test_the_command_writes_a_student(tmp_path: Path) -> None:
    model = network(np.ones((4, 1, 3, 3), np.float32), (6, 6), np.ones((1, 4), np.float32))
    teacher, student = tmp_path / "teacher.onnx", tmp_path / "student.onnx"
    onnx.save(model, str(teacher))
    command = ["axial", str(teacher), "--variant", "full", "--layers", "dw", "-o", str(student)]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    assert [node.op_type for node in onnx.load(str(student)).graph.node].count("Conv") == 3
    assert larger_half(model) == []


@pytest.mark.parametrize("name", list(AUTHORS_TOTALS))
def test_the_authors_totals(name: str) -> None:
    """All that their plots are drawn from, exactly; with whole sizes within 1.7 %."""
    exact, whole = (
        [
            paper_cycles(works(name, variant), PAPERS_SIDE, PAPERS_SIDE, whole_sizes=whole_sizes)
            for variant in VARIANTS
        ]
        for whole_sizes in (False, True)
    )
    assert tuple(exact) == AUTHORS_TOTALS[name]
    for theirs, ours in zip(exact, whole, strict=True):
        assert 0.983 < ours / theirs <= 1
        assert whole[0] / ours == pytest.approx(exact[0] / theirs, rel=0.01)


@pytest.mark.parametrize(
    ("name", "plain", "bus", "half"),
    [
        ("mobilenet-v1", 4.33, 6.17, 7.67),
        ("mobilenet-v2", 4.50, 6.63, 8.47),
        ("mnasnet-b1", 3.65, 6.26, 8.52),
        ("mobilenet-v3-small", 2.34, 3.83, 4.69),
        ("mobilenet-v3-large", 3.37, 4.91, 6.13),
    ],
)
def test_most_of_the_speed_up_is_the_row_bus(
    name: str, plain: float, bus: float, half: float
) -> None:
    found = Comparison.of(name, SystolicArray(PAPERS_SIDE, PAPERS_SIDE))
    speedups = [found.papers / way for way in found.ways]
    assert speedups[0] == pytest.approx(plain, abs=0.006)
    # more than of depthwise layers alone: weights of fully connected ones come over the bus, too
    assert bus <= speedups[1] < bus + 0.16
    assert half <= speedups[2] + 0.006


def test_a_small_array() -> None:
    found = Comparison.of("mobilenet-v2", SystolicArray(16, 16))
    plain, bus, half, _ = found.ways
    assert found.papers == baseline("mobilenet-v2", 16) == 5_494_982
    assert plain <= 2_880_000
    assert bus <= 2_480_000
    assert half <= 2_060_000


def test_the_authors_sweep() -> None:
    """MobileNetV1, full, on arrays of 32 to 256; their plots say 2.02, 4.08, 6.78 and 8.64."""
    speedups = [
        baseline("mobilenet-v1", side)
        / paper_cycles(works("mobilenet-v1", "full"), side, side, whole_sizes=True)
        for side in (32, 64, 128, 256)
    ]
    assert speedups == pytest.approx([2.01, 4.06, 6.74, 8.58], abs=0.01)
