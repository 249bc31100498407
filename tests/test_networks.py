"""Whole networks: bit-exact in every layer, on every runner, in the memory they are given."""

import re
from pathlib import Path

import numpy as np
import pytest
from frontend_models import ModelWriter
from handwritten import needs_gvsoc

import dsconv
from dsconv import zoo
from dsconv.bench.deployments import unfused_pipeline
from dsconv.dialects.attributes import Space
from dsconv.dialects.tiled import L3StoreOp
from dsconv.driver import smallest_memory
from dsconv.driver.smallest_memory import STEPS
from dsconv.errors import CapacityError
from dsconv.execution.execute import build_and_run
from dsconv.execution.ports import quantised_inputs
from dsconv.frontends import import_onnx
from dsconv.frontends.arithmetic.scales import Quantisation
from dsconv.passes.analysis.liveness import constant_size, constants
from dsconv.reports.memory import MemoryPlan
from dsconv.targets import load_target

ROOT = Path(__file__).parents[1]
DIGITS = ROOT / "examples" / "digits" / "digits.onnx"
MODELS = ROOT.parent / "shared" / "models"
RUNNERS = ["host", "qemu", pytest.param("gvsoc", marks=needs_gvsoc)]

INTEGER_NETWORKS = ["requantshift_kws_dscnn", "nemo_eegnet_dw_hx1", "nemo_dronet_2"]

needs_models = pytest.mark.skipif(not MODELS.is_dir(), reason="no shared models on this machine")


def digits(count: int) -> tuple[np.ndarray, np.ndarray]:
    with np.load(ROOT / "examples" / "digits" / "digits_test.npz") as data:
        return data["images"][:count], data["labels"][:count]


@pytest.mark.parametrize("runner", RUNNERS)
def test_digits_are_recognised(runner: str):
    images, labels = digits(20)
    report = dsconv.compile(DIGITS, target="pulp_open").run(images, on=runner)
    assert report.equal
    assert (report.output.reshape(20, -1).argmax(axis=1) == labels).mean() >= 0.9
    assert (report.cycles is not None) == (runner == "gvsoc")


def test_a_report_has_the_documented_keys():
    report = dsconv.compile(DIGITS).run(digits(1)[0]).as_json()
    assert list(report) == [
        *("network", "target", "runner", "flavour", "equal", "cycles"),
        *("bank_conflicts_modelled", "counted_cycles", "macs", "inputs", "outputs", "layers"),
    ]
    first = report["layers"][0]
    assert {"name", "op", "shape", "macs", "cycles", "bytes", "tile", "schedule", "equal"} <= {
        *first
    }
    assert set(first["bytes"]) == {"l2_l1_in", "l2_l1_out", "l2_l1_weights", "l3_l2"}
    assert sum(layer["macs"] for layer in report["layers"]) == report["macs"] == 513_664


def test_a_wrong_expectation_is_found():
    network = dsconv.compile(DIGITS)
    images, _ = digits(3)
    outputs = network.run(images).output
    assert network.run(images, expect=outputs).equal
    wrong = outputs.copy()
    wrong.reshape(3, 10)[1, 4] += 1
    (difference,) = network.run(images, expect=wrong).differences
    assert difference.place == "expected output"
    assert difference.index == (1, 0, 4)
    assert difference.count == 1


@pytest.mark.parametrize("l1", [16, 24, 32, 48, 96, 256])
def test_any_size_of_l1(l1: int):
    report = dsconv.compile(zoo.build("dscnn"), l1=l1 * 1024).run()
    assert report.equal


@pytest.mark.slow
@pytest.mark.parametrize("l1", [16, 20, 28, 40, 64, 96, 128, 192, 256])
@pytest.mark.parametrize("name", ["mv1-96", "mv1-128", "mv2-128"])
def test_any_size_of_l1_for_larger_networks(name: str, l1: int):
    report = dsconv.compile(zoo.build(name), l1=l1 * 1024).run()
    assert report.equal


@pytest.mark.parametrize("l2", [192, 224, 256])
def test_weights_stream_from_l3_where_l2_is_small(l2: int):
    report = dsconv.compile(zoo.build("mv1-96"), l2=l2 * 1024).run()
    assert report.equal
    assert sum(layer.l3_l2 for layer in report.layers) > 0


@pytest.mark.parametrize(
    ("name", "layers", "l1_kilobytes", "l2_kilobytes"),
    [
        ("dscnn", 11, 20, 16),  # rows of 5 values
        ("mv1-96", 29, 40, 40),  # all eight transfers from L3 in flight
    ],
)
def test_activations_of_any_shape_spill_to_l3_where_l2_is_small(
    name: str, layers: int, l1_kilobytes: int, l2_kilobytes: int
):
    """And L1, where they would stay."""
    l2 = load_target("host").l2
    size = l2.bytes - l2.usable(layers) + l2_kilobytes * 1024
    compiled = dsconv.compile(zoo.build(name), "host", l1=l1_kilobytes * 1024, l2=size)
    assert any(isinstance(op, L3StoreOp) for op in compiled.lowered.walk())
    report = compiled.run()
    assert report.equal
    streamed = sum(constant_size(constant) for constant in constants(compiled.lowered, Space.L3))
    assert sum(layer.l3_l2 for layer in report.layers) > streamed


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ({"l1": 8200}, ["layer", "does not fit L1", "needs", "bytes of L1 would do (--l1 "]),
        ({"l1": 4096}, ["leave nothing for tensors", "bytes of L1 would do (--l1 "]),
        ({"l2": 36_000}, ["layer", "bytes of L2 would do (--l2 "]),
    ],
)
def test_too_little_memory_is_one_clear_error(sizes: dict[str, int], words: list[str]):
    with pytest.raises(dsconv.DsconvError) as failure:
        dsconv.compile(zoo.build("dscnn"), l1=sizes.get("l1"), l2=sizes.get("l2"))
    assert all(word in str(failure.value) for word in words)


