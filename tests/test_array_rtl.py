"""The array in SystemVerilog has the simulator's sums, in its clocks, for every mapping."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_systolic_array import operands

from dsconv.api import map_to_array
from dsconv.dialects.attributes import WindowAttr
from dsconv.dialects.mapping import Mapping, Strategy
from dsconv.dialects.target import Dataflow, SystolicArray, TileFlow
from dsconv.passes.systolic.array_work import ArrayWork
from dsconv.passes.systolic.choice import mappings, paper_mapping
from dsconv.runners.process import RunnerError
from dsconv.runners.systolic.layer import run_layer
from dsconv.runners.systolic.rtl_simulator import RtlSimulator, find_icarus, find_yosys, sources
from dsconv.runners.systolic.synthesis import pe_size

MODEL = Path(__file__).parents[1] / "examples" / "digits" / "digits.onnx"

needs_icarus = pytest.mark.skipif(find_icarus() is None, reason="Icarus Verilog is not installed")
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


@needs_icarus
@pytest.mark.parametrize("kind", list(WORKS))
@pytest.mark.parametrize("side", [8, 16])
def test_rtl_equals_the_simulator(side: int, kind: str) -> None:
    """Tiles of all mappings run one after the other on one array, cleared, never reset."""
    work, array = WORKS[kind], SystolicArray(side, side, dataflow=Dataflow.BOTH)
    simulator = RtlSimulator(array)
    for mapping in every_mapping(work, array).values():
        run_layer(*operands(work, side), work, mapping, array, simulator)
    found = simulator.check()
    assert found.tiles == len(simulator.kept) > len(every_mapping(work, array)) / 2
    assert found.sums > side


@needs_icarus
def test_an_array_that_is_not_square() -> None:
    work, array = WORKS["depthwise"], SystolicArray(3, 10, dataflow=Dataflow.BOTH)
    simulator = RtlSimulator(array)
    for mapping in every_mapping(work, array).values():
        run_layer(*operands(work, 0), work, mapping, array, simulator)
    assert simulator.check().sums > 0


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
        simulator.check()


@needs_icarus
def test_a_network_runs_tiles_in_rtl(tmp_path: Path) -> None:
    target = tmp_path / "small.toml"
    target.write_text('kind = "systolic"\ndescription = "small"\n[array]\nrows = 8\ncolumns = 8\n')
    report = map_to_array(MODEL, str(target)).run(rtl=True)
    assert report.equal
    assert any("RTL equals the simulator" in note for note in report.notes)


def test_pipelined_tiles_have_no_rtl() -> None:
    with pytest.raises(RunnerError, match="not pipelined"):
        RtlSimulator(SystolicArray(4, 4, tiles=TileFlow.PIPELINED))


@needs_yosys
def test_the_bus_costs_little() -> None:
    without, with_bus = (pe_size(row_bus=row_bus) for row_bus in (False, True))
    assert 1 < with_bus.gates / without.gates < 1.04
    assert 1 < with_bus.tables / without.tables < 1.04
