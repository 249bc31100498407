"""Networks written for SCALE-Sim: what it reads, and the cycles that it counts."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dsconv.api import map_to_array
from dsconv.cli import app
from dsconv.reports.scale_sim import scale_sim_layers, write_scale_sim

MODEL = Path(__file__).parents[1] / "examples" / "digits" / "digits.onnx"
SCALE_SIM = ("scalesim==3.0.0", "numpy<2")


def rows(path: Path) -> list[list[str]]:
    with path.open() as file:
        return list(csv.reader(file))


def test_every_product_has_a_line(tmp_path: Path) -> None:
    command = ["report", str(MODEL), "--target", "systolic_16", "--scale-sim", str(tmp_path / "s")]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    header, *layers = rows(tmp_path / "s" / "topology.csv")
    assert header[:4] == ["Layer", "M", "N", "K"]
    assert layers[0][:4] == ["conv_x1", "256", "16", "9"]
    assert layers[1][:4] == ["block1_dw_x16", "16", "16", "54"]
    assert [row[0] for row in rows(tmp_path / "s" / "layout.csv")[1:]] == [row[0] for row in layers]
    assert "ArrayHeight = 16" in (tmp_path / "s" / "scale.cfg").read_text()


def test_a_cluster_has_no_products(tmp_path: Path) -> None:
    command = ["report", str(MODEL), "--target", "gap8", "--scale-sim", str(tmp_path / "s")]
    result = CliRunner().invoke(app, command)
    assert "goes with a systolic array, not with gap8" in str(result.exception)


@pytest.mark.slow
def test_scale_sim_counts_what_its_formula_says(tmp_path: Path) -> None:
    """In a venv of its own, since it needs an older numpy; skips where that cannot be had."""
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    install = [str(venv / "bin" / "pip"), "install", "-q", *SCALE_SIM]
    if subprocess.run(install, capture_output=True).returncode:
        pytest.skip("scalesim cannot be installed here")
    mapped = map_to_array(MODEL, "systolic_16")
    write_scale_sim(mapped, tmp_path / "s")
    files = {"-t": "topology.csv", "-l": "layout.csv", "-c": "scale.cfg"}
    options = [part for flag, name in files.items() for part in (flag, str(tmp_path / "s" / name))]
    command = [str(venv / "bin" / "python"), "-m", "scalesim.scale", "-i", "gemm", *options]
    subprocess.run([*command, "-p", str(tmp_path / "out")], check=True, capture_output=True)
    _, *counted = rows(tmp_path / "out" / "dsconv" / "COMPUTE_REPORT.csv")
    cycles = [int(float(row[2])) for row in counted]
    expected = [layer.expected_cycles(mapped.target.array) for layer in scale_sim_layers(mapped)]
    assert cycles == expected
