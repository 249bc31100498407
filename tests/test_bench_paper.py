"""The paper's evaluation: what is measured, and the tables and plots made of it."""

import csv
from pathlib import Path

import pytest
from handwritten import needs_gvsoc
from rich.console import Console

from dsconv import zoo
from dsconv.bench import Part, figure4, paper, table2
from dsconv.bench.deployments import Deployed, LayerRun, NetworkRun, compiled_for, unfused_pipeline
from dsconv.bench.figure3 import Figure3, blocks
from dsconv.bench.figure3_blocks import (
    FD,
    GEOMETRIES,
    Block,
    BlockLayer,
    BlockSize,
    FusedBlock,
    pair,
    unfused_block,
)
from dsconv.bench.figure4 import Figure4
from dsconv.bench.in_l1 import L1Program, cycles_in_l1, rows_in_l2, without_transfers
from dsconv.bench.paper_numbers import TABLE_2, Method
from dsconv.bench.results import Results
from dsconv.bench.table2 import Table2
from dsconv.dialects.attributes import Layout
from dsconv.dialects.fused import FusedOp
from dsconv.dialects.tiled import DmaStartOp, LayerOp, WaitOp
from dsconv.errors import DsconvError
from dsconv.lowering.c_target import weights
from dsconv.parallel.processes import Processes
from dsconv.parallel.sweep import sweep
from dsconv.profiling import measurements
from dsconv.targets import load_target

DW_PW = "dw-pw-rows-chw-hwc-chw"
SMALL = BlockSize(8, 1, 16, 32)


