"""DRAMSim2 and DRAMsim3: what they are given, what is read of them, how the model compares."""

import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from statistics import median
from types import ModuleType

import pytest

from benchmarks.dram_model import model_errors
from dsconv import zoo
from dsconv.doctor import check
from dsconv.dram import model
from dsconv.dram.device import DramDevice
from dsconv.dram.result import DramEnergy, DramResult
from dsconv.dram.trace import Kind, Trace, Transfer
from dsconv.errors import DsconvError
from dsconv.execution.accelerator import ScheduledNetwork
from dsconv.frontends import import_onnx
from dsconv.passes.dram.schedule import DramSchedule
from dsconv.runners.dram import SIMULATORS, dramsim2, dramsim3, simulator_for
from dsconv.runners.dram.epochs import Epoch, run_until_all_are_back
from dsconv.runners.process import Program, RunnerError
from dsconv.targets import load_accelerator
from dsconv.targets.dram import load_dram

DDR3, LPDDR3 = load_dram("DDR3-1333"), load_dram("LPDDR3-1600")
ONE_READ = Trace.of([Transfer(Kind.READ, 4096, 64)]).bursts(64)
NO_ENERGY = DramEnergy(0, 0, 0, 0)

STATISTICS = """
   Total Return Transactions : {back} (64 bytes) aggregate average bandwidth 9.696GB/s
 == Power Data for Rank        0
   Average Power (watts)     : 2.283
     -Background (watts)     : 0.360
     -Act/Pre    (watts)     : 0.554
     -Burst      (watts)     : 1.250
     -Refresh    (watts)     : 0.125
"""
"""As DRAMSim2 prints it."""


def assignments(text: str) -> dict[str, str]:
    """Names and values of an ini file."""
    lines = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {name.strip(): value.strip() for name, _, value in lines}


def test_dramsim2_gets_the_device() -> None:
    device = assignments(dramsim2.device_ini(DDR3))
    assert (device["NUM_ROWS"], device["DEVICE_WIDTH"], device["tCK"]) == ("8192", "16", "1.5")
    assert (device["REFRESH_PERIOD"], device["tRC"], device["IDD4W"]) == ("7800", "34", "355")


def test_dramsim2_counts_accesses_after_the_first() -> None:
    system = assignments(dramsim2.system_ini(DDR3))
    assert (system["ADDRESS_MAPPING_SCHEME"], system["TOTAL_ROW_ACCESSES"]) == ("scheme2", "4")


def test_dramsim3_gets_the_device_and_one_queue() -> None:
    text = assignments(dramsim3.device_ini(LPDDR3, 500))
    assert (text["protocol"], text["tREFI"], text["IDD4R"]) == ("LPDDR3", "3120", "250.0")
    assert (text["unified_queue"], text["channel_size"]) == ("true", "2048")
    assert (text["address_mapping"], text["epoch_period"]) == ("rochrababgco", "500")


@pytest.mark.parametrize(
    ("simulator", "device", "reason"),
    [
        (dramsim2, LPDDR3, "it has no LPDDR3"),
        (dramsim2, load_dram("DDR3-1600"), "it takes cwl for cl - 1"),
        (dramsim2, replace(DDR3, power=replace(DDR3.power, idd0=1.5)), "currents in whole mA"),
        (
            dramsim2,
            replace(DDR3, structure=replace(DDR3.structure, bus_bits=32)),
            "its bus has 64 bits, not 32",
        ),
        (
            dramsim2,
            replace(DDR3, controller=replace(DDR3.controller, bank_queue=8)),
            "its banks share a queue",
        ),
        (dramsim3, DDR3, "its banks have queues of their own"),
        (
            dramsim3,
            replace(LPDDR3, controller=replace(LPDDR3.controller, row_accesses=5)),
            "it does not close a row after 5 accesses",
        ),
    ],
)
def test_devices_that_a_simulator_would_run_otherwise_are_refused(
    simulator: ModuleType, device: DramDevice, reason: str
) -> None:
    assert reason in simulator.refusal(device)


def test_powers_of_dramsim2_become_energies() -> None:
    printed = STATISTICS.format(back=0) + STATISTICS.format(back=3) + STATISTICS.format(back=7)
    epochs = dramsim2.epochs_in(printed, epoch_ns=1000)
    assert [epoch.back for epoch in epochs] == [3, 7]
    assert epochs[0].energy == DramEnergy(554, 1250, 360, 125)


def test_writes_of_dramsim3_are_back_when_their_commands_have_gone() -> None:
    epoch = {
        **{"num_reads_done": 0, "num_writes_done": 5, "num_read_cmds": 0, "num_write_cmds": 2},
        **{"act_energy": 1000.0, "read_energy": 0.0, "write_energy": 2000.0, "ref_energy": 0.0},
        **{"refb_energy": 0.0, "act_stb_energy": {"0": 300.0}, "pre_stb_energy": {"0": 200.0}},
        "sref_energy": {"0": 0.0},
    }
    drained = {**epoch, "num_writes_done": 0}
    silent = {**drained, "num_write_cmds": 0}
    epochs = dramsim3.epochs_of([epoch, drained, silent], bursts=5, clock_ns=2.0)
    assert [one.back for one in epochs] == [4, 5, 5]
    assert epochs[0].energy == DramEnergy(2.0, 4.0, 1.0, 0.0)
    assert dramsim3.epochs_of([epoch, drained], bursts=5, clock_ns=2.0)[-1].back == 4


