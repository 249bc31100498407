"""What a schedule fuses, and why it leaves layers apart that follow each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

from xdsl.ir import SSAValue

from dsconv.dialects.attributes import Axis, Layout
from dsconv.dialects.fused import FusedOp
from dsconv.dialects.target import Cluster
from dsconv.passes.analysis.chain import Chain
from dsconv.passes.analysis.diagnostics import remark
from dsconv.passes.analysis.layouts import layout_options
from dsconv.passes.scheduling.fused_space import fused_candidates
from dsconv.passes.scheduling.l1_residency import NOTHING_RESIDENT, Residency
from dsconv.passes.scheduling.legality import next_in_chain, why_illegal, why_too_large
from dsconv.passes.scheduling.pareto import pareto_front
from dsconv.passes.scheduling.search import Schedule
from dsconv.passes.scheduling.search_space import LONGEST_CHAIN, Candidate, chain_candidates


def remark_schedule(schedule: Schedule, machine: Cluster) -> None:
    """Says on stderr what each candidate fuses, and why it and the next one are not one."""
    for candidate in schedule.candidates:
        if len(candidate.layers) > 1:
            step = candidate.tile.rows if candidate.axis is Axis.ROWS else candidate.tile.channels
            remark(
                candidate.layers, f"fused along {candidate.axis}, {step} {candidate.axis} a step"
            )
    for before, after in pairwise(schedule.candidates):
        ends = before.layers[-1], after.layers[0]
        remark(ends, f"not fused: {reason_apart(before, after, schedule.layouts, machine)}")


def reason_apart(
    before: Candidate, after: Candidate, layouts: Mapping[SSAValue, Layout], machine: Cluster
) -> str:
    """Why two candidates that follow each other are not one; what they read has these layouts."""
    last, first = before.layers[-1], after.layers[0]
    for layer in (before.layers[0], first):
        if isinstance(layer, FusedOp) or layer.tile is not None:
            return f'"{layer.label}" has a schedule already'
    if next_in_chain(last) is not first:
        return f'what "{last.label}" makes is not for "{first.label}" alone'
    chain = Chain.of((*before.layers, *after.layers)).with_layouts(layouts)
    reason = why_illegal(chain.layers, Axis.ROWS)
    if reason is not None:
        return reason
    if len(chain.layers) > LONGEST_CHAIN:
        return f"it is longer than the {LONGEST_CHAIN} layers that are tried"
    options = layout_options(chain.layers)
    options[chain.result] = (layouts[chain.result],)
    ways, stays = fused_candidates(chain, options, machine, Axis), outside_residents(before, after)
    found = pareto_front(chain_candidates(chain, ways, machine, [stays]))
    if not found:
        beside = "" if stays == NOTHING_RESIDENT else " beside the maps that stay there"
        no_step = f"no step fits {machine.l1} bytes of L1{beside}"
        return why_too_large(chain, Axis.ROWS, machine.l1, machine.l2) or no_step
    fused = found[0]
    cycles, moved = before.cycles + after.cycles, before.moved_bytes + after.moved_bytes
    apart = "apart, with the map between them in L1" if before.residency.leaves_result else "apart"
    return (
        f"as one, what they are in takes {fused.cycles:.0f} cycles and moves {fused.moved_bytes} "
        f"bytes; {apart}, {cycles:.0f} and {moved} (estimates)"
    )


def outside_residents(before: Candidate, after: Candidate) -> Residency:
    """What stays in L1 of what two candidates read and make as one."""
    made = after.residency
    return replace(before.residency, result_bytes=made.result_bytes, is_stored=made.is_stored)
