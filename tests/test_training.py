"""Float networks as torch modules, scaffolds, supernets and the training loop."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from itertools import chain, combinations, pairwise
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import onnx
import onnxruntime as ort
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from typer.testing import CliRunner

pytest.importorskip("torch", reason="torch is not installed: pip install 'dsconv-compiler[train]'")

import torch

from dsconv.axial import Variant, axial, depthwise_layers
from dsconv.cli import app
from dsconv.errors import DsconvError, ModelError
from dsconv.reports.schema import schema
from dsconv.training import (
    Epoch,
    OnnxModule,
    Recipe,
    Scaffold,
    Supernet,
    accuracy,
    fit,
    recalibrate,
)
from dsconv.training.data import Labelled
from dsconv.training.front import Choice, Option, front
from dsconv.training.student import Task
from dsconv.zoo import mobile_networks

Floats = NDArray[np.float32]

SIZE, CLASSES = 9, 4


class Builder:
    """A float network, node by node."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.random = np.random.default_rng(0)

    def constant(self, values: NDArray[Any]) -> str:
        """The name of a new initializer; its dot is as PyTorch's names have them."""
        name = f"constant.{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def normal(self, *shape: int) -> str:
        """A constant of random weights."""
        return self.constant(self.random.normal(size=shape).astype(np.float32))

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """A node's output; its name is the kind and its number."""
        name = f"{kind.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [f"{name}_out"], name, **attributes))
        return f"{name}_out"

    def finish(self, output: str, shape: Sequence[int | None], size: int = SIZE) -> onnx.ModelProto:
        """The model of three channels."""
        graph = helper.make_graph(
            self.nodes,
            "small",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, size, size])],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)],
            self.constants,
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def classifier(*, normalised: bool = False, pads: Any = None) -> onnx.ModelProto:
    """Two depthwise-separable blocks, the second one with stride 2, and a classifier."""
    net = Builder()
    x, channels = net.node("Conv", "x", net.normal(6, 3, 1, 1), net.normal(6)), 6
    for stride, width, taps in ((1, 8, (3, 5)), (2, 10, (3, 3))):
        padding = {"auto_pad": "SAME_UPPER"} if pads is None else {"pads": pads}
        x = net.node(
            "Conv",
            x,
            net.normal(channels, 1, *taps),
            net.normal(channels),
            group=channels,
            strides=[stride, stride],
            **padding,
        )
        if normalised:
            positive = np.abs(net.random.normal(size=channels)).astype(np.float32) + 0.5
            statistics = (net.normal(channels), net.normal(channels), net.constant(positive))
            x = net.node("BatchNormalization", x, net.constant(positive), *statistics)
        x = net.node("Relu", x)
        x = net.node("Relu", net.node("Conv", x, net.normal(width, channels, 1, 1)))
        channels = width
    x = net.node("Flatten", net.node("GlobalAveragePool", x))
    x = net.node("Gemm", x, net.normal(CLASSES, channels), net.normal(CLASSES), transB=1)
    return net.finish(x, [1, CLASSES])


def computed(model: onnx.ModelProto, images: Floats) -> Floats:
    """What ONNX Runtime makes of images, one after the other."""
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return np.concatenate([np.asarray(session.run(None, {name: row[None]})[0]) for row in images])


def images(count: int, size: int = SIZE) -> Floats:
    return np.random.default_rng(1).normal(size=(count, 3, size, size)).astype(np.float32)


def assert_computes(module: torch.nn.Module, model: onnx.ModelProto, inputs: Floats) -> None:
    with torch.no_grad():
        own = module.eval()(torch.from_numpy(inputs)).numpy()
    np.testing.assert_allclose(own, computed(model, inputs), rtol=1e-3, atol=1e-4)


def numbers(*values: int) -> NDArray[np.int64]:
    return np.array(values, np.int64)


