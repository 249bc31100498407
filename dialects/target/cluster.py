"""Clusters of cores that share an L1 (PULP, GAP8), and machines that stand in for one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from xdsl.ir import Data
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.str_enum import StrEnum

from dsconv.dialects.target.tables import TableError, parse_record, print_record, verify_record

MOST_CORES = 16
"""What kernels are written and tested for."""


class Isa(StrEnum):
    """What kernels are written for: C alone, or assembly with PULP's instructions."""

    PORTABLE = "portable"
    XPULP = "xpulp"


@dataclass(frozen=True)
class Core:
    """The cores, all alike: how many, what their kernels are written for, a stack in bytes.

    Stalls are cycles beside the instruction's own.
    """

    count: int
    isa: Isa
    stack_bytes: int
    taken_branch_stalls: int
    jump_stalls: int


@dataclass(frozen=True)
class Dma:
    """Between L2 and L1: bytes a cycle, each way, both ways at once."""

    bytes_per_cycle: int


@dataclass(frozen=True)
class L3:
    """The memory behind L2: its rates, cycles to start a transfer, how many it takes at once."""

    loaded_bytes_per_cycle: float
    stored_bytes_per_cycle: float
    transfer_cycles: int
    transfers_in_flight: int


@dataclass(frozen=True)
class InstructionCache:
    """A core's own instruction cache, in bytes, the cycles of a miss, and the one behind it.

    All cores share that: `shared_bytes`.
    """

    bytes: int
    line_bytes: int
    miss_cycles: int
    shared_bytes: int


@dataclass(frozen=True)
class Energy:
    """In pJ: a cycle of the cluster, a byte between L2 and L1, a byte between L3 and L2."""

    cycle: int
    byte: int
    l3_byte: int


@dataclass(frozen=True, kw_only=True)
class ClusterParts:
    """What a cluster has beside its memories' sizes; its description has the same tables."""

    core: Core
    dma: Dma
    l3: L3
    icache: InstructionCache
    energy: Energy

    @property
    def cores(self) -> int:
        """How many cores work on a kernel."""
        return self.core.count


@dataclass(frozen=True, kw_only=True)
class Cluster(ClusterParts):
    """Cores that share an L1, behind it an L2 and an L3.

    `l1` and `l2` are the bytes that a network's tensors may take; 0 bytes of L2 mean any number.
    """

    name: str
    l1: int
    l2: int

    def with_cores(self, count: int) -> Cluster:
        """The cluster with another number of cores."""
        return replace(self, core=replace(self.core, count=count))


def check_cluster(cluster: Cluster, place: str) -> None:
    """Raises TableError where a cluster cannot be compiled for."""
    if not 1 <= cluster.cores <= MOST_CORES:
        raise TableError(f"{place}.core.count is {cluster.cores}; expected 1 to {MOST_CORES}")
    rates = {
        "dma.bytes_per_cycle": cluster.dma.bytes_per_cycle,
        "l3.loaded_bytes_per_cycle": cluster.l3.loaded_bytes_per_cycle,
        "l3.stored_bytes_per_cycle": cluster.l3.stored_bytes_per_cycle,
    }
    for name, rate in rates.items():
        if rate <= 0:
            raise TableError(f"{place}.{name} is {rate}; expected more than 0")


@irdl_attr_definition
class ClusterAttr(Data[Cluster]):
    """The cluster that a module is compiled for, as its target's description has it."""

    name = "dsconv.cluster"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> Cluster:
        return parse_record(parser, Cluster, cls.name, lambda found: check_cluster(found, cls.name))

    def print_parameter(self, printer: Printer) -> None:
        print_record(printer, self.data)

    def verify(self) -> None:
        verify_record(lambda: check_cluster(self.data, self.name))
