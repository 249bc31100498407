"""What the cores wait for: counted on GVSoC's chips, and reported by layer."""

from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from handwritten import RUNNERS, build_network, needs_gap8, needs_gvsoc, on_pulp_chips
from rich.console import Console

import dsconv
from dsconv.dialects.graph import RequantisedOperation, tensor_type
from dsconv.errors import DsconvError
from dsconv.execution.report import Report
from dsconv.execution.stalls import Stalls
from dsconv.passes.analysis.target_cluster import DEFAULT_CLUSTER
from dsconv.runners import LayerCounts, RunnerError, gvsoc
from dsconv.runners.counts import read_counts

TIMEOUT_S = 60
DIGITS = Path(__file__).parents[1] / "examples" / "digits" / "digits.onnx"
CORE = DEFAULT_CLUSTER.core
LOADS = 1000  # of each core, in each layer of tests/networks/banks.c, one in each turn of a loop


def counted(tmp_path: Path, platform: str, network: str, size: int) -> tuple[LayerCounts, ...]:
    built = build_network(tmp_path, platform, network, config="COUNT = 1")
    counts = RUNNERS[platform].run(built, bytes(size), TIMEOUT_S).counts
    assert counts is not None
    return counts


@on_pulp_chips
def test_what_each_core_does_is_counted(tmp_path: Path, platform: str):
    for layer in counted(tmp_path, platform, "banks", 4):
        others = slice(1, None)
        assert np.ptp(layer.instructions[others]) == 0
        assert all(layer.instructions > 3 * LOADS)
        assert all(layer.instructions < 3 * LOADS + 200)
        assert all(abs(layer.taken_branches - LOADS) < 10)
        stalls = layer.load_use + layer.fetch + layer.jumps + 2 * layer.taken_branches
        if layer.l1_conflicts is not None:
            stalls += layer.l1_conflicts
            assert all(layer.awake[others] - (layer.instructions + stalls)[others] < 50)
        assert (layer.awake >= layer.instructions + stalls).all()


@needs_gap8
def test_cores_of_gap8_count_l1_conflicts(tmp_path: Path):
    own_bank, same_bank = counted(tmp_path, "gap8", "banks", 4)
    assert own_bank.l1_conflicts is not None
    assert same_bank.l1_conflicts is not None
    assert all(own_bank.l1_conflicts < 50)
    assert all(same_bank.l1_conflicts > 2 * LOADS)


@needs_gvsoc
def test_pulp_open_shows_l1_conflicts_only_by_their_absence(tmp_path: Path):
    built = build_network(tmp_path, "pulp_open", "banks", config="COUNT = 1")
    result = gvsoc.run(built, bytes(4), TIMEOUT_S)
    without = gvsoc.run(built, bytes(4), TIMEOUT_S, bank_conflicts=False)
    assert result.bank_conflicts
    assert not without.bank_conflicts
    assert result.counts is not None
    assert without.counts is not None
    costs = []
    for counts, other in zip(result.counts, without.counts, strict=True):
        assert counts.l1_conflicts is None
        assert Stalls.of(10_000, counts, CORE).l1_conflicts is None
        costs.append(Stalls.of(10_000, counts, CORE, other).l1_conflicts)
    own_bank, same_bank = costs
    assert own_bank < 50
    assert same_bank > 2 * LOADS


@on_pulp_chips
def test_core_0_counts_its_waits(tmp_path: Path, platform: str):
    for layer in counted(tmp_path, platform, "add", 512):
        assert layer.dma_wait > 50
        assert layer.l3_wait == 0


@on_pulp_chips
def test_nothing_is_counted_unasked(tmp_path: Path, platform: str):
    built = build_network(tmp_path, platform, "banks")
    assert RUNNERS[platform].run(built, bytes(4), TIMEOUT_S).counts is None


def counts_of(awake: list[int], *, conflicts: list[int] | None = None) -> LayerCounts:
    def each(value: int) -> np.ndarray:
        return np.full(len(awake), value, np.int64)

    return LayerCounts(
        awake=np.array(awake, np.int64),
        instructions=each(50),
        load_use=each(3),
        fetch=each(4),
        jumps=each(1),
        taken_branches=each(2),
        l1_conflicts=None if conflicts is None else np.array(conflicts, np.int64),
        dma_wait=7,
        l3_wait=5,
    )


