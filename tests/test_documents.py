"""What --json writes, against the schema that comes with dsconv."""

import json
from itertools import chain
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import onnx
import pytest
from typer.testing import CliRunner, Result

from dsconv.cli import app
from dsconv.cli.documents import Kind
from dsconv.errors import DsconvError
from dsconv.reports.schema import SCHEMA_VERSION, schema
from dsconv.version import __version__

DIGITS = Path(__file__).parents[1] / "examples" / "digits" / "digits.onnx"
IMAGES = DIGITS.with_name("digits_test.npz")

COMMANDS = {
    Kind.RUN: ("run", DIGITS),
    Kind.ARRAY_RUN: ("run", DIGITS, "--on", "array", "--target", "systolic_16"),
    Kind.REPORT: ("report", DIGITS, "--pareto"),
    Kind.ARRAY_REPORT: ("report", DIGITS, "--target", "systolic_16"),
    Kind.VERIFICATION: ("verify", DIGITS),
    Kind.DRAM: ("dram", DIGITS, "--simulator", "model"),
    Kind.COMPARISON: ("compare", DIGITS, "--targets", "gap8,systolic_16", "--on", "model"),
    Kind.COMPILATION: ("compile", DIGITS, "--library", "-o", "FOLDER/digits"),
    Kind.TARGETS: ("targets",),
    Kind.TOOLS: ("doctor",),
}


def dsconv(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)], catch_exceptions=True)


def document(*arguments: str | Path) -> dict[str, Any]:
    result = dsconv(*arguments, "--json", "-")
    assert result.exit_code == 0, result.output
    written = json.loads(result.stdout)
    jsonschema.validate(written, schema())
    return written


def refused(*arguments: str | Path) -> str:
    error = dsconv(*arguments).exception
    assert isinstance(error, DsconvError)
    return str(error)


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    names = {one["$ref"].rpartition("/")[2] for one in schema()["oneOf"]}
    assert names == set(Kind)
    assert json.loads(dsconv("schema").stdout) == schema()


def test_every_kind_is_tried() -> None:
    """Scaffolding is where torch is: tests/test_training.py."""
    assert {*COMMANDS, Kind.SCAFFOLDING} == set(Kind)


@pytest.mark.parametrize("kind", COMMANDS)
def test_every_command_writes_what_the_schema_says(kind: Kind, tmp_path: Path) -> None:
    written = document(*(str(word).replace("FOLDER", str(tmp_path)) for word in COMMANDS[kind]))
    assert (written["schema"], written["dsconv"], written["kind"]) == (
        *(SCHEMA_VERSION, __version__),
        kind.value,
    )


def test_the_schema_refuses_what_nobody_writes() -> None:
    written = document("targets")
    for wrong in ({**written, "kind": "run"}, {**written, "more": 1}, {**written, "schema": 2}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema())


def test_a_report_has_the_run_that_was_asked_for() -> None:
    written = document("report", DIGITS, "--on", "host")
    assert written["run"]["equal"]
    assert written["verification"]["judge"] == "ONNX Runtime"
    assert [layer["name"] for layer in written["graph"]][:2] == ["conv", "block1_dw"]
    fused = [layer["parts"] for layer in written["layers"] if len(layer["parts"]) > 1]
    assert fused
    names = [layer["name"] for layer in written["graph"]]
    assert list(chain.from_iterable(fused)) == names[1:9]
    assert document("report", DIGITS)["run"] is None


def test_a_compilation_names_what_it_wrote(tmp_path: Path) -> None:
    folder = tmp_path / "net"
    written = document("compile", DIGITS, "--target", "mcu", "--library", "-o", folder)
    assert written["files"] == sorted(path.name for path in folder.iterdir())
    assert written["folder"] == str(folder)
    assert [port["name"] for port in written["inputs"]] == ["image"]
    assert written["memory"] == document("report", DIGITS, "--target", "mcu")["memory"]


def test_accuracy_is_that_of_the_float_network_and_of_the_quantised_one(tmp_path: Path) -> None:
    float_network = linear_network(tmp_path / "float.onnx")
    values = np.random.default_rng(0).normal(size=(40, 4)).astype(np.float32)
    labels = (values @ WEIGHTS).argmax(axis=1)
    labels[0] = (labels[0] + 1) % 3
    np.savez(tmp_path / "x.npz", x=values, labels=labels)
    quantised = tmp_path / "quantised.onnx"
    result = dsconv(
        *("quantize", float_network, "--calibration", f"{tmp_path}/x.npz:x", "-o", quantised)
    )
    assert result.exit_code == 0, result.output
    written = document(
        *("run", quantised, "--input", f"{tmp_path}/x.npz:x", "--float", float_network),
        *("--labels", f"{tmp_path}/x.npz:labels"),
    )
    assert written["accuracy"]["float"] == {"right": 39, "of": 40, "share": 39 / 40}
    assert written["accuracy"]["quantised"]["right"] >= 37


WEIGHTS = np.random.default_rng(1).normal(size=(4, 3)).astype(np.float32)


def linear_network(path: Path) -> Path:
    model = onnx.parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 13]> g (float[1, 4] x) => (float[1, 3] y) '
        "{ y = MatMul(x, w) }"
    )
    model.graph.initializer.append(onnx.numpy_helper.from_array(WEIGHTS, "w"))
    onnx.save(model, str(path))
    return path


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (np.zeros(359, np.int64), "359 labels for 360 inputs"),
        (np.full(360, 10), "labels are from 10 to 10, classes from 0 to 9"),
        (np.zeros(360, np.float32), "integers; these are float32"),
    ],
)
def test_labels_are_checked_before_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, labels: np.ndarray, words: str
) -> None:
    def run(*_: object, **__: object) -> None:
        raise AssertionError("nothing runs")

    monkeypatch.setattr("dsconv.api.Network.run", run)
    np.save(tmp_path / "labels.npy", labels)
    given = ("--input", f"{IMAGES}:images", "--labels", tmp_path / "labels.npy")
    assert words in refused("run", DIGITS, *given)


def test_labels_need_inputs_and_a_float_network_labels() -> None:
    assert "--input" in refused("run", DIGITS, "--labels", f"{IMAGES}:labels")
    assert "--labels" in refused("run", DIGITS, "--float", DIGITS)
