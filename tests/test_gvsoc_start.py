"""What doctor and the runner say of a GVSoC that is there and does not start."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from handwritten import build_network, needs_gvsoc
from typer.testing import CliRunner

from dsconv.cli import app
from dsconv.runners import RunnerError, gvsoc, gvsoc_start


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A GVSoC of one line of Python, which the tests write."""
    program = tmp_path / "gvsoc" / "bin" / "gvsoc"
    program.parent.mkdir(parents=True)
    monkeypatch.setenv("GVSOC_HOME", str(program.parent))
    monkeypatch.delenv(gvsoc_start.PYTHON, raising=False)
    return program


def write(program: Path, statement: str) -> None:
    program.write_text(f"#!/usr/bin/env python3\n{statement}\n")
    program.chmod(0o755)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("import no_such_module", "GVSoC's Python has no module no_such_module"),
        (
            "raise RuntimeError(\"Dependency 'typing_extensions' of the target is missing\")",
            "GVSoC's Python has no module typing_extensions",
        ),
        (
            "raise SystemExit('Invalid target specified: pulp-open')",
            "GVSoC was built without pulp-open",
        ),
        ("raise SystemExit('Segmentation fault')", "failed with exit status 1\nSegmentation"),
    ],
)
def test_doctor_starts_gvsoc_and_says_what_is_missing(fake: Path, statement: str, said: str):
    write(fake, statement)
    problem = gvsoc.problem()
    assert problem is not None
    assert said in problem
    printed = CliRunner().invoke(app, ["doctor"]).output
    assert f"GVSoC: {fake} does not start" in printed.replace("\n", "")
    assert said.split("\n")[-1] in printed


def test_a_run_says_what_is_missing(fake: Path, tmp_path: Path):
    write(fake, "import no_such_module")
    built = build_network(tmp_path, "pulp_open", "add")
    with pytest.raises(RunnerError) as raised:
        gvsoc.run(built, bytes(512))
    assert "GVSoC's Python has no module no_such_module" in str(raised.value)
    assert "Traceback" not in str(raised.value)


def test_gvsoc_runs_in_the_python_of_its_own(
    fake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write(fake, "import sys; sys.exit(sys.executable)")
    python = tmp_path / "environment" / "bin" / "python3"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    problem = gvsoc.problem()
    assert problem is not None
    assert str(Path(sys.executable).parent) in problem
    monkeypatch.setenv(gvsoc_start.PYTHON, str(python))
    problem = gvsoc.problem()
    assert problem is not None
    assert str(python) in problem


def test_a_python_that_is_not_there(fake: Path, monkeypatch: pytest.MonkeyPatch):
    write(fake, "pass")
    monkeypatch.setenv(gvsoc_start.PYTHON, "/nowhere/bin/python3")
    assert gvsoc.problem() == (
        "GVSOC_PYTHON is /nowhere/bin/python3, which is no interpreter of a virtual environment; "
        "give ENVIRONMENT/bin/python3"
    )


@needs_gvsoc
def test_gvsoc_starts():
    assert gvsoc.problem() is None
