"""Float networks become quantised ones that compile, with errors that say what to do."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from frontend_models import ModelWriter
from frontend_support import onnx_runtime
from test_cli import assert_one_error, dsconv

from dsconv.api import compile
from dsconv.axial import Variant, axial
from dsconv.dialects.graph import LayerOperation, WeightedOperation
from dsconv.errors import DsconvError
from dsconv.frontends import import_onnx
from dsconv.quantise import quantise

SHAPE = (1, 3, 12, 12)


def float_network(opset: int = 17) -> onnx.ModelProto:
    """A depthwise-separable classifier with batch normalisation, as training leaves it."""
    rng = np.random.default_rng(0)
    writer = ModelWriter(opset)

    def block(x: str, *shape: int, **attributes: Any) -> str:
        weights = writer.constant(rng.normal(0, 0.5, shape).astype(np.float32))
        x = writer.node("Conv", x, weights, **attributes)
        statistics = rng.uniform(0.5, 1.5, (4, shape[0])).astype(np.float32)
        x = writer.node("BatchNormalization", x, *map(writer.constant, statistics))
        return writer.node("Relu", x)

    x = writer.input("image", "float32", ("batch", *SHAPE[1:]))
    x = block(x, 8, 3, 3, 3, strides=[2, 2], pads=[1, 1, 1, 1])
    x = block(x, 8, 1, 3, 3, group=8, pads=[1, 1, 1, 1])
    x = block(x, 12, 8, 1, 1)
    flat = writer.node("Flatten", writer.node("GlobalAveragePool", x))
    weights = writer.constant(rng.normal(0, 0.5, (12, 4)).astype(np.float32))
    logits = writer.node("Gemm", flat, weights, writer.constant(np.zeros(4, np.float32)))
    return writer.model(logits, dtype="float32")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "float.onnx"
    onnx.save(float_network(), str(path))
    return path


def images(count: int) -> np.ndarray:
    return np.random.default_rng(1).normal(0, 1, (count, *SHAPE[1:])).astype(np.float32)


@pytest.mark.parametrize("per_channel", [False, True])
def test_the_quantised_network_compiles_and_keeps_its_classes(model: Path, per_channel: bool):
    target = model.with_name("quantised.onnx")
    quantise(model, {"image": images(16)}, target, per_channel=per_channel)
    network = import_onnx(target)
    assert network.flavour == "QDQ"
    weighted = [op for op in network.module.walk() if isinstance(op, WeightedOperation)]
    assert [op.kind for op in weighted] == ["conv2d", "depthwise", "pointwise", "linear"]
    channels = {op.requant.channels for op in weighted[:3]}
    assert channels == ({8, 12} if per_channel else {1})
    report = compile(target, "host").run(images(8))
    assert report.equal
    session = onnx_runtime(onnx.load(str(model)), optimised=True)
    logits = (np.asarray(session.run(None, {"image": x[None]})[0]) for x in images(8))
    classes = [int(row.argmax()) for row in logits]
    assert (report.output.reshape(8, -1).argmax(axis=1) == classes).mean() >= 0.75


def test_branches_of_a_concat_have_its_scale(tmp_path: Path):
    """Without it a lookup would stand between each branch and the concat."""
    source, target = tmp_path / "student.onnx", tmp_path / "quantised.onnx"
    onnx.save(axial(float_network(), Variant.HALF), str(source))
    quantise(source, {"image": images(16)}, target)
    layers = [op for op in import_onnx(target).module.walk() if isinstance(op, LayerOperation)]
    kinds = ["conv2d", *["slice", "depthwise"] * 2, "concat", "pointwise", "avg_pool", "linear"]
    assert Counter(op.kind for op in layers) == Counter(kinds)
    assert compile(target, "host").run(images(2)).equal
    actual, expected = (
        np.asarray(
            onnx_runtime(onnx.load(str(path)), optimised=False).run(None, {"image": images(1)})[0]
        )
        for path in (target, source)
    )
    np.testing.assert_allclose(actual, expected, atol=0.1 * np.abs(expected).max())


def test_a_branch_that_is_read_elsewhere_keeps_its_scale(tmp_path: Path):
    writer = ModelWriter(17)
    x = writer.input("image", "float32", SHAPE)
    weights = np.random.default_rng(0).normal(0, 1, (2, 4, 3, 1, 1)).astype(np.float32)
    large, small = (
        writer.node("Conv", x, writer.constant(kernels * gain), kernel_shape=[1, 1])
        for kernels, gain in zip(weights, (8, 1), strict=True)
    )
    both = writer.node("Concat", large, small, axis=1)
    model = writer.model(writer.node("Concat", both, small, axis=1), dtype="float32")
    onnx.save(model, str(tmp_path / "float.onnx"))
    quantise(tmp_path / "float.onnx", {"image": images(8)}, tmp_path / "quantised.onnx")
    graph = onnx.load(str(tmp_path / "quantised.onnx")).graph
    scales = {
        node.input[0]: node.input[1] for node in graph.node if node.op_type == "QuantizeLinear"
    }
    assert scales[large] == scales[both]
    assert scales[small] != scales[both]


def test_the_command(model: Path):
    target = model.with_name("quantised.onnx")
    np.savez(model.with_name("x.npz"), image=images(4))
    arguments = ("quantize", model, "--calibration", model.with_name("x.npz"), "-o", target)
    result = dsconv(*arguments)
    assert result.returncode == 0, result.stderr
    assert "Traceback" not in result.stderr
    assert import_onnx(target).flavour == "QDQ"
    again = dsconv("quantize", target, "--calibration", model.with_name("x.npz"), "-o", target)
    assert_one_error(again, "quantised already")


def test_two_inputs_are_found_by_name(tmp_path: Path):
    writer = ModelWriter(17)
    terms = [writer.input(name, "float32", (1, 4, 6, 6)) for name in "ab"]
    weights = writer.constant(np.ones((4, 4, 1, 1), np.float32))
    total = writer.node("Add", *(writer.node("Conv", x, weights) for x in terms))
    path, target = tmp_path / "float.onnx", tmp_path / "quantised.onnx"
    onnx.save(writer.model(total, dtype="float32"), str(path))
    values = np.random.default_rng(0).normal(0, 1, (3, 4, 6, 6)).astype(np.float32)
    quantise(path, {"b": values, "a": values * 2}, target)
    assert [port.name for port in import_onnx(target).inputs] == ["a", "b"]
    with pytest.raises(DsconvError, match="no values to calibrate input 'b' with; there are a, c"):
        quantise(path, {"a": values, "c": values}, target)
    with pytest.raises(DsconvError, match="different numbers"):
        quantise(path, {"a": values, "b": values[:1]}, target)


def test_an_npz_may_hold_labels_beside_the_images(model: Path):
    target = model.with_name("quantised.onnx")
    quantise(model, {"pictures": images(4), "labels": np.arange(4)}, target)
    assert import_onnx(target).inputs[0].name == "image"


def test_weights_may_lie_in_another_file(tmp_path: Path):
    """As PyTorch's exporter writes a model."""
    path, target = tmp_path / "float.onnx", tmp_path / "quantised.onnx"
    onnx.save(
        float_network(),
        str(path),
        save_as_external_data=True,
        location="float.onnx.data",
        size_threshold=0,
    )
    quantise(path, {"image": images(4)}, target)
    assert [path.name for path in sorted(tmp_path.iterdir())] == [
        *("float.onnx", "float.onnx.data", "quantised.onnx")
    ]
    assert compile(target, "host").run(images(2)).equal