def test_figure_3_has_the_papers_geometries():
    assert len(set(GEOMETRIES)) == 36
    assert BlockSize(32, 2, 64, 128) in GEOMETRIES
    assert {shape.kernels // shape.channels for shape in GEOMETRIES} == {1, 2}
    assert [shape.size for shape in GEOMETRIES] == sorted(shape.size for shape in GEOMETRIES)


def test_a_block_has_the_papers_layers():
    first, second = FusedBlock.of(DW_PW, BlockSize(32, 2, 64, 128), 4).layers
    assert first == BlockLayer("dw", 64, 64, 32, 32, 2, (Layout.CHW, Layout.HWC))
    assert second == BlockLayer("pw", 64, 128, 16, 16, 1, (Layout.HWC, Layout.CHW))
    expand, depthwise = pair("pw-dw", BlockSize(32, 2, 64, 128), [Layout.HWC] * 3, 32)
    assert (expand.kernels, expand.stride) == (128, 1)
    assert (depthwise.channels, depthwise.kernels, depthwise.stride) == (128, 128, 2)
    assert first.macs == 16 * 16 * 64 * 9
    assert second.macs == 16 * 16 * 64 * 128


@pytest.mark.parametrize(("stride", "fd", "step"), [(1, 6, 4), (1, 18, 16), (2, 6, 2), (2, 10, 4)])
def test_the_papers_fd_of_rows_between_layers_counts_windows(stride: int, fd: int, step: int):
    layer_shape = BlockSize(32, stride, 32, 32)
    assert FusedBlock.of("pw-dw-rows-hwc-chw-hwc", layer_shape, fd).step == step
    assert FusedBlock.of(DW_PW, layer_shape, fd).step == fd


def test_every_block_is_measured_once():
    found = blocks(GEOMETRIES, list(FD))
    assert len(found) == len(set(found))
    fused = [block for block in found if isinstance(block, FusedBlock)]
    assert len(fused) == 36 * sum(len(depths) for depths in FD.values())
    assert len(found) - len(fused) == 36 * 2, "DW-PW and PW-DW"


def test_unfused_layers_are_whole_maps_with_the_weights_of_the_fused_ones():
    fused, unfused = (
        L1Program.of(block).lowered
        for block in (FusedBlock.of(DW_PW, SMALL, 4), unfused_block("dw-pw", SMALL))
    )
    assert [*weights(fused)] == [*weights(unfused)]
    tiles = [op.tile.tile.size_text for op in unfused.walk() if isinstance(op, LayerOp)]
    assert tiles == ["16x8x8", "32x8x8"]


def test_maps_that_l2_cannot_hold_are_checked_in_part():
    assert rows_in_l2(FusedBlock.of(DW_PW, BlockSize(32, 1, 32, 64), 4)) == 32
    assert rows_in_l2(FusedBlock.of(DW_PW, BlockSize(128, 1, 128, 256), 4)) == 16


def test_what_is_timed_moves_nothing_and_calls_the_same_kernels():
    program = L1Program.of(FusedBlock.of(DW_PW, SMALL, 4))
    timed = without_transfers(program.lowered)
    assert any(isinstance(op, DmaStartOp) for op in program.lowered.walk())
    assert not any(isinstance(op, DmaStartOp | WaitOp) for op in timed.walk())

    def calls(text: str) -> list[str]:
        return [line.split("(")[0].strip() for line in text.splitlines() if "func.call" in line]

    assert calls(str(timed)) == calls(str(program.lowered))


def cycles_of(block: Block) -> int | None:
    """Fused blocks take 10 % more than unfused ones, the deepest ones do not fit."""
    if isinstance(block, FusedBlock):
        return None if block.fd > 18 else 2750
    return 2500


def test_figure_3_is_over_unfused_blocks(tmp_path: Path):
    shapes = GEOMETRIES[:2]
    figure = Figure3.of({block: cycles_of(block) for block in blocks(shapes, list(FD))})
    assert ("pw-dw-channels-hwc-chw-hwc", 32) not in {(s.kernel, s.fd) for s in figure.series}
    series = figure.series[0]
    assert (series.kernel, series.fd, len(series.points)) == (DW_PW, 4, 2)
    assert series.unfused == 2500
    assert series.overhead == pytest.approx(0.1)
    assert series.paper == 0.11
    figure.plot(tmp_path / "fig3.png")
    assert (tmp_path / "fig3.png").stat().st_size > 10_000
    assert len(figure.details().rows) == sum(len(series.points) for series in figure.series)


def deployment(cycles: int, moved_bytes: int) -> NetworkRun:
    return NetworkRun(cycles, (LayerRun("layer", "hwc/hwc", cycles, moved_bytes),))


def test_table_2_compares_with_the_baselines(tmp_path: Path):
    factors = {Method.BASELINE: 10, Method.LATENCY: 9, Method.TRANSFERS: 8}
    runs = {
        deployed: deployment(100_000 * factors[deployed.method], 1000 * factors[deployed.method])
        for deployed in table2.DEPLOYED
    }
    table = Table2.of(runs)
    assert len(table.results().rows) == 18
    row = dict(zip(table.results().columns, table.results().rows[1], strict=True))
    assert (row["network"], row["method"]) == ("mv1-224", "lowest latency")
    assert (row["cycles"], row["paper's cycles"]) == (900_000, 8_900_000)
    assert row["change"] == pytest.approx(-0.1)
    assert row["paper's change"] == pytest.approx(-0.11)
    table.plot(tmp_path / "table2.png")
    assert (tmp_path / "table2.png").stat().st_size > 10_000


def test_the_papers_numbers_are_those_of_its_networks():
    assert list(TABLE_2) == list(zoo.NETWORKS)
    latency = {name: row[Method.LATENCY].cycles for name, row in TABLE_2.items()}
    assert all(latency[name] < row[Method.BASELINE].cycles for name, row in TABLE_2.items())
    moved = TABLE_2["mv2-128"]
    change = moved[Method.TRANSFERS].moved_bytes / moved[Method.BASELINE].moved_bytes - 1
    assert change == pytest.approx(-0.5297, abs=0.001)


def test_figure_4_groups_layers_that_run_as_one(tmp_path: Path):
    unfused = [LayerRun(name, "hwc/hwc", 100, 10) for name in ("conv", "dw", "pw", "fc")]
    fused = [unfused[0], LayerRun("pw", "rows", 150, 12), unfused[3]]
    first, second = figure4.DEPLOYED
    figure = Figure4.of(
        {first: NetworkRun(400, tuple(unfused)), second: NetworkRun(350, tuple(fused))}
    )
    assert [group.name for group in figure.groups] == ["conv", "dw .. pw", "fc"]
    assert figure.results().rows[1] == ("dw .. pw", "rows", 150, 200, 12, 20)
    figure.plot(tmp_path / "fig4.png")
    assert (tmp_path / "fig4.png").stat().st_size > 10_000


def test_results_are_written_as_csv_and_markdown(tmp_path: Path):
    results = Results(
        "title", ["kernel", "cycles", "change"], [["dw", 1234, -0.125], ["pw", 5, None]]
    )
    results.write(tmp_path / "table")
    with (tmp_path / "table.csv").open() as file:
        assert list(csv.reader(file)) == [
            ["kernel", "cycles", "change"],
            ["dw", "1234", "-0.125"],
            ["pw", "5", ""],
        ]
    markdown = (tmp_path / "table.md").read_text()
    assert markdown.splitlines()[2:] == ["| dw | 1,234 | -12.50% |", "| pw | 5 | - |"]
    assert results.table().row_count == 2


def test_the_baseline_fuses_nothing():
    assert "select-schedule" not in unfused_pipeline(load_target("pulp_open"))
    compiled = compiled_for(Deployed("dscnn", Method.BASELINE))
    assert str(compiled.lowered).count("dsconv.layer ") == len(zoo.NETWORKS["dscnn"].layers)
    assert not any(isinstance(op, FusedOp) for op in compiled.lowered.walk())


def test_a_sweep_keeps_the_order_of_its_cases():
    assert sweep("letters", len, ["abc", "", "ab"], Processes(2), Console(quiet=True)) == {
        "abc": 3,
        "": 0,
        "ab": 2,
    }


def test_only_the_papers_maps_and_kernels_are_measured(tmp_path: Path):
    console, executor = Console(quiet=True), Processes(1)
    with pytest.raises(DsconvError, match="Figure 3's maps are 32, 64, 128"):
        paper.bench_paper([Part.FIGURE_3], tmp_path, executor, console, sizes=[33])
    with pytest.raises(DsconvError, match=f"Figure 3's kernels are {DW_PW}, "):
        paper.bench_paper([Part.FIGURE_3], tmp_path, executor, console, kernels=["pw-dw"])


@needs_gvsoc
def test_fused_and_unfused_cycles_in_l1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    block = FusedBlock.of(DW_PW, SMALL, 4)
    fused, unfused = map(cycles_in_l1, (block, unfused_block("dw-pw", SMALL)))
    assert fused is not None
    assert unfused is not None
    assert unfused < fused < 2 * unfused
    monkeypatch.setattr(measurements, "build", None)
    assert cycles_in_l1(block) == fused, "kept"