def operations() -> dict[str, onnx.ModelProto]:
    """One network an operation; outputs are what is left of a batch of one."""
    found: dict[str, onnx.ModelProto] = {}

    def add(label: str, kind: str, *constants: NDArray[Any], **attributes: Any) -> None:
        net = Builder()
        inputs = [net.constant(values) for values in constants]
        output = net.node(kind, "x", *inputs, **attributes)
        found[label] = net.finish(output, [None] * 4)

    def floats(*shape: int) -> Floats:
        return np.random.default_rng(2).normal(size=shape).astype(np.float32)

    add("conv", "Conv", floats(4, 3, 3, 3), floats(4), pads=[1, 0, 2, 1], strides=[2, 1])
    add("conv_dilated", "Conv", floats(3, 1, 3, 3), group=3, dilations=[2, 1], auto_pad="VALID")
    add("conv_same_lower", "Conv", floats(4, 3, 3, 2), strides=[2, 2], auto_pad="SAME_LOWER")
    add("conv_same_upper", "Conv", floats(4, 3, 2, 3), strides=[2, 3], auto_pad="SAME_UPPER")
    add("max_pool", "MaxPool", kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 1])
    add("average_pool", "AveragePool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    add(
        "average_pool_pad",
        "AveragePool",
        kernel_shape=[3, 3],
        pads=[1, 1, 1, 1],
        count_include_pad=1,
    )
    for kind in ("Relu", "Sigmoid", "Tanh", "HardSwish", "LeakyRelu", "HardSigmoid", "Identity"):
        add(kind, kind)
    add("clip", "Clip", np.array(-0.5, np.float32), np.array(0.5, np.float32))
    add("prelu", "PRelu", floats(3, 1, 1))
    add("add", "Add", floats(3, 1, 1))
    add("div", "Div", np.full((1,), 3, np.float32))
    add("global_max", "GlobalMaxPool")
    add("mean", "ReduceMean", axes=[2, 3], keepdims=0)
    add("reshape", "Reshape", numbers(1, 0, -1))
    add("transpose", "Transpose", perm=[0, 2, 3, 1])
    add("squeeze", "Unsqueeze", numbers(2))
    add("slice", "Slice", numbers(1, 2), numbers(3, 100), numbers(1, 3), numbers(1, 2))
    add("pad", "Pad", numbers(0, 0, 1, 2, 0, 0, 0, 1), np.array(0.5, np.float32))
    add("flatten", "Flatten")
    return found


@pytest.mark.parametrize("label", operations())
def test_operations_compute_what_onnx_runtime_does(label: str):
    model = operations()[label]
    assert_computes(OnnxModule(model), model, images(3))


def test_a_zoo_network_computes_what_onnx_runtime_does():
    model = mobile_networks.mobilenet_v3_small()
    assert_computes(OnnxModule(model), model, images(1, 224))


def test_a_softmax_at_the_end_stays_in_the_file_alone():
    model = classifier()
    logits = model.graph.output[0].name
    model.graph.node.append(helper.make_node("Softmax", [logits], ["shares"], "softmax"))
    model.graph.output[0].name = "shares"
    module = OnnxModule(model)
    assert_computes(module, classifier(), images(2))
    assert [node.op_type for node in module.to_onnx().graph.node][-1] == "Softmax"


def test_weights_are_parameters_and_return_to_the_file():
    model = classifier(normalised=True)
    module = OnnxModule(model)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(0.5)
    assert len(list(module.parameters())) == 14
    assert_computes(module, module.to_onnx(), images(2))


@pytest.mark.parametrize("normalised", [False, True])
@pytest.mark.parametrize("variant", list(Variant))
def test_a_scaffold_begins_as_the_axial_network(variant: Variant, normalised: bool):
    model = classifier(normalised=normalised)
    scaffold = Scaffold(model, variant, torch.from_numpy(images(8)))
    collapsed = scaffold.collapsed().to_onnx()
    own, expected = (
        {tensor.name: numpy_helper.to_array(tensor) for tensor in made.graph.initializer}
        for made in (collapsed, axial(model, variant))
    )
    for layer in depthwise_layers(model):
        for branch in ("rows", "columns"):
            name = f"{layer}/{branch}/weights"
            np.testing.assert_allclose(own[name], expected[name], atol=1e-5)
    assert_computes(scaffold, collapsed, images(3))


def test_a_collapsed_scaffold_computes_what_the_trained_one_did():
    scaffold = Scaffold(classifier(), Variant.HALF, torch.from_numpy(images(8)))
    with torch.no_grad():
        for parameter in scaffold.adapters.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    own = scaffold.eval()(torch.from_numpy(images(3))).detach().numpy()
    np.testing.assert_allclose(
        own, computed(scaffold.collapsed().to_onnx(), images(3)), rtol=1e-3, atol=1e-4
    )


@pytest.mark.parametrize("pads", [None, [1, 1, 1, 1], [0, 1, 2, 1]])
def test_hybrids_are_the_networks_that_they_are_written_as(pads: list[int] | None):
    model = classifier(pads=pads)
    supernet = Supernet(model, torch.from_numpy(images(8)))
    for layers in ((), supernet.layers[:1], supernet.layers[1:], supernet.layers):
        supernet.take(layers, torch.from_numpy(images(16)))
        assert_computes(supernet, supernet.to_onnx(), images(3))


