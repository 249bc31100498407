"""dsconv dram and the bench of Scan order: what they count, show and write."""

import json
import subprocess
import sys
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.dram_traces import TRACES
from dsconv import zoo
from dsconv.bench import scan
from dsconv.dialects.target import Accelerator
from dsconv.dram import model
from dsconv.dram.trace import Kind, Trace, Transfer
from dsconv.frontends import import_onnx
from dsconv.parallel.processes import Processes
from dsconv.passes.dram.schedule import DramSchedule
from dsconv.reports.dram import Bounds, DramReport, ScheduleCost, Setting
from dsconv.reports.dram_bounds import compulsory_entries, layer_bounds
from dsconv.reports.dram_plot import plot_report
from dsconv.targets import load_accelerator
from dsconv.targets.dram import load_dram

DIGITS = Path(__file__).parents[1] / "examples" / "digits" / "digits.onnx"
DEVICE = load_dram("DDR3-1333")
MACHINE: Accelerator = load_accelerator("dram_accelerator").accelerator


def cost_of(schedule: DramSchedule, trace: str) -> ScheduleCost:
    return ScheduleCost.of(schedule, TRACES[trace], 1000, DEVICE, "model")


def dsconv(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from dsconv.cli import main; main()", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def report() -> DramReport:
    costs = [cost_of(DramSchedule.RASTER, "tiles"), cost_of(DramSchedule.SCAN, "layer")]
    setting = Setting("net", MACHINE, "model")
    return DramReport(setting, Bounds(10**5, 10**6), costs[0], costs)


def test_a_cost_is_that_of_its_trace() -> None:
    cost, trace = cost_of(DramSchedule.SCAN, "layer"), TRACES["layer"]
    assert (cost.bytes_read, cost.bytes_written) == (trace.bytes_read, trace.bytes_written)
    assert cost.result == model.run(trace.bursts(64), DEVICE).result


def test_costs_are_kept_as_json() -> None:
    cost = cost_of(DramSchedule.BEST, "tiles")
    assert ScheduleCost.from_json(json.loads(json.dumps(cost.as_json()))) == cost


def test_savings_are_against_the_baseline() -> None:
    raster, ours = report().as_json()["schedules"]
    assert (raster["time_saved"], raster["energy_saved"]) == (0, 0)
    assert ours["energy_saved"] == pytest.approx(1 - ours["energy"] / raster["energy"])


def test_the_report_names_what_decides_its_figures() -> None:
    text = StringIO()
    report().print(Console(file=text, width=200))
    for words in ("DDR3-1333 by model", "partial sums of", "saved against raster", "HPCA 2020"):
        assert words in text.getvalue()


def test_small_networks_have_digits_too() -> None:
    small = Trace.of([Transfer(Kind.READ, 0, 1984)])
    cost = ScheduleCost.of(DramSchedule.BEST, small, 1000, DEVICE, "model")
    setting = Setting("net", MACHINE, "model")
    text = StringIO()
    DramReport(setting, Bounds(1984, 1984), cost, [cost]).print(Console(file=text, width=200))
    (row,) = (line.split() for line in text.getvalue().splitlines() if line.startswith("  best"))
    _, read, _, in_bursts, _, time, energy, *_ = row
    assert (read, in_bursts) == ("0.00198", "0.00198")
    assert float(time) == pytest.approx(cost.result.seconds * 1e6, rel=0.01)
    assert float(energy) == pytest.approx(cost.result.energy.total / 1e3, rel=0.01)
    assert "less than 0.00198 MB" in text.getvalue()


def test_plots_are_pictures(tmp_path: Path) -> None:
    traffic = {"raster": [(1024, 3000), (2048, 2000)], "scan": [(1024, 2000), (2048, 1000)]}
    plot_report(report(), traffic, tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


def test_bounds_are_in_bytes() -> None:
    module = import_onnx(zoo.build("dscnn")).module
    wide = replace(MACHINE, entries=4096, entry_bits=16)
    by_layer = sum(layer_bounds(module, 4096).values())
    assert Bounds.of(module, wide) == Bounds(2 * compulsory_entries(module), 2 * by_layer)


def test_all_schedules_of_a_file(tmp_path: Path) -> None:
    written = tmp_path / "report.json"
    plot = tmp_path / "plot.png"
    result = dsconv(
        *("dram", DIGITS, "--buffer", "2048", "--partial-bits", "32", "--simulator", "model"),
        *("--json", written, "--plot", plot),
    )
    assert result.returncode == 0, result.stderr
    report = json.loads(written.read_text())
    machine = report["setting"]["accelerator"]
    assert (machine["entries"], machine["partial_bits"]) == (2048, 32)
    schedules = {cost["schedule"]: cost for cost in report["schedules"]}
    assert list(schedules) == list(DramSchedule)
    moved = [cost["bytes_read"] + cost["bytes_written"] for cost in schedules.values()]
    assert moved == sorted(moved, reverse=True)
    assert moved[-1] >= report["bounds"]["compulsory"]
    assert all(cost["high_water"] <= 2048 for cost in schedules.values())
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_the_trace_has_the_bursts_of_the_report(tmp_path: Path) -> None:
    trace, written = tmp_path / "k6_digits.trc", tmp_path / "report.json"
    result = dsconv(
        *("dram", DIGITS, "--schedule", "scan", "--simulator", "model", "--dram", "LPDDR3-1600"),
        *("--trace", trace, "--json", written),
    )
    assert result.returncode == 0, result.stderr
    (cost,) = json.loads(written.read_text())["schedules"]
    lines = trace.read_text().splitlines()
    assert len(lines) == cost["result"]["bursts"]
    assert cost["result"]["device"] == "LPDDR3-1600"
    assert {line.split()[1] for line in lines} == {"P_MEM_RD", "P_MEM_WR"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--schedule", "spiral"], "no schedule spiral; there are raster, scan"),
        (["--trace", "t.trc"], "--trace writes one schedule"),
        (["--dram", "DDR9"], "no DRAM DDR9; there are DDR3-1333"),
        (["--dram", "LPDDR3-1600", "--simulator", "dramsim2"], "cannot run LPDDR3-1600"),
        (["--buffer", "20"], "entries"),
    ],
)
def test_errors_are_one_line(options: list[str], words: str) -> None:
    result = dsconv("dram", DIGITS, *options)
    assert result.returncode == 2
    assert result.stderr.splitlines()[-1].startswith("error: ")
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_the_bench_keeps_what_it_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "NETWORKS", ("dscnn",))
    monkeypatch.setattr(scan, "PAPERS_NETWORK", "dscnn")
    monkeypatch.setattr(scan, "PAPERS_BUFFER", 8192)
    monkeypatch.setattr(scan, "BUFFERS", (4096,))
    text = StringIO()
    scan.bench_scan(tmp_path, Processes(1), Console(file=text), dram="DDR3-1333", simulator="model")
    kept = sorted((tmp_path / "cases").iterdir())
    assert len(kept) == 5 * (2 + 2)
    names = {f"{name}.{kind}" for name in ("paper", "sweep", "savings") for kind in ("csv", "md")}
    plots = {"savings.svg", "traffic.svg"}
    assert names | plots <= {path.name for path in tmp_path.iterdir()}
    assert len((tmp_path / "savings.csv").read_text().splitlines()) == 1 + len(scan.BITS)
    tables = {name: (tmp_path / name).read_text() for name in ("paper.csv", "sweep.csv")}
    times = [path.stat().st_mtime_ns for path in kept]
    scan.bench_scan(tmp_path, Processes(1), Console(file=text), dram="DDR3-1333", simulator="model")
    assert times == [path.stat().st_mtime_ns for path in kept]
    assert tables == {name: (tmp_path / name).read_text() for name in tables}
