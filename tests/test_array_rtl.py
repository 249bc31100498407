"""The array in SystemVerilog has the simulator's sums, in its clocks, for every mapping."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from test_systolic_array import operands

from dsconv.api import map_to_array
from dsconv.dialects.attributes import WindowAttr
from dsconv.dialects.mapping import Mapping, Strategy
from dsconv.dialects.target import Dataflow, Drain, SystolicArray, TileFlow
from dsconv.errors import ToolError
from dsconv.passes.systolic.array_work import ArrayWork
from dsconv.passes.systolic.choice import mappings, paper_mapping
from dsconv.runners.process import RunnerError
from dsconv.runners.systolic.layer import run_layer
from dsconv.runners.systolic.rtl_simulator import RtlSimulator
from dsconv.runners.systolic.rtl_tools import (
    ICARUS,
    VERILATOR,
    RtlTool,
    find_yosys,
    sources,
)
from dsconv.runners.systolic.synthesis import pe_size

MODEL = Path(__file__).parents[1] / "examples" / "digits" / "digits.onnx"

needs_icarus = pytest.mark.skipif(ICARUS.find() is None, reason="Icarus Verilog is not installed")
needs_yosys = pytest.mark.skipif(find_yosys() is None, reason="Yosys is not installed")

WORKS = {
    "depthwise": ArrayWork(20, 1, 1, 13, 19, WindowAttr.of((3, 3), (2, 2), (1, 1, 1, 1))),
    "axial": ArrayWork(20, 1, 1, 9, 19, WindowAttr.of((1, 5), (1, 1), (0, 2, 0, 2))),
    "dense": ArrayWork(1, 11, 21, 7, 5, WindowAttr.of((1, 1))),
}


def every_mapping(work: ArrayWork, array: SystolicArray) -> dict[Strategy, Mapping]:
    """One of each strategy."""
    chosen = [*mappings(work, array), paper_mapping(work, array)]
    return {mapping.strategy: mapping for mapping in chosen}


FOLLOWING = {
    "separate": (Drain.OVERLAPPED, TileFlow.SEPARATE),
    "drained": (Drain.SERIAL, TileFlow.SEPARATE),
    "pipelined": (Drain.OVERLAPPED, TileFlow.PIPELINED),
}
"""How tiles follow each other on an array: cleared, shifted out, or handed over."""


def check_all(array: SystolicArray, works: Iterable[ArrayWork], tool: RtlTool) -> RtlSimulator:
    """Runs layers in all mappings, one after the other on one array, which is never reset."""
    simulator = RtlSimulator(array)
    for number, work in enumerate(works):
        for mapping in every_mapping(work, array).values():
            run_layer(*operands(work, number), work, mapping, array, simulator)
    found = simulator.check([tool])
    assert found.tools == (tool.name,)
    assert found.tiles == len(simulator.kept)
    return simulator


@pytest.mark.parametrize("following", list(FOLLOWING))
@pytest.mark.parametrize(
    ("tool", "side"),
    [
        (ICARUS, 8),
        (ICARUS, 16),
        pytest.param(VERILATOR, 8, marks=pytest.mark.slow),
        pytest.param(VERILATOR, 16, marks=pytest.mark.slow),
    ],
    ids=lambda value: value.name if isinstance(value, RtlTool) else str(value),
)
def test_rtl_equals_the_simulator(tool: RtlTool, side: int, following: str) -> None:
    if tool.find() is None:
        pytest.skip(f"{tool.name} is not installed")
    drain, tiles = FOLLOWING[following]
    pipelined = tiles is TileFlow.PIPELINED
    dataflow = Dataflow.OUTPUT_STATIONARY if pipelined else Dataflow.BOTH
    array = SystolicArray(side, side, dataflow=dataflow, drain=drain, tiles=tiles)
    simulator = check_all(array, WORKS.values(), tool)
    strategies = {strategy for work in WORKS.values() for strategy in every_mapping(work, array)}
    assert len(strategies) == len(Strategy) - pipelined
    assert any(tiles.drained for tiles in simulator.kept) == (drain is Drain.SERIAL)
    hand_over = [each.done for tiles in simulator.kept for each in tiles.expected]
    assert any(hand_over) == pipelined


@needs_icarus
@pytest.mark.parametrize("following", list(FOLLOWING))
def test_an_array_that_is_not_square(following: str) -> None:
    drain, tiles = FOLLOWING[following]
    array = SystolicArray(3, 10, drain=drain, tiles=tiles)
    check_all(array, [WORKS["depthwise"], WORKS["axial"]], ICARUS)


@needs_icarus
@pytest.mark.parametrize("register", ["a", "weight", "sum"])
def test_a_clear_that_leaves_a_register_is_found(register: str, tmp_path: Path) -> None:
    text = sources()[0].read_text()
    damaged = tmp_path / "systolic_pe.sv"
    damaged.write_text(text.replace(f"      {register} <= '0;\n", ""))
    assert damaged.read_text() != text
    work, array = WORKS["dense"], SystolicArray(4, 4)
    simulator = RtlSimulator(array, sources=[damaged, *sources()[1:]])
    run_layer(*operands(work, 0), work, Mapping(Strategy.OUTPUT_STATIONARY), array, simulator)
    with pytest.raises(RunnerError, match="sums that are unknown"):
        simulator.check([ICARUS])


DAMAGES = {
    "the last operand comes late": ("a <= left;", "a <= weight;", FOLLOWING["separate"]),
    "sums begin with the last tile's": ("first ? '0 :", "first ? done :", FOLLOWING["pipelined"]),
    "nothing is handed over": ("else if (first)", "else if (flow)", FOLLOWING["pipelined"]),
    "sums are kept": ("flow ? sum_above : sum;", "sum;", FOLLOWING["drained"]),
}


@needs_icarus
@pytest.mark.parametrize("damage", list(DAMAGES))
def test_wrong_rtl_is_found(damage: str, tmp_path: Path) -> None:
    right, wrong, (drain, tiles) = DAMAGES[damage]
    text = sources()[0].read_text()
    damaged = tmp_path / "systolic_pe.sv"
    damaged.write_text(text.replace(right, wrong))
    assert damaged.read_text() != text
    work, array = WORKS["dense"], SystolicArray(4, 4, drain=drain, tiles=tiles)
    simulator = RtlSimulator(array, sources=[damaged, *sources()[1:]])
    run_layer(*operands(work, 0), work, Mapping(Strategy.OUTPUT_STATIONARY), array, simulator)
    with pytest.raises(RunnerError, match=r"RTL"):
        simulator.check([ICARUS])


@needs_icarus
def test_a_sum_that_is_there_too_early_is_found() -> None:
    """The cycles that the simulator counts are those of the RTL, no less and no more."""
    work, array = WORKS["dense"], SystolicArray(4, 4)
    simulator = RtlSimulator(array)
    run_layer(*operands(work, 0), work, Mapping(Strategy.OUTPUT_STATIONARY), array, simulator)
    *_, (number, early) = (
        pair for pair in enumerate(simulator.kept[0].expected) if pair[1].differs
    )
    simulator.kept[0].expected[number] = replace(early, clock=early.clock + 1)
    with pytest.raises(RunnerError, match="RTL has all sums in clock"):
        simulator.check([ICARUS])


def test_without_a_simulator_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ToolError, match="Icarus Verilog is missing: make rtl"):
        RtlSimulator(SystolicArray(4, 4)).check()


@needs_icarus
def test_a_network_runs_tiles_in_rtl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dsconv.runners.systolic.rtl_simulator.found_tools", lambda: [ICARUS])
    target = tmp_path / "small.toml"
    target.write_text('kind = "systolic"\ndescription = "small"\n[array]\nrows = 8\ncolumns = 8\n')
    report = map_to_array(MODEL, str(target)).run(rtl=True)
    assert report.equal
    assert any("RTL on Icarus Verilog" in note for note in report.notes)


@needs_yosys
def test_the_bus_costs_little() -> None:
    without, with_bus = (pe_size(row_bus=row_bus) for row_bus in (False, True))
    assert 1 < with_bus.gates / without.gates < 1.04
    assert 1 < with_bus.tables / without.tables < 1.04