@given(
    st.lists(
        st.tuples(st.floats(-1, 1, allow_nan=False), st.integers(-50, 50)), min_size=0, max_size=7
    )
)
def test_the_front_has_all_choices_that_no_other_beats(costs: list[tuple[float, int]]):
    options = [Option(str(number), *cost) for number, cost in enumerate(costs)]
    found = front(options)
    every = chain.from_iterable(combinations(options, count) for count in range(len(options) + 1))
    sums: list[Choice] = []
    for chosen in every:
        choice = Choice()
        for option in chosen:
            choice = choice.with_option(option)
        sums.append(choice)
    for choice in sums:
        assert any(
            kept.cycles <= choice.cycles and kept.loss <= choice.loss + 1e-9 for kept in found
        )
    for first, second in pairwise(found):
        assert first.cycles < second.cycles
        assert first.loss > second.loss


class StopError(Exception):
    """What a test breaks training off with."""


def data(count: int = 64) -> Labelled:
    """Images whose class is the channel that is bright, the last one of those with none."""
    random = np.random.default_rng(3)
    classes = random.integers(0, CLASSES, count)
    pixels = random.normal(size=(count, 3, SIZE, SIZE)).astype(np.float32)
    for image, number in zip(pixels, classes, strict=True):
        image[number : number + 1] += 2
    return Labelled.of(OnnxModule(classifier()), pixels, classes)


def test_training_goes_on_from_a_checkpoint_to_the_same_weights(tmp_path: Path):
    images_of_all, recipe = data(), Recipe(epochs=4, learning_rate=1e-3)
    checkpoint = tmp_path / "student.checkpoint"

    def trained(stop: int | None, path: Path | None) -> tuple[Scaffold, list[Epoch]]:
        def tell(epoch: Epoch) -> None:
            if epoch.number == stop:
                raise StopError

        scaffold = Scaffold(classifier(), Variant.HALF, images_of_all.images)
        log = fit(
            scaffold,
            images_of_all.shuffled(16),
            recipe,
            teacher=OnnxModule(classifier()),
            checkpoint=path,
            tell=tell,
        )
        return scaffold, log

    whole, log = trained(None, None)
    with pytest.raises(StopError):
        trained(2, checkpoint)
    resumed, resumed_log = trained(None, checkpoint)
    assert resumed_log == log
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


def test_a_network_learns(tmp_path: Path):
    labelled = data(128)
    module = OnnxModule(classifier(normalised=True))
    before = accuracy(module, labelled.in_order(32))
    log = fit(module, labelled.shuffled(16), Recipe(epochs=16, learning_rate=1e-2))
    recalibrate(module, labelled.images.split(32))
    assert log[-1].loss < log[0].loss
    assert accuracy(module, labelled.in_order(32)) > max(before, 0.8)


def test_a_checkpoint_of_other_options_is_refused(tmp_path: Path):
    labelled, checkpoint = data(), tmp_path / "student.checkpoint"
    for epochs, problem in ((1, None), (2, "other options")):
        recipe = Recipe(epochs=epochs)
        module = OnnxModule(classifier())
        if problem is None:
            fit(module, labelled.shuffled(16), recipe, checkpoint=checkpoint)
        else:
            with pytest.raises(DsconvError, match=problem):
                fit(module, labelled.shuffled(16), recipe, checkpoint=checkpoint)


def test_a_loss_that_is_not_finite_ends_training():
    labelled = data()
    broken = Labelled(labelled.images * 1e37, labelled.classes)
    with pytest.raises(DsconvError, match="no longer finite in epoch 1"):
        fit(OnnxModule(classifier()), broken.shuffled(16), Recipe(epochs=1))


@pytest.mark.parametrize(
    ("given_images", "labels", "problem"),
    [
        (images(40), np.full(40, CLASSES), "labels go from 4 to 4, the network has classes 0 to 3"),
        (images(40), np.zeros(39, np.int64), "39 labels for 40 images"),
        (images(40), np.zeros(40, np.float32), "whole ones; these are float32"),
        (np.moveaxis(images(40), 1, -1), np.zeros(40, np.int64), "makes it channels first"),
        (images(40) * np.nan, np.zeros(40, np.int64), "not all finite"),
        (images(10), np.zeros(10, np.int64), "10 images are too few"),
    ],
    ids=["range", "count", "type", "layout", "finite", "few"],
)
def test_data_that_do_not_fit_are_refused(given_images: Floats, labels: Any, problem: str):
    with pytest.raises(DsconvError, match=problem):
        Task.of(classifier(), classifier(), given_images, labels, Recipe(), 16)