def test_stalls_and_barriers_make_up_a_layers_cycles():
    stalls = Stalls.of(100, counts_of([80, 70, 70, 60], conflicts=[2, 2, 2, 6]), CORE)
    assert stalls.busy == (80, 70, 70, 60)
    assert stalls.imbalance == pytest.approx(80 / 70 - 1)
    assert stalls.l1_conflicts == 3
    assert stalls.branches == 5
    assert stalls.other == 70 - 50 - 3 - 4 - 5 - 3
    assert stalls.barrier == (20 - 12 + 30 + 30 + 40) / 4
    assert stalls.transfer_wait == pytest.approx(0.12)


def test_what_cannot_be_counted_is_absent_and_not_zero():
    counts = counts_of([80, 70, 70, 60])
    assert Stalls.of(100, counts, CORE).as_json()["l1_conflicts"] is None
    without = counts_of([78, 66, 68, 60])
    assert Stalls.of(100, counts, CORE, without).as_json()["l1_conflicts"] == 2


def test_a_broken_file_is_an_error(tmp_path: Path):
    assert read_counts(tmp_path / "counts.bin") is None
    np.array([2, 8, 9, 1, 2, 3], "<u4").tofile(tmp_path / "counts.bin")
    with pytest.raises(RunnerError, match=r"counts\.bin: 6 words for 2 layers on 8 cores"):
        read_counts(tmp_path / "counts.bin")


def printed(report: Report) -> str:
    output = StringIO()
    report.print(Console(file=output, width=200), layers=False)
    return output.getvalue()


def test_cycles_without_bank_conflicts_are_marked():
    outputs = np.zeros((1, 1), np.uint8)

    def report(bank_conflicts: bool) -> Report:
        return Report(
            *("net", "pulp_open", "gvsoc", "QDQ"),
            input_ports=[],
            output_ports=[],
            outputs={"y": outputs},
            cycles=1000,
            bank_conflicts=bank_conflicts,
            counted_cycles=None,
            layers=[],
            differences=[],
            notes=[],
        )

    assert "L1 bank conflicts NOT modelled" in printed(report(bank_conflicts=False))
    assert report(bank_conflicts=False).as_json()["bank_conflicts_modelled"] is False
    assert "NOT modelled" not in printed(report(bank_conflicts=True))


def test_only_cycles_have_stalls():
    with pytest.raises(DsconvError, match="host counts no cycles"):
        dsconv.compile(DIGITS, "host").run(on="host", stalls=True)


@on_pulp_chips
def test_a_networks_stalls(platform: str):
    report = dsconv.compile(DIGITS, platform).run(on="gvsoc", stalls=True)
    assert report.equal
    assert report.bank_conflicts
    assert report.cycles is not None
    assert report.counted_cycles is not None
    assert report.cycles < report.counted_cycles
    for layer in report.layers:
        stalls = layer.stalls
        assert stalls is not None
        assert stalls.l1_conflicts is not None
        parts = stalls.instructions + stalls.load_use + stalls.l1_conflicts + stalls.icache
        waits = (stalls.dma_wait + stalls.l3_wait) / len(stalls.busy)
        total = parts + stalls.branches + stalls.other + stalls.barrier + waits
        assert total == pytest.approx(stalls.cycles, rel=0.1, abs=100)
    text = printed(report)
    for column in ("imbalance", "load-use", "L1 conflicts", "icache", "DMA wait", "barrier"):
        assert column in text
    assert "longer" in text


def test_requantised_channels_are_counted():
    network = dsconv.compile(DIGITS, "host")
    report = network.run(on="host")
    layers = [op for op in network.imported.module.walk() if isinstance(op, RequantisedOperation)]
    channels = sum(tensor_type(op.result).get_shape()[1] for op in layers)
    assert sum(layer.narrow_channels for layer in report.layers) == channels
    assert f"in 32 bits: {channels} channels" in printed(report)

    pipeline = "select-layout,tile-l1{l1=30000},lower-to-tiles,plan-memory,lower-kernels"
    wide = dsconv.compile(DIGITS, "host", passes=pipeline).run(on="host")
    assert sum(layer.narrow_channels for layer in wide.layers) == 0
    assert sum(layer.wide_channels for layer in wide.layers) == channels
    assert f"in 64 bits: {channels} of" in printed(wide)
