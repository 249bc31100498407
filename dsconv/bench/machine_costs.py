"""What an inference takes on a machine of any kind: cycles, bytes and energy.

Energy is what is known of a machine, by the table of its target: `SCOPES` says what is in it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil

from xdsl.utils.str_enum import StrEnum

from dsconv.api import compile_imported
from dsconv.bench.variants import ComparedVariant
from dsconv.dialects.graph import LayerOperation
from dsconv.dialects.run import network_of
from dsconv.errors import DsconvError
from dsconv.execution.accelerator import ScheduledNetwork
from dsconv.execution.array import MappedNetwork
from dsconv.frontends import ImportedNetwork
from dsconv.reports.dram import ScheduleCost
from dsconv.reports.mappings import Mappings
from dsconv.runners.dram import simulator_for
from dsconv.runners.platforms import PLATFORMS, Runner
from dsconv.targets import AcceleratorTarget, ClusterTarget, SystolicTarget, Target
from dsconv.targets.dram import load_dram
from dsconv.targets.energy import ChipEnergy

PJ_A_NJ = 1000

SCOPES: dict[type[Target], str] = {
    ClusterTarget: "clusters: energy of all cycles, and of bytes between L1, L2 and L3",
    AcceleratorTarget: "accelerators behind DRAM: energy of the DRAM, of products, and of the "
    "buffer's side of transfers, not of what units read from it; cycles of products and transfers",
    SystolicTarget: "systolic arrays: energy of products and of bytes over the array's edges; "
    "layers without weights and the memory behind the buffers are in no number",
}
"""What the numbers of a kind of machine have in them."""


class ClusterCycles(StrEnum):
    """Who says the cycles of a cluster: GVSoC, the compiler, or GVSoC where it is here."""

    AUTO = "auto"
    MODEL = "model"
    GVSOC = "gvsoc"


@dataclass(frozen=True)
class Case:
    """A variant on a machine."""

    variant: ComparedVariant
    target: Target
    cycles: ClusterCycles

    def __str__(self) -> str:
        return f"{self.variant.name} for {self.target.name}"


@dataclass(frozen=True)
class Cost:
    """What an inference takes: cycles by whom, bytes moved between what; energy in pJ, if known."""

    cycles: int
    by: str
    moved_bytes: int
    between: str
    energy: float | None


@dataclass(frozen=True)
class Refused:
    """Why a machine does not run a network."""

    reason: str


def cost_of(case: Case) -> Cost | Refused:
    """What a case takes, or why the machine does not run it."""
    network = case.variant.imported()
    try:
        match case.target:
            case ClusterTarget() as target:
                return _on_cluster(network, target, case.cycles)
            case AcceleratorTarget() as target:
                return _behind_dram(network, target)
            case SystolicTarget() as target:
                return _on_array(network, target)
            case target:
                raise NotImplementedError(f"nothing is known of what {target.name} takes")
    except DsconvError as error:
        return Refused(str(error))


def _on_cluster(network: ImportedNetwork, target: ClusterTarget, by: ClusterCycles) -> Cost:
    """Bytes are counted by the program that runs, on GVSoC or on the host."""
    platform = PLATFORMS.get(target.platform)
    gvsoc = platform.module if platform and platform.runner is Runner.GVSOC else None
    if by is ClusterCycles.GVSOC and gvsoc is None:
        raise DsconvError(f"GVSoC has no platform {target.platform}: take the model's cycles")
    is_there = gvsoc is not None and gvsoc.find() is not None
    is_measured = by is ClusterCycles.GVSOC or (by is ClusterCycles.AUTO and is_there)
    compiled = compile_imported(network, target)
    report = compiled.run(on=Runner.GVSOC if is_measured else Runner.HOST)
    if not report.equal:
        raise DsconvError(f"{target.name}: {report.differences[0]}")
    cycles = report.cycles
    if cycles is None:
        cycles = compiled.estimate
    near = sum(layer.l2_l1 for layer in report.layers)
    far = sum(layer.l3_l2 for layer in report.layers)
    table = target.energy
    energy = cycles * table.cycle + near * table.byte + far * table.l3_byte
    by_whom = "GVSoC" if is_measured else "the model"
    return Cost(cycles, by_whom, near + far, "L1, L2 and L3", energy)


def _behind_dram(network: ImportedNetwork, target: AcceleratorTarget) -> Cost:
    """The best schedule; with one copy of the buffer, products wait for transfers."""
    device = load_dram(target.accelerator.dram)
    machine = replace(target.accelerator, line_bytes=device.line_bytes)
    scheduled = ScheduledNetwork.of(network, machine)
    walked, simulator = scheduled.walk(), simulator_for("auto", device)
    cost = ScheduleCost.of(scheduled.schedule, walked.trace, walked.high_water, device, simulator)
    macs = _macs(network)
    computing = ceil(macs / machine.macs_per_cycle)
    moving = ceil(cost.result.seconds * machine.clock_mhz * 1e6)
    cycles = computing + moving if machine.copies == 1 else max(computing, moving)
    energy = None
    if target.energy is not None:
        energy = cost.result.energy.total * PJ_A_NJ + _on_chip(target.energy, macs, cost.bytes)
    return Cost(cycles, cost.result.simulator, cost.bytes, "DRAM and chip", energy)


def _on_array(network: ImportedNetwork, target: SystolicTarget) -> Cost:
    """By the closed forms, which the simulator confirms clock for clock."""
    mappings = Mappings.of(MappedNetwork.of(network, target))
    moved = sum(layer.moved_bytes or 0 for layer in mappings.layers)
    energy = None if target.energy is None else _on_chip(target.energy, _macs(network), moved)
    return Cost(mappings.cycles, "closed forms", moved, "buffers and array", energy)


def _on_chip(table: ChipEnergy, macs: int, moved_bytes: int) -> float:
    return macs * table.mac + moved_bytes * table.byte


def _macs(network: ImportedNetwork) -> int:
    layers = [op for op in network_of(network.module).body.ops if isinstance(op, LayerOperation)]
    return sum(layer.macs for layer in layers)
