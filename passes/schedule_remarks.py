"""What a schedule fuses, and why it leaves layers apart that follow each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

from xdsl.ir import SSAValue

from dsconv.dialects.attributes import Layout
from dsconv.dialects.fused import Axis, FusedOp
from dsconv.passes.chains import Chain
from dsconv.passes.choices import LONGEST_CHAIN, Choice, fused_choices
from dsconv.passes.fronts import front
from dsconv.passes.fused_ways import fused_ways
from dsconv.passes.fusion import memory_obstacle, next_in_chain, obstacle
from dsconv.passes.machine import Machine
from dsconv.passes.remarks import remark
from dsconv.passes.resident import ALL_MOVED, Resident
from dsconv.passes.schedules import Schedule
from dsconv.passes.select_layout import layout_options


def remark_schedule(schedule: Schedule, machine: Machine) -> None:
    """Says on stderr what each choice fuses, and why it and the next one are not one."""
    for choice in schedule.choices:
        if len(choice.layers) > 1:
            step = choice.tile.rows if choice.axis is Axis.ROWS else choice.tile.channels
            remark(choice.layers, f"fused along {choice.axis}, {step} {choice.axis} a step")
    for before, after in pairwise(schedule.choices):
        ends = before.layers[-1], after.layers[0]
        remark(ends, f"not fused: {reason_apart(before, after, schedule.layouts, machine)}")


def reason_apart(
    before: Choice, after: Choice, layouts: Mapping[SSAValue, Layout], machine: Machine
) -> str:
    """Why two choices that follow each other are not one; what they read has these layouts."""
    last, first = before.layers[-1], after.layers[0]
    for layer in (before.layers[0], first):
        if isinstance(layer, FusedOp) or layer.tile is not None:
            return f'"{layer.label}" has a schedule already'
    if next_in_chain(last) is not first:
        return f'what "{last.label}" makes is not for "{first.label}" alone'
    chain = Chain.of((*before.layers, *after.layers)).with_layouts(layouts)
    reason = obstacle(chain.layers, Axis.ROWS)
    if reason is not None:
        return reason
    if len(chain.layers) > LONGEST_CHAIN:
        return f"it is longer than the {LONGEST_CHAIN} layers that are tried"
    options = layout_options(chain.layers)
    options[chain.result] = (layouts[chain.result],)
    ways, stays = fused_ways(chain, options, machine, Axis), outside_residents(before, after)
    found = front(fused_choices(chain, ways, machine, [stays]))
    if not found:
        beside = "" if stays == ALL_MOVED else " beside the maps that stay there"
        no_step = f"no step fits {machine.l1} bytes of L1{beside}"
        return memory_obstacle(chain, Axis.ROWS, machine.l1, machine.l2) or no_step
    fused = found[0]
    cycles, moved = before.cycles + after.cycles, before.moved_bytes + after.moved_bytes
    apart = "apart, with the map between them in L1" if before.resident.leaves_result else "apart"
    return (
        f"as one, what they are in takes {fused.cycles:.0f} cycles and moves {fused.moved_bytes} "
        f"bytes; {apart}, {cycles:.0f} and {moved} (estimates)"
    )


def outside_residents(before: Choice, after: Choice) -> Resident:
    """What stays in L1 of what two choices read and make as one."""
    made = after.resident
    return replace(before.resident, result_bytes=made.result_bytes, is_stored=made.is_stored)
