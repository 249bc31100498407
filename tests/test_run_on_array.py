"""Whole networks on a simulated array, layer by layer against the reference."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from frontend_support import MODELS
from typer.testing import CliRunner

from dsconv.api import map_to_array
from dsconv.axial import Variant, axial
from dsconv.bench.axial import works
from dsconv.bench.axial_model import paper_cycles
from dsconv.cli import app
from dsconv.dialects.graph import WeightedOperation
from dsconv.dialects.mapping import MAPPING, MappingAttr
from dsconv.dialects.run import network_of
from dsconv.errors import DsconvError
from dsconv.execution.array import MappedNetwork, array_pipeline
from dsconv.frontends import import_onnx
from dsconv.quantise import quantise
from dsconv.runners.process import RunnerError
from dsconv.targets import SYSTOLIC, load_systolic_target
from dsconv.zoo import MOBILE_NETWORKS

DIGITS = Path(__file__).parents[1] / "examples" / "digits"
MODEL = DIGITS / "digits.onnx"


@pytest.mark.parametrize("name", SYSTOLIC.names)
def test_digits_on_every_array(name: str) -> None:
    data = np.load(DIGITS / "digits_test.npz")
    report = map_to_array(MODEL, name).run(data["images"][:2])
    assert report.equal
    assert report.output.shape[0] == 2
    assert report.cycles == sum(layer.cycles or 0 for layer in report.layers) > 0


def test_an_output_that_was_expected_otherwise_is_a_difference() -> None:
    report = map_to_array(MODEL).run()
    assert map_to_array(MODEL).run(expect=report.output).equal
    assert not map_to_array(MODEL).run(expect=report.output + 1).equal


@pytest.mark.parametrize("path", sorted(MODELS.glob("*/*.onnx")), ids=lambda path: path.parent.name)
@pytest.mark.parametrize("paper", [False, True], ids=["best", "paper"])
def test_shared_models(path: Path, paper: bool) -> None:
    imported = import_onnx(path)
    target = load_systolic_target("systolic_64")
    report = MappedNetwork.of(imported, target, passes=array_pipeline(paper=paper)).run()
    assert not report.differences


def test_the_command_writes_json_and_outputs(tmp_path: Path) -> None:
    files = tmp_path / "report.json", tmp_path / "y.npz"
    command = ["run", str(MODEL), "--on", "array", "--target", "systolic_16", "--layers"]
    result = CliRunner().invoke(app, [*command, "--json", str(files[0]), "--output", str(files[1])])
    assert result.exit_code == 0, result.output
    assert "on 16x16" in result.output
    assert "bit-exact" in result.output
    report = json.loads(files[0].read_text())
    assert report["target"] == "systolic_16"
    assert 0 < report["utilisation"] < 1
    depthwise = next(layer for layer in report["layers"] if layer["op"] == "depthwise")
    assert depthwise["mapping"]["strategy"] == "row_bus"
    assert len(np.load(files[1]).files) == 1


def test_an_objective_chooses_from_the_front() -> None:
    fast, small = (
        map_to_array(MODEL, "systolic_16", objective=objective).run()
        for objective in ("latency", "transfers")
    )
    assert fast.cycles <= small.cycles <= 1.02 * fast.cycles
    assert small.moved_bytes < fast.moved_bytes
    result = CliRunner().invoke(app, ["report", str(MODEL), "--target", "systolic_16", "--pareto"])
    assert result.exit_code == 0, result.output
    frugal = map_to_array(MODEL, "systolic_16", objective="energy").run()
    assert frugal.equal
    assert frugal.moved_bytes <= small.moved_bytes
    for report, objective in ((fast, "latency"), (small, "transfers"), (frugal, "energy")):
        line = next(line for line in result.output.splitlines() if objective in line)
        assert f"{report.cycles:,}" in line
        assert f"{report.moved_bytes:,}" in line


def described(folder: Path, **options: object) -> str:
    """A target description with these options of the array, strings in quotes."""
    lines = [
        f'{name} = "{value}"' if isinstance(value, str) else f"{name} = {str(value).lower()}"
        for name, value in options.items()
    ]
    path = folder / "mine.toml"
    path.write_text("\n".join(['kind = "systolic"', 'description = "mine"', "[array]", *lines]))
    return str(path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rows": 0, "columns": 4}, "an array has at least one row and one column, not 0x4"),
        ({"rows": 4}, "mine.array needs its columns: a whole number"),
        ({"rows": "4", "columns": 4}, "mine.array.rows is '4'; expected a whole number"),
        ({"rows": True, "columns": 4}, "mine.array.rows is True; expected a whole number"),
        ({"rows": 4, "columns": 4, "row_bus": 1}, "mine.array.row_bus is 1; expected true or f"),
        (
            {"rows": 4, "columns": 4, "drain": "sideways"},
            "mine.array.drain is 'sideways'; expected overlapped or serial",
        ),
        ({"rows": 4, "columns": 4, "lines": 4}, "mine.array has no key lines; there are rows"),
        (
            {"rows": 4, "columns": 4, "accumulator_bits": 4},
            "an accumulator has 8 to 64 bits",
        ),
    ],
)
def test_a_wrong_description_is_an_error(
    tmp_path: Path, options: dict[str, object], message: str
) -> None:
    with pytest.raises(DsconvError, match=rf"target .*mine\.toml: {message}"):
        load_systolic_target(described(tmp_path, **options))


def test_narrow_accumulators_are_an_error_that_names_the_layer(tmp_path: Path) -> None:
    target = described(tmp_path, rows=8, columns=8, accumulator_bits=16)
    with pytest.raises(DsconvError, match=r'layer ".*": its sums take up to .* bits.* have 16'):
        map_to_array(MODEL, target)


def test_an_unknown_array_is_an_error() -> None:
    with pytest.raises(DsconvError, match="no systolic array systolic_3; there are systolic_16"):
        map_to_array(MODEL, "systolic_3")


def test_a_mapping_that_the_array_does_not_have_is_an_error(tmp_path: Path) -> None:
    target = described(tmp_path, rows=8, columns=8, row_bus=False)
    mapped = map_to_array(MODEL, target, passes="map-array{row_bus=true}")
    with pytest.raises(RunnerError, match="no way to run it row_bus"):
        mapped.run()
    with pytest.raises(RunnerError, match="has no mapping; run map-array first"):
        map_to_array(MODEL, target, passes="fold-pads").run()


def test_options_of_clusters_are_refused() -> None:
    result = CliRunner().invoke(app, ["run", str(MODEL), "--on", "array", "--l1", "65536"])
    assert isinstance(result.exception, DsconvError)


HEADER = """
#define DIM {dim}
#define ADDR_LEN 32
typedef int8_t elem_t;
typedef int32_t acc_t;
"""


def test_a_header_of_gemmini_is_a_target(tmp_path: Path) -> None:
    header = tmp_path / "gemmini_params.h"
    header.write_text(HEADER.format(dim=8))
    mapped = map_to_array(MODEL, str(header))
    assert (mapped.target.array.rows, mapped.target.array.columns) == (8, 8)
    assert not mapped.target.array.row_bus
    report = mapped.run()
    assert report.equal
    strategies = {layer.mapping.strategy for layer in report.layers if layer.mapping}
    assert "weight_stationary" in strategies


def test_another_header_is_an_error(tmp_path: Path) -> None:
    header = tmp_path / "other.h"
    header.write_text("#define WIDTH 8\n")
    with pytest.raises(
        DsconvError, match="no parameter header of Gemmini: there is no #define DIM"
    ):
        map_to_array(MODEL, str(header))


def test_a_cluster_is_no_array(tmp_path: Path) -> None:
    path = tmp_path / "cluster.toml"
    path.write_text('kind = "cluster"\n')
    with pytest.raises(DsconvError, match="is a cluster: dsconv compile"):
        load_systolic_target(str(path))


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["baseline", "half", "full"])
@pytest.mark.parametrize("name", list(MOBILE_NETWORKS))
def test_mobile_networks_are_exact(name: str, variant: str, tmp_path: Path) -> None:
    """Quantised by ONNX Runtime, on 64x64, mapped as is fastest and as the paper has it."""
    model, path = MOBILE_NETWORKS[name](), tmp_path / "float.onnx"
    if variant != "baseline":
        model = axial(model, Variant(variant))
    onnx.save(model, str(path))
    images = np.random.default_rng(1).normal(0, 1, (2, 3, 224, 224)).astype(np.float32)
    quantise(path, {"input": images}, tmp_path / "q.onnx")
    imported, target = import_onnx(tmp_path / "q.onnx"), load_systolic_target("systolic_64")
    for paper in (False, True):
        passes = array_pipeline(paper=paper)
        report = MappedNetwork.of(imported, target, passes=passes).run()
        assert not report.differences
        mapped = [
            (op.label, op.attributes[MAPPING])
            for op in network_of(MappedNetwork.of(imported, target, passes=passes).module).body.ops
            if isinstance(op, WeightedOperation)
        ]
        foretold = sum(mapping.cycles for _, mapping in mapped if isinstance(mapping, MappingAttr))
        assert report.cycles == foretold
    works_of = works(name, variant)
    papers = paper_cycles(works_of, 64, 64, whole_sizes=True)
    assert report.cycles == pytest.approx(papers, rel=0.001)


@pytest.mark.parametrize("command", [["compile", "-o", "out"], ["verify"], ["run"]], ids=" ".join)
def test_an_array_runs_no_c(command: list[str], tmp_path: Path) -> None:
    mine = described(tmp_path, rows=4, columns=4)
    for target in ("systolic_64", mine):
        options = [command[0], str(MODEL), *command[1:], "--target", target]
        result = CliRunner().invoke(app, options)
        assert "is a systolic array and runs no C" in str(result.exception)