def test_networks_that_cannot_be_trained_are_refused():
    net = Builder()
    x = net.node("Conv", "x", net.normal(CLASSES, 3, SIZE, SIZE))
    flat = net.finish(net.node("Flatten", x), [1, CLASSES])
    with pytest.raises(ModelError, match="no depthwise layer"):
        Task.of(flat, flat, images(40), np.zeros(40, np.int64), Recipe(), 16)
    net = Builder()
    with pytest.raises(ModelError, match=r"node 'erf0' \(Erf\): training does not know"):
        OnnxModule(net.finish(net.node("Erf", "x"), [1, 3, SIZE, SIZE]))


def scaffolded(path: Path) -> list[dict[str, Any]]:
    """The students of a document."""
    document = json.loads(path.read_text())
    jsonschema.validate(document, schema())
    assert document["kind"] == "scaffolding"
    return document["students"]


def test_scaffold_writes_a_student_its_log_and_its_curves(tmp_path: Path):
    labelled = data(80)
    model, output = tmp_path / "float.onnx", tmp_path / "student.onnx"
    onnx.save(classifier(normalised=True), str(model))
    np.savez(tmp_path / "data.npz", x=labelled.images.numpy(), y=labelled.classes.numpy())
    given_data = ("--data", f"{tmp_path}/data.npz:x", "--labels", f"{tmp_path}/data.npz:y")
    command = ["scaffold", str(model), *given_data, "--epochs", "2", "-o", str(output)]
    command += ["--json", f"{tmp_path}/student.json"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.exception
    assert "of 8 images held out" in result.stdout
    student = onnx.load(str(output))
    assert {"conv1/rows", "conv1/columns"} <= {node.name for node in student.graph.node}
    assert output.with_suffix(".csv").read_text().splitlines()[0] == "number,loss,accuracy"
    assert output.with_suffix(".png").stat().st_size > 1000
    assert not output.with_suffix(".checkpoint").exists()
    (written,) = scaffolded(tmp_path / "student.json")
    assert written["file"] == str(output)
    assert f"{output}: {written['accuracy']:.2%} of 8 images" in result.stdout
    again = CliRunner().invoke(app, [*command, "-o", f"{tmp_path}/again.onnx"])
    assert again.exit_code == 0
    assert (tmp_path / "again.onnx").read_bytes() == output.read_bytes()


def test_a_front_of_hybrids_is_written_for_an_array(tmp_path: Path):
    labelled = data(80)
    model, output = tmp_path / "float.onnx", tmp_path / "hybrid.onnx"
    onnx.save(classifier(normalised=True), str(model))
    np.savez(tmp_path / "data.npz", x=labelled.images.numpy(), y=labelled.classes.numpy())
    result = CliRunner().invoke(
        app,
        [
            *("scaffold", str(model), "--data", f"{tmp_path}/data.npz:x"),
            *("--labels", f"{tmp_path}/data.npz:y", "--epochs", "2", "-o", str(output)),
            *("--hybrid", "--target", "systolic_16", "--on", "array", "--front"),
            *("--json", f"{tmp_path}/hybrid.json"),
        ],
    )
    assert result.exit_code == 0, result.exception
    rows = output.with_suffix(".csv").read_text().splitlines()[1:]
    assert rows
    cycles = [int(row.split(",")[1]) for row in rows]
    assert cycles == sorted(cycles)
    assert [student["cycles"] for student in scaffolded(tmp_path / "hybrid.json")] == cycles
    for number in range(1, len(rows) + 1):
        onnx.checker.check_model(str(tmp_path / f"hybrid-{number}.onnx"))


@pytest.mark.slow
def test_a_killed_training_goes_on_to_the_same_student(tmp_path: Path):
    labelled = data(400)
    model = tmp_path / "float.onnx"
    onnx.save(classifier(normalised=True), str(model))
    np.savez(tmp_path / "data.npz", x=labelled.images.numpy(), y=labelled.classes.numpy())
    command = [
        *(sys.executable, "-c", "from dsconv.cli import main; main()"),
        *("scaffold", str(model), "--epochs", "12"),
        *("--data", f"{tmp_path}/data.npz:x", "--labels", f"{tmp_path}/data.npz:y", "-o"),
    ]
    whole, killed = tmp_path / "whole.onnx", tmp_path / "killed.onnx"
    subprocess.run([*command, str(whole)], check=True)
    running = subprocess.Popen([*command, str(killed)])
    while not killed.with_suffix(".checkpoint").exists():
        assert running.poll() is None
        time.sleep(0.01)
    running.kill()
    running.wait()
    assert not killed.exists()
    subprocess.run([*command, str(killed)], check=True)
    assert killed.read_bytes() == whole.read_bytes()
    assert killed.with_suffix(".csv").read_bytes() == whole.with_suffix(".csv").read_bytes()
