"""dsconv compare: what each machine and variant takes, beside what those say by themselves."""

from __future__ import annotations

import csv
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from frontend_layers import Weighted, convolution_model
from rich.console import Console
from typer.testing import CliRunner

import dsconv
from dsconv.api import map_to_array
from dsconv.bench.comparison import BASELINE, Comparison, compare, print_comparison
from dsconv.bench.machine_costs import Case, ClusterCycles, Cost, Refused, cost_of
from dsconv.bench.variants import ComparedVariant, ModelFile
from dsconv.cli import app
from dsconv.errors import DsconvError
from dsconv.execution.accuracy import right_outputs
from dsconv.parallel.processes import Processes
from dsconv.targets import Target, load_accelerator, load_systolic_target, load_target

DIGITS = Path(__file__).parents[1] / "examples" / "digits"
MODEL = DIGITS / "digits.onnx"
QUIET = Console(quiet=True)


def cost(target: Target, model: Path = MODEL, variant: str = BASELINE) -> Cost:
    """What a network takes on a machine, cycles of a cluster by the model."""
    file = ModelFile.of(model)
    compared = (
        ComparedVariant(BASELINE, file)
        if variant == BASELINE
        else ComparedVariant.named(variant, file)
    )
    found = cost_of(Case(compared, target, ClusterCycles.MODEL))
    assert isinstance(found, Cost), found
    return found


def test_a_cluster_takes_cycles_and_bytes() -> None:
    target = load_target("gap8")
    layers = dsconv.compile(MODEL, target).run(on="host").layers
    near = sum(layer.l2_l1_in + layer.l2_l1_out + layer.l2_l1_weights for layer in layers)
    far = sum(layer.l3_l2 for layer in layers)
    found = cost(target)
    assert found.moved_bytes == near + far
    assert found.energy == 430 * found.cycles + 20 * near + 880 * far
    dearer = replace(target, energy=replace(target.energy, l3_byte=1880))
    assert found.energy is not None
    assert cost(dearer).energy == found.energy + 1000 * far


def test_an_array_takes_products_and_bytes_at_its_edges() -> None:
    target = load_systolic_target("systolic_16")
    report = map_to_array(MODEL, target).run()
    found = cost(target)
    assert (found.cycles, found.moved_bytes) == (report.cycles, report.moved_bytes)
    assert found.energy == pytest.approx(0.3 * report.macs + 2.5 * report.moved_bytes)
    assert cost(replace(target, energy=None)).energy is None


