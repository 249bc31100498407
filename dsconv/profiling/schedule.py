"""Schedules chosen by what GVSoC measures instead of by estimates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Operation, SSAValue

from dsconv.dialects.attributes import Axis, Tile, TileAttr
from dsconv.dialects.fused import FusedOp
from dsconv.dialects.graph import LayerOperation
from dsconv.dialects.run import network_of
from dsconv.dialects.target import Cluster, Isa
from dsconv.errors import DsconvError
from dsconv.passes.analysis.chain import Chain
from dsconv.passes.analysis.layer_shape import LayerShape
from dsconv.passes.analysis.layouts import set_layout
from dsconv.passes.scheduling.legality import fuse
from dsconv.passes.scheduling.profile_set import Place, profiling_candidates
from dsconv.passes.scheduling.search import Objective, Schedule, best, search
from dsconv.passes.scheduling.search_space import Candidate, spill_cycles
from dsconv.passes.select_schedule import apply_schedule
from dsconv.targets import ClusterTarget

MEASURED_ISA = Isa.XPULP
"""Of the simulated cluster that measures."""

DOUBT = 0.05
"""Share of a candidate's cycles by which the model may overestimate it beside the others."""

PROGRAM_BYTES = 700_000
"""Maps and weights of the candidates that one program measures; the simulated L2 has twice that."""

Kind = tuple[tuple[LayerShape, ...], Axis, Tile]
"""What a candidate's cycles depend on."""


@dataclass(frozen=True)
class Batch:
    """Candidates that one program measures: `module` is a network that has each as a layer."""

    name: str
    module: str
    l1: int

    def __str__(self) -> str:
        return self.name


Measurer = Callable[[Sequence[Batch]], Mapping[Batch, Sequence[int]]]
"""From programs to the cycles of each one's layers."""


def write_profiled_schedule(
    module: ModuleOp, target: ClusterTarget, objective: Objective, measurer: Measurer
) -> None:
    """Writes the schedule that serves an objective best by what was measured, if there is one.

    The passes behind `GRAPH_LEVEL` keep what it writes. Raises DsconvError where the target's
    kernels are none of pulp-open's.
    """
    layers = [op for op in network_of(module).body.ops if isinstance(op, LayerOperation)]
    points = profiled_front(layers, target, measurer)
    if points:
        apply_schedule(best(points, objective, target.cluster(len(layers))))


def profiled_front(
    layers: Sequence[LayerOperation], target: ClusterTarget, measurer: Measurer
) -> list[Schedule]:
    """All schedules for a target that no other beats by what was measured, the fastest first.

    Raises DsconvError where the target's kernels are none of pulp-open's.
    """
    if target.core.isa != MEASURED_ISA:
        raise DsconvError(
            f"profiles are measured on the cluster of pulp-open, which {target.name} has not; "
            "compile for gap8 or pulp_open, or leave the choice to the model"
        )
    machine = target.cluster(len(layers))
    return profiled_schedules(layers, machine, target.l1.bytes, measurer)


def profiled_schedules(
    layers: Sequence[LayerOperation], machine: Cluster, l1: int, measurer: Measurer
) -> list[Schedule]:
    """All schedules that no other beats by what was measured, the fastest first.

    `l1` is the size of the simulated L1 in bytes. Candidates that are too large to be measured keep
    their estimates.
    """
    steps = profiling_candidates(layers, machine, DOUBT)
    kinds = {step.candidate: kind_of(step.candidate) for step in steps}
    examples = {kind: candidate for candidate, kind in kinds.items() if fits_program(candidate)}
    batches = list(batches_of(list(examples.values()), l1))
    counted = measurer([batch for batch, _ in batches])
    measured = {
        kinds[candidate]: count
        for batch, candidates in batches
        for candidate, count in zip(candidates, counted[batch], strict=True)
    }
    offered: dict[Place, list[Candidate]] = defaultdict(list)
    for step in steps:
        cycles = measured.get(kinds[step.candidate])
        candidate = (
            step.candidate if cycles is None else with_cycles(step.candidate, cycles, machine)
        )
        offered[step.start].append(candidate)
    return search(layers, lambda first, state: offered[first, state])


def with_cycles(candidate: Candidate, cycles: int, machine: Cluster) -> Candidate:
    """A candidate with the cycles that were measured, and those for what L2 cannot hold.

    Programs move all maps; what a candidate saves where one stays in L1 is estimated.
    """
    spilled = spill_cycles(placed(candidate), machine)
    cost = candidate.cost._replace(cycles=cycles - candidate.saved_cycles).later(spilled)
    return replace(candidate, cost=cost)


def members(candidate: Candidate) -> tuple[LayerOperation, ...]:
    """The layers that a candidate runs as one, those of a fused layer among them."""
    first = candidate.layers[0]
    return first.chain if isinstance(first, FusedOp) else candidate.layers


def placed(candidate: Candidate) -> Chain:
    """The layers of a candidate, in its layouts."""
    return Chain.of(members(candidate)).with_layouts(candidate.layouts)


def kind_of(candidate: Candidate) -> Kind:
    """What a candidate's cycles depend on."""
    return placed(candidate).layer_shapes, candidate.axis, candidate.tile


def program_bytes(candidate: Candidate) -> int:
    """Bytes of L2 that a candidate takes in a program."""
    chain = placed(candidate)
    return chain.moved_bytes + sum(chain.weight_bytes)


def fits_program(candidate: Candidate) -> bool:
    """Whether a program has room for a candidate."""
    return program_bytes(candidate) <= PROGRAM_BYTES


def batches_of(
    candidates: Sequence[Candidate], l1: int
) -> Iterator[tuple[Batch, Sequence[Candidate]]]:
    """Programs that measure all candidates, with those that each one has."""
    groups: list[list[Candidate]] = []
    room = 0
    for candidate in candidates:
        size = program_bytes(candidate)
        if size > room:
            groups.append([])
            room = PROGRAM_BYTES
        groups[-1].append(candidate)
        room -= size
    for group in groups:
        names = dict.fromkeys(candidate.layers[-1].label for candidate in group)
        yield Batch(", ".join(names), str(side_by_side(group)), l1), group


def side_by_side(candidates: Sequence[Candidate]) -> ModuleOp:
    """A network that has each candidate as a layer, with arguments and a result of its own."""
    function = FuncOp("profile", ([], []))
    block = function.body.block
    chains: list[list[LayerOperation]] = []
    for candidate in candidates:
        values: dict[SSAValue, SSAValue] = {}
        chain = placed(candidate)
        for value in chain.layouts_read:
            values[value] = block.insert_arg(value.type, len(block.args))
        copies: list[LayerOperation] = []
        for layer in chain.layers:
            for operand in layer.operands:
                if operand not in values and isinstance(operand.owner, Operation):
                    block.add_op(operand.owner.clone(values))
            copies.append(layer.clone(values))
            block.add_op(copies[-1])
        for value, copy in values.items():
            if value in candidate.layouts:
                set_layout(copy, candidate.layouts[value])
        chains.append(copies)
    block.add_op(ReturnOp(*(chain[-1].result for chain in chains)))
    for candidate, chain in zip(candidates, chains, strict=True):
        layer = fuse(chain, candidate.axis) if len(chain) > 1 else chain[0]
        layer.properties["tile"] = TileAttr.of(candidate.tile)
    function.update_function_type()
    module = ModuleOp([function])
    module.verify()
    return module
