"""Measurements are kept by what was measured, and only if it was right."""

from pathlib import Path

import numpy as np
import pytest

from dsconv.profiling import measurements
from dsconv.profiling.measurements import Measurement, kept_as, measure
from dsconv.runners import LayerStats, RunResult

INPUT = np.arange(16, dtype=np.uint8)
STATS = LayerStats(cycles=700, l2_l1_in=16, l2_l1_out=8, l2_l1_weights=4, l3_l2=0)


@pytest.fixture(autouse=True)
def simulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """A simulator that always says the same; gives the folders that it ran."""
    built: list[Path] = []
    runs: list[Path] = []

    def run(folder: Path, inputs: np.ndarray, timeout_s: float) -> RunResult:
        runs.append(folder)
        outputs = inputs.reshape(1, -1)
        return RunResult(outputs, None, ((STATS,),), (1000,), True, None, 0.1)

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(measurements, "tools", lambda: b"tools")
    monkeypatch.setattr(measurements, "build", built.append)
    monkeypatch.setattr(measurements.gvsoc, "run", run)
    return runs


def right(result: RunResult) -> None:
    np.testing.assert_array_equal(result.outputs[0], INPUT)


def program(folder: Path, text: str = "int x;") -> Path:
    folder.mkdir()
    (folder / "network.c").write_text(text)
    return folder


def test_what_was_measured_is_not_run_again(tmp_path: Path, simulator: list[Path]):
    first = measure(program(tmp_path / "a"), INPUT, right)
    assert first == Measurement(1000, (STATS,), True)
    assert measure(program(tmp_path / "b"), INPUT, right) == first
    assert simulator == [tmp_path / "a"]


def test_other_sources_inputs_and_tools_are_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    a, b = program(tmp_path / "a"), program(tmp_path / "b", "int y;")
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "other.c").write_text("int x;")
    paths = [kept_as(folder, INPUT) for folder in (a, b, tmp_path / "c")]
    paths.append(kept_as(a, INPUT[::-1].copy()))
    monkeypatch.setattr(measurements, "tools", lambda: b"other tools")
    paths.append(kept_as(a, INPUT))
    assert len(set(paths)) == len(paths)


def test_the_ir_beside_the_sources_does_not_matter(tmp_path: Path):
    a = program(tmp_path / "a")
    before = kept_as(a, INPUT)
    (a / "network.mlir").write_text("builtin.module {}")
    assert kept_as(a, INPUT) == before


def test_what_is_wrong_is_not_kept(tmp_path: Path, simulator: list[Path]):
    def wrong(result: RunResult) -> None:
        raise AssertionError("values differ")

    folder = program(tmp_path / "a")
    with pytest.raises(AssertionError, match="values differ"):
        measure(folder, INPUT, wrong)
    measure(folder, INPUT, right)
    assert len(simulator) == 2