def test_a_run_ends_with_the_epoch_in_which_all_are_back() -> None:
    energy = DramEnergy(1, 2, 3, 4)

    def simulate(cycles: int, epoch_cycles: int) -> list[Epoch]:
        return [Epoch(min(number, 9), energy) for number in range(1, cycles // epoch_cycles + 1)]

    result = run_until_all_are_back(simulate, "S", DDR3, bursts=9, expected_cycles=50_000)
    assert result.energy == DramEnergy(9, 18, 27, 36)
    assert result.seconds == pytest.approx(9 * 50 * 1.5e-9)


def test_transactions_that_do_not_come_back_are_an_error() -> None:
    asked: list[int] = []

    def simulate(cycles: int, epoch_cycles: int) -> list[Epoch]:
        asked.append(cycles)
        return [Epoch(4, NO_ENERGY)] * (cycles // epoch_cycles)

    with pytest.raises(RunnerError, match=r"S: 5 of 9 transactions did not come back in \d+ cyc"):
        run_until_all_are_back(simulate, "S", DDR3, bursts=9, expected_cycles=50_000)
    assert asked[-1] > 10 * 50_000


def test_a_simulator_that_loses_transactions_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "DRAMSim"
    printed = STATISTICS.format(back=0)
    program.write_text(f"#!{sys.executable}\nprint({printed * 3!r})\n")
    program.chmod(0o755)
    monkeypatch.setenv("DRAMSIM2_HOME", str(tmp_path))
    with pytest.raises(RunnerError, match="1 of 1 transactions did not come back"):
        dramsim2.run(ONE_READ, DDR3, 100)


@pytest.mark.parametrize(("name", "device"), [("dramsim2", DDR3), ("dramsim3", LPDDR3)])
def test_absent_simulators_say_how_to_get_them(
    name: str, device: DramDevice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{name.upper()}_HOME", str(tmp_path))
    with pytest.raises(RunnerError, match=r"github\.com/umd-memsys"):
        SIMULATORS[name].run(ONE_READ, device, 100)
    tools = {tool.name: tool for tool in check()}
    assert tools[SIMULATORS[name].NAME].path is None


def test_simulators_are_chosen_by_what_is_here_and_able(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dramsim2, "find", lambda: None)
    assert simulator_for("auto", DDR3) == "model"
    monkeypatch.setattr(dramsim2, "find", lambda: Program(Path("DRAMSim"), ""))
    monkeypatch.setattr(dramsim3, "find", lambda: Program(Path("dramsim3main"), ""))
    assert simulator_for("auto", DDR3) == "dramsim2"
    assert simulator_for("auto", LPDDR3) == "dramsim3"
    assert simulator_for("model", LPDDR3) == "model"
    with pytest.raises(DsconvError, match="DRAMSim2 cannot run LPDDR3-1600: it has no LPDDR3"):
        simulator_for("dramsim2", LPDDR3)
    with pytest.raises(DsconvError, match=r"DDR3-1333: .*; it runs DDR3-1600, LPDDR3-1600, LPDDR4"):
        simulator_for("dramsim3", DDR3)
    with pytest.raises(DsconvError, match="no simulator ramulator; there are auto, model, dramsi"):
        simulator_for("ramulator", DDR3)


def present(simulator: ModuleType) -> pytest.MarkDecorator:
    return pytest.mark.skipif(
        simulator.find() is None, reason=f"{simulator.NAME} is not here: {simulator.HOW_TO_GET}"
    )


on_simulators = pytest.mark.parametrize(
    ("simulator", "name"),
    [
        pytest.param("dramsim2", "DDR3-1333", marks=present(dramsim2)),
        pytest.param("dramsim3", "DDR3-1600", marks=present(dramsim3)),
        pytest.param("dramsim3", "LPDDR3-1600", marks=present(dramsim3)),
        pytest.param("dramsim3", "LPDDR4-3200", marks=present(dramsim3)),
    ],
)


@on_simulators
def test_the_model_meets_the_simulators(simulator: str, name: str) -> None:
    errors = model_errors(simulator, load_dram(name))
    times = [abs(error.time) for error in errors.values()]
    energies = [abs(error.energy) for error in errors.values()]
    assert max(times) <= 0.08, errors
    assert max(energies) <= 0.06, errors
    assert median(times) <= 0.02, errors
    assert median(energies) <= 0.02, errors


@cache
def schedule_traces() -> dict[DramSchedule, Trace]:
    """Those of MobileNetV2 0.25, 128x128, with 16 K entries."""
    imported = import_onnx(zoo.build("mv2-128"))
    machine = replace(load_accelerator("dram_accelerator").accelerator, entries=16384)
    return {
        schedule: ScheduledNetwork.of(imported, machine, schedule).walk().trace
        for schedule in DramSchedule
    }


@on_simulators
def test_the_model_says_what_a_schedule_saves(simulator: str, name: str) -> None:
    device = load_dram(name)
    results: dict[DramSchedule, tuple[DramResult, DramResult]] = {}
    for schedule, trace in schedule_traces().items():
        bursts = trace.bursts(device.line_bytes)
        ours = model.run(bursts, device)
        theirs = SIMULATORS[simulator].run(bursts, device, ours.cycles)
        assert theirs.bursts == len(bursts)
        results[schedule] = ours.result, theirs
    baseline = results[DramSchedule.RASTER]
    for schedule, pair in results.items():
        ours, theirs = (
            (one.seconds / whole.seconds, one.energy.total / whole.energy.total)
            for one, whole in zip(pair, baseline, strict=True)
        )
        assert ours == pytest.approx(theirs, abs=0.01), schedule