def test_copies_of_a_buffer_let_transfers_overlap() -> None:
    target = load_accelerator("dram_accelerator")
    machine = replace(target.accelerator, entries=4 * target.accelerator.entries)
    one = cost(replace(target, accelerator=machine))
    two = cost(replace(target, accelerator=replace(machine, copies=2)))
    macs = sum(layer.macs for layer in dsconv.compile(MODEL, "host").run().layers)
    assert two.cycles == max(one.cycles - -(-macs // 256), -(-macs // 256))
    assert two.moved_bytes == one.moved_bytes
    assert one.energy is not None
    assert one.energy > 0.3 * macs + 2.5 * one.moved_bytes


def test_a_model_is_compared_where_its_file_is_not(tmp_path: Path) -> None:
    shutil.copy(MODEL, tmp_path / "mine.onnx")
    variant = ComparedVariant(BASELINE, ModelFile.of(tmp_path / "mine.onnx"))
    (tmp_path / "mine.onnx").unlink()
    target = load_systolic_target("systolic_64")
    assert cost_of(Case(variant, target, ClusterCycles.MODEL)) == cost(target)


def test_axial_layers_take_less_of_an_array_alone() -> None:
    """Other machines make one layer of both filters again."""
    array, accelerator = (
        load_systolic_target("systolic_64"),
        load_accelerator("dram_accelerator"),
    )
    assert cost(array, variant="half").cycles < cost(array).cycles
    assert cost(accelerator, variant="half").moved_bytes == cost(accelerator).moved_bytes


def test_a_network_without_depthwise_layers_has_no_axial_variant(tmp_path: Path) -> None:
    layer = Weighted.random(np.random.default_rng(0), "int8", "int8", "int8", (4, 3, 3, 3))
    path = tmp_path / "dense.onnx"
    onnx.save(convolution_model("QDQ", layer, (1, 3, 8, 8)), str(path))
    with pytest.raises(DsconvError, match=r"dense\.onnx: no depthwise layer can become half axial"):
        compare(path, ["half"], ["systolic_16"], Processes(1), QUIET)


def test_a_machine_that_cannot_run_a_network_says_why(tmp_path: Path) -> None:
    target = load_systolic_target("systolic_16")
    narrow = replace(target, array=replace(target.array, accumulator_bits=8))
    variant = ComparedVariant(BASELINE, ModelFile.of(MODEL))
    case = Case(variant, narrow, ClusterCycles.MODEL)
    found = cost_of(case)
    assert isinstance(found, Refused)
    comparison = Comparison("digits", {case: found}, {})
    assert comparison.results().rows[0][2:] == (None, None, "-", None, "-", None)
    assert "the accumulators of the array have 8" in comparison.notes()[0]
    print_comparison(comparison, tmp_path / "out", QUIET)


def test_the_command_prints_and_writes_all(tmp_path: Path) -> None:
    data = [f"{DIGITS / 'digits_test.npz'}:{name}" for name in ("images", "labels")]
    options = ["--on", "model", "--data", data[0], "--labels", data[1], "--variants", "half"]
    command = ["compare", str(MODEL), *options, "-o", str(tmp_path / "out"), "--jobs", "2"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    with (tmp_path / "out" / "comparison.csv").open() as file:
        rows = list(csv.DictReader(file))
    targets = ["gap8", "dram_accelerator", "systolic_16", "systolic_64"]
    assert [(row["variant"], row["target"]) for row in rows] == [
        (variant, target) for variant in (BASELINE, "half") for target in targets
    ]
    labels, images = (np.load(DIGITS / "digits_test.npz")[key] for key in ("labels", "images"))
    outputs = dsconv.compile(MODEL, "host").run(images).output
    right = np.mean(outputs.reshape(len(labels), -1).argmax(1) == labels)
    assert {row["accuracy"] for row in rows if row["variant"] == BASELINE} == {f"{right:.2%}"}
    assert all(int(row[key]) > 0 for row in rows for key in ("cycles", "bytes moved", "energy nJ"))
    assert "half and full are not trained" in result.output
    assert (tmp_path / "out" / "comparison.png").stat().st_size > 1000


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--targets", "gap10"], "no target gap10; there are gap8, gap9, host"),
        (["--targets", "gap8,gap8"], "targets stand once each, not gap8, gap8"),
        (["--on", "paper"], "no cycles by paper; there are auto, model, gvsoc"),
        (["--data", "x.npz"], "the accuracy takes both --data and --labels"),
        (["--variants", "none.onnx"], "none.onnx: no such file"),
        (["--variants", f"half,{MODEL},{MODEL}"], "different names, not as it is, half, digits, d"),
    ],
)
def test_what_is_wrong_is_named(options: list[str], message: str) -> None:
    if "--data" in options:
        options = ["--data", f"{DIGITS / 'digits_test.npz'}:images"]
    result = CliRunner().invoke(app, ["compare", str(MODEL), *options])
    assert message in str(result.exception)


def test_a_variant_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    layer = Weighted.random(np.random.default_rng(0), "int8", "int8", "int8", (4, 3, 3, 3))
    model = convolution_model("QDQ", layer, (1, 3, 8, 8))
    del model.graph.output[:]
    path = tmp_path / "student.onnx"
    onnx.save(model, str(path))
    result = CliRunner().invoke(app, ["compare", str(MODEL), "--variants", str(path)])
    assert str(result.exception).startswith("student.onnx: ")


def test_labels_of_no_class_are_an_error() -> None:
    outputs = np.zeros((2, 10), np.int8)
    assert right_outputs(outputs, np.array([0, 3])) == 1
    with pytest.raises(DsconvError, match="labels are 1 to 10, classes 0 to 9"):
        right_outputs(outputs, np.array([1, 10]))
