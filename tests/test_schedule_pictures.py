"""The pictures in docs/schedules show what windows read, and are those that the script draws."""

import re
from pathlib import Path

import pytest
from fused_kernel_chains import steps
from hypothesis import given, settings
from hypothesis import strategies as st
from random_chains import chain_of, random_chains
from random_layers import RandomLayer

from dsconv.dialects.attributes import Axis
from dsconv.passes.analysis.chain import Chain
from dsconv.passes.scheduling.legality import fuse
from dsconv.passes.scheduling.row_plan import row_plan
from scripts.draw_schedules import draw, pictures
from scripts.schedule_contents import PROLOGUE, MemoryState, row_columns, slots_read

SCHEDULES = Path(__file__).parents[1] / "docs" / "schedules"
PATTERNS = (("dw", "pw"), ("pw", "dw"), ("pw", "dw", "pw"), ("dw", "pw", "dw", "pw"))


@settings(max_examples=60)
@given(network=random_chains(PATTERNS), data=st.data())
def test_windows_read_the_rows_that_they_cover(network: RandomLayer, data: st.DataObject):
    """In their order, with rows of padding around the map."""
    fused = fuse(chain_of(network.module), Axis.ROWS)
    chain = Chain.of(fused.chain)
    plan = row_plan(chain, data.draw(st.sampled_from(steps(fused))))
    assert plan is not None
    for rows, made, layer_shape in zip(
        plan.values, plan.values[1:], chain.layer_shapes, strict=False
    ):
        if not rows.is_ring:
            continue
        (stride, _), (extent, _) = layer_shape.strides, layer_shape.extent
        columns = row_columns(rows, made, range(PROLOGUE, plan.steps))
        for step, cells in enumerate(columns, start=PROLOGUE):
            first = 0 if step == PROLOGUE else made.rows_made(step).start
            last = min(first + (made.prologue if step == PROLOGUE else made.block), made.height) - 1
            slots = slots_read(rows, made, step)
            for place in range((last - first) * stride + extent if last >= first else 0):
                row = first * stride - rows.above + place
                cell = cells[slots[place]]
                assert cell.is_read
                if 0 <= row < rows.height:
                    assert cell.number == row
                else:
                    assert cell.state is MemoryState.PADDING


@pytest.mark.parametrize("name", pictures())
def test_pictures_are_of_today(name: str, tmp_path: Path):
    """All that they say, wherever matplotlib puts it."""
    draw(name, pictures()[name], tmp_path)
    drawn, kept = (texts(folder / f"{name}.svg") for folder in (tmp_path, SCHEDULES))
    assert drawn == kept
    assert f"({name}.svg)" in (SCHEDULES / f"{name}.md").read_text()


def texts(path: Path) -> list[str]:
    """What is written in an SVG."""
    return re.findall(r">([^<>]+)</text>", path.read_text())
