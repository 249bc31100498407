"""What kernels are priced by is what single instructions take."""

from __future__ import annotations

from pathlib import Path

import pytest
from handwritten import needs_core_rtl, needs_gvsoc

from benchmarks.core_timing import SEQUENCES, first_instructions, on_gvsoc, on_rtl
from dsconv.lowering.xpulp.assembly import CYCLES, Line
from dsconv.passes.analysis.target_cluster import DEFAULT_CLUSTER

USED_AT_ONCE = 1
CORE = DEFAULT_CLUSTER.core
ON_BOTH = {
    "mulh": CYCLES["mulh"],
    "lw": 1,
    "lw, used at once": 1 + USED_AT_ONCE,
    "lw, misaligned": 2,
    "sw, misaligned": 2,
    "branch, taken": 1 + CORE.taken_branch_stalls,
    "branch, not taken": 1,
    "jump": 1 + CORE.jump_stalls,
    "p.mac, used at once": 1,
    "pv.sdotsp.b, used at once": 1,
    "p.addN, used at once": 1,
    "p.clip, used at once": 1,
}
ON_GVSOC = {
    "mul": CYCLES["mul"],
    "mul, used at once": CYCLES["mul"] + USED_AT_ONCE,
    "mulh, used at once": CYCLES["mulh"] + USED_AT_ONCE,
}
ON_RTL = {"mul": 1, "mul, used at once": 1, "mulh, used at once": CYCLES["mulh"]}


def check(cycles: list[int], expected: dict[str, int]) -> None:
    found = zip(SEQUENCES, first_instructions(cycles), strict=True)
    assert {sequence.name: value for sequence, value in found} == pytest.approx(expected, abs=0.15)


@needs_gvsoc
def test_instructions_take_on_gvsoc_what_they_are_priced_by(tmp_path: Path) -> None:
    check(on_gvsoc(tmp_path), ON_BOTH | ON_GVSOC)


@needs_core_rtl
def test_instructions_take_no_more_on_the_rtl(core_rtl: Path, tmp_path: Path) -> None:
    check(on_rtl(tmp_path, core_rtl), ON_BOTH | ON_RTL)


def test_products_and_loads_are_late() -> None:
    for name in ("mul", "mulh", "lw"):
        assert Line(name, name, ("t0", "t1", "t2")).late_result == "t0"
    assert Line("p.mac", "p.mac", ("t0", "t1", "t2")).late_result is None