def test_an_old_opset_is_converted(tmp_path: Path):
    """Where all constants are inputs, too, and no scale has an axis."""
    path, target = tmp_path / "float.onnx", tmp_path / "quantised.onnx"
    old = float_network(8)
    old.ir_version = 3
    old.graph.input.extend(
        onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
        for tensor in old.graph.initializer
    )
    onnx.save(old, str(path))
    quantise(path, {"image": images(4)}, target)
    assert compile(target, "host").run(images(2)).equal


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros((2, 5), np.float32), r"'image' takes \[1, 3, 12, 12\].* the array is \[2, 5\]"),
        (np.zeros((0, *SHAPE[1:]), np.float32), "'image' takes"),
        (np.zeros((2, 12, 12, 3), np.float32), "the array is .*np.moveaxis"),
        (np.full(SHAPE, np.nan, np.float32), "not all finite"),
    ],
)
def test_values_that_do_not_fit(model: Path, values: np.ndarray, message: str):
    with pytest.raises(DsconvError, match=message):
        quantise(model, {"image": values}, model.with_name("quantised.onnx"))


def test_what_onnx_runtime_refuses_is_its_reason(model: Path):
    broken = onnx.load(str(model))
    broken.graph.node[0].op_type = "Convolution"
    onnx.save(broken, str(model))
    with pytest.raises(DsconvError, match=r"ONNX Runtime cannot quantise .*float.onnx: "):
        quantise(model, {"image": images(1)}, model.with_name("quantised.onnx"))


def test_without_onnx_runtime_the_error_says_what_to_install(model: Path):
    script = (
        "import sys; sys.modules['onnxruntime'] = None\n"
        "import numpy as np; from pathlib import Path; from dsconv.quantise import quantise\n"
        f"quantise(Path({str(model)!r}), {{'x': np.zeros({SHAPE})}}, Path('q.onnx'))"
    )
    command = [sys.executable, "-c", script]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert "pip install 'dsconv-compiler[onnxruntime]'" in result.stderr
