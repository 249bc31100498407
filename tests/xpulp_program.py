"""Kernels in assembly, each alone on the tiles it is given, on a simulator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Protocol

import numpy as np
from random_kernels import Bytes, KernelRun

from dsconv.dialects.target import Cluster
from dsconv.dialects.tiled import KernelOp, aligned
from dsconv.passes.analysis.target_cluster import DEFAULT_CLUSTER

CORES = 8


@dataclass(frozen=True)
class Case:
    """A kernel on its tiles, and its assembly for so many cores.

    Where they are more than the simulated ones, each of those does the work of several.
    """

    run: KernelRun
    text: str
    cores: int = CORES

    @property
    def memory(self) -> list[Bytes]:
        """What the tiles and the output hold in the beginning."""
        return [*self.run.tiles, np.zeros(self.run.output_bytes, np.uint8)]

    @property
    def offsets(self) -> list[int]:
        """Where the tiles lie, then the output."""
        sizes = [aligned(tile.size) for tile in self.run.tiles]
        return [sum(sizes[:number]) for number in range(len(sizes) + 1)]


@dataclass(frozen=True)
class Outcome:
    """What a case gave, and the cycles of its slowest core."""

    output: Bytes
    cycles: int


class KernelSimulator(Protocol):
    """Something that runs cases."""

    def run(self, cases: Sequence[Case]) -> list[Outcome]:
        """Runs them all, in a program of its own."""
        ...


FUNCTION = """\
    .section .text.{symbol},"ax"
    .balign 16
    .globl {symbol}
{symbol}:
{text}
"""


def assembly_of(cases: Sequence[Case]) -> str:
    """The functions kernel_0 and so on."""
    return "\n".join(
        FUNCTION.format(symbol=f"kernel_{number}", text=case.text)
        for number, case in enumerate(cases)
    )


def memory_of(cases: Sequence[Case]) -> Bytes:
    """What all tiles and outputs hold in the beginning, one case after the other.

    Behind each tile lies something that no kernel may use.
    """
    return np.concatenate(
        [
            np.pad(tile, (0, aligned(tile.size) - tile.size), constant_values=0xA5)
            for case in cases
            for tile in case.memory
        ]
    )


def outputs_of(cases: Sequence[Case], memory: Bytes) -> list[Bytes]:
    """The output of every case from where they lie one after the other."""
    ends = np.cumsum([aligned(case.run.output_bytes) for case in cases])
    return [
        part[: case.run.output_bytes]
        for case, part in zip(cases, np.split(memory[: ends[-1]], ends[:-1]), strict=True)
    ]


def check_kernels(
    simulator: KernelSimulator,
    write: Callable[[KernelOp, Cluster], str | None],
    runs: Sequence[KernelRun],
    cores: Sequence[int] = (CORES,),
) -> None:
    """Runs kernels as `write` makes them, and compares with the reference semantics.

    The numbers of cores take turns.
    """
    cases: list[Case] = []
    for run, count in zip(runs, cycle(cores), strict=False):
        text = write(run.kernel, DEFAULT_CLUSTER.with_cores(count))
        assert text is not None, f"no form for {run.kernel}"
        cases.append(Case(run, text, count))
    for run, outcome in zip(runs, simulator.run(cases), strict=True):
        np.testing.assert_array_equal(outcome.output, run.expected(), str(run.kernel))