@pytest.mark.parametrize("space", [Space.L1, Space.L2])
def test_the_size_that_would_do_does_and_less_does_not(space: Space):
    def compiled(size: int) -> dsconv.Network:
        l1, l2 = (size, None) if space is Space.L1 else (None, size)
        return dsconv.compile(DIGITS, "gap8", l1=l1, l2=l2)

    with pytest.raises(CapacityError) as failure:
        compiled(1024)
    assert failure.value.space is space
    size = int(re.findall(rf"--{space.value} (\d+)", str(failure.value))[0])
    assert compiled(size).run(digits(1)[0]).equal
    with pytest.raises(CapacityError, match=f"{size} bytes of {space.name} would do"):
        compiled(size - STEPS[space])


def test_the_size_that_would_do_is_found_in_few_searches(monkeypatch: pytest.MonkeyPatch):
    """A layer that needs much more than there is says how much more."""
    writer, meaning = ModelWriter(), Quantisation(0.05, 3, "uint8")
    x = writer.dequantize(writer.input("x", "uint8", (1, 1, 600, 700)), meaning)
    model = writer.model(writer.quantize(writer.node("GlobalAveragePool", x), meaning))
    searches: list[int] = []
    missing = smallest_memory.Search.missing

    def counted(self: smallest_memory.Search, size: int) -> int | None:
        searches.append(size)
        return missing(self, size)

    monkeypatch.setattr(smallest_memory.Search, "missing", counted)
    with pytest.raises(CapacityError, match="bytes of L1 would do"):
        dsconv.compile(model, "host")
    assert len(searches) == 2


def test_every_runner_counts_the_same_bytes():
    network = dsconv.compile(DIGITS, target="pulp_open")
    images, _ = digits(1)
    counts = [
        [(layer.l2_l1_in, layer.l2_l1_out, layer.l2_l1_weights) for layer in report.layers]
        for report in (network.run(images, on="host"), network.run(images, on="qemu"))
    ]
    assert counts[0] == counts[1]


REAL_NETWORKS = [
    "kws_dscnn_tflite_qdq/network.onnx",
    "vww_ort_quantized/qdq_pc_u8s8.onnx",
    "vww_ort_quantized/qop_pc_u8s8.onnx",
    "mobilenet_v1_025_128_tflite_qdq/network.onnx",
]


@needs_models
@pytest.mark.parametrize("model", REAL_NETWORKS)
@pytest.mark.parametrize("runner", RUNNERS)
def test_real_networks(model: str, runner: str):
    report = dsconv.compile(MODELS / model, target="pulp_open").run(on=runner)
    assert report.equal
    assert all((layer.cycles is not None) == (runner == "gvsoc") for layer in report.layers)


@pytest.mark.slow
@needs_models
@pytest.mark.parametrize(
    "model", [*REAL_NETWORKS, *(f"{name}/network.onnx" for name in INTEGER_NETWORKS)]
)
@pytest.mark.parametrize("runner", RUNNERS)
def test_every_layer_of_real_networks_by_itself(model: str, runner: str):
    """Unfused, so that the result of each layer is seen."""
    layers = import_onnx(MODELS / model).layers
    passes = unfused_pipeline(load_target("pulp_open"))
    report = dsconv.compile(MODELS / model, target="pulp_open", passes=passes).run(on=runner)
    assert report.equal
    assert [layer.name for layer in report.layers] == [layer.label for layer in layers]


@needs_gvsoc
def test_cycles_are_those_of_a_run_without_a_trace():
    compiled = dsconv.compile(DIGITS, target="pulp_open")
    inputs = quantised_inputs(digits(1)[0], compiled.imported.inputs)
    traced, timed = (
        build_and_run(compiled, "pulp_open", inputs, trace=trace).cycles for trace in (True, False)
    )
    report = compiled.run(digits(1)[0], on="gvsoc")
    assert timed is not None
    assert report.cycles == sum(timed) != sum(traced or ())


@needs_gvsoc
def test_an_l1_of_one_megabyte_on_gvsoc():
    network = dsconv.compile(zoo.build("mv1-128"), target="pulp_open", l1=1 << 20)
    assert MemoryPlan.of(network.lowered).l1_bytes > 65536
    report = network.run(on="gvsoc")
    assert report.equal
    assert report.bank_conflicts


@pytest.mark.slow
@pytest.mark.parametrize("name", list(zoo.NETWORKS))
@pytest.mark.parametrize("runner", RUNNERS)
def test_the_papers_networks(name: str, runner: str):
    assert dsconv.compile(zoo.build(name), target="pulp_open").run(on=runner).equal
