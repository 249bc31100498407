"""Schedules chosen by what GVSoC measures instead of by estimates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Operation, SSAValue

from dsconv.dialects.attributes import Tile, TileAttr
from dsconv.dialects.fused import Axis, FusedOp
from dsconv.dialects.graph import LayerOperation
from dsconv.errors import DsconvError
from dsconv.passes.chains import Chain
from dsconv.passes.choices import Choice, spill_cycles
from dsconv.passes.contenders import Place, contenders
from dsconv.passes.fusion import fuse
from dsconv.passes.geometry import Geometry
from dsconv.passes.machine import Machine
from dsconv.passes.schedules import Objective, Schedule, best, search
from dsconv.passes.select_layout import set_layout
from dsconv.passes.select_schedule import apply_schedule
from dsconv.pipeline import machine_of
from dsconv.reference import network_of
from dsconv.targets import Target

DOUBT = 0.05
"""Share of a choice's cycles by which the model may overestimate it beside the others."""

PROGRAM_BYTES = 700_000
"""Maps and weights of the choices that one program measures; the simulated L2 has twice that."""

Kind = tuple[tuple[Geometry, ...], Axis, Tile]
"""What a choice's cycles depend on."""


@dataclass(frozen=True)
class Batch:
    """Choices that one program measures: `module` is a network that has each as a layer."""

    name: str
    module: str
    l1: int

    def __str__(self) -> str:
        return self.name


Measurer = Callable[[Sequence[Batch]], Mapping[Batch, Sequence[int]]]
"""From programs to the cycles of each one's layers."""


def write_profiled_schedule(
    module: ModuleOp, target: Target, objective: Objective, measurer: Measurer
) -> None:
    """Writes the schedule that serves an objective best by what was measured, if there is one.

    The passes behind `GRAPH_LEVEL` keep what it writes. Raises DsconvError where the target's
    kernels are none of pulp-open's.
    """
    layers = [op for op in network_of(module).body.ops if isinstance(op, LayerOperation)]
    points = profiled_front(layers, target, measurer)
    if points:
        apply_schedule(best(points, objective, machine_of(target, len(layers))))


def profiled_front(
    layers: Sequence[LayerOperation], target: Target, measurer: Measurer
) -> list[Schedule]:
    """All schedules for a target that no other beats by what was measured, the fastest first.

    Raises DsconvError where the target's kernels are none of pulp-open's.
    """
    if target.isa != "xpulp":
        raise DsconvError(
            f"profiles are measured on the cluster of pulp-open, which {target.name} has not; "
            "compile for gap8 or pulp_open, or leave the choice to the model"
        )
    machine = machine_of(target, len(layers))
    return profiled_schedules(layers, machine, target.l1.bytes, measurer)


def profiled_schedules(
    layers: Sequence[LayerOperation], machine: Machine, l1: int, measurer: Measurer
) -> list[Schedule]:
    """All schedules that no other beats by what was measured, the fastest first.

    `l1` is the size of the simulated L1 in bytes. Choices that are too large to be measured keep
    their estimates.
    """
    steps = contenders(layers, machine, DOUBT)
    kinds = {step.choice: kind_of(step.choice) for step in steps}
    examples = {kind: choice for choice, kind in kinds.items() if fits_program(choice)}
    batches = list(batches_of(list(examples.values()), l1))
    counted = measurer([batch for batch, _ in batches])
    measured = {
        kinds[choice]: count
        for batch, choices in batches
        for choice, count in zip(choices, counted[batch], strict=True)
    }
    offered: dict[Place, list[Choice]] = defaultdict(list)
    for step in steps:
        cycles = measured.get(kinds[step.choice])
        choice = step.choice if cycles is None else with_cycles(step.choice, cycles, machine)
        offered[step.start].append(choice)
    return search(layers, lambda first, state: offered[first, state])


def with_cycles(choice: Choice, cycles: int, machine: Machine) -> Choice:
    """A choice with the cycles that were measured, and those for what L2 cannot hold.

    Programs move all maps; what a choice saves where one stays in L1 is estimated.
    """
    spilled = spill_cycles(placed(choice), machine)
    cost = replace(choice.cost, cycles=cycles - choice.saved_cycles).later(spilled)
    return replace(choice, cost=cost)


def members(choice: Choice) -> tuple[LayerOperation, ...]:
    """The layers that a choice runs as one, those of a fused layer among them."""
    first = choice.layers[0]
    return first.chain if isinstance(first, FusedOp) else choice.layers


def placed(choice: Choice) -> Chain:
    """The layers of a choice, in its layouts."""
    return Chain.of(members(choice)).with_layouts(choice.layouts)


def kind_of(choice: Choice) -> Kind:
    """What a choice's cycles depend on."""
    return placed(choice).geometries, choice.axis, choice.tile


def program_bytes(choice: Choice) -> int:
    """Bytes of L2 that a choice takes in a program."""
    chain = placed(choice)
    return chain.moved_bytes + sum(chain.weight_bytes)


def fits_program(choice: Choice) -> bool:
    """Whether a program has room for a choice."""
    return program_bytes(choice) <= PROGRAM_BYTES


def batches_of(choices: Sequence[Choice], l1: int) -> Iterator[tuple[Batch, Sequence[Choice]]]:
    """Programs that measure all choices, with those that each one has."""
    groups: list[list[Choice]] = []
    room = 0
    for choice in choices:
        size = program_bytes(choice)
        if size > room:
            groups.append([])
            room = PROGRAM_BYTES
        groups[-1].append(choice)
        room -= size
    for group in groups:
        names = dict.fromkeys(choice.layers[-1].label for choice in group)
        yield Batch(", ".join(names), str(side_by_side(group)), l1), group


def side_by_side(choices: Sequence[Choice]) -> ModuleOp:
    """A network that has each choice as a layer, with arguments and a result of its own."""
    function = FuncOp("profile", ([], []))
    block = function.body.block
    chains: list[list[LayerOperation]] = []
    for choice in choices:
        values: dict[SSAValue, SSAValue] = {}
        chain = placed(choice)
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
            if value in choice.layouts:
                set_layout(copy, choice.layouts[value])
        chains.append(copies)
    block.add_op(ReturnOp(*(chain[-1].result for chain in chains)))
    for choice, chain in zip(choices, chains, strict=True):
        layer = fuse(chain, choice.axis) if len(chain) > 1 else chain[0]
        layer.properties["tile"] = TileAttr.of(choice.tile)
    function.update_function_type()
    module = ModuleOp([function])
    module.verify()
    return module
