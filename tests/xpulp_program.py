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


COPY = """
static void copy(uint8_t *to, const uint8_t *from, uint32_t bytes) {
  for (uint32_t i = 0; i < bytes; i += 4) *(uint32_t *)(to + i) = *(const uint32_t *)(from + i);
}
"""
"""For functions of cases: whole words."""


@dataclass(frozen=True)
class CaseFunctions:
    """A C function for each case, and the bytes of all their inputs and of all their outputs."""

    texts: list[str]
    inputs: int
    outputs: int

    @staticmethod
    def of(cases: Sequence[Case], template: str, l1_bytes: int, **settings: int) -> CaseFunctions:
        """The template filled in for each case, which lies in an array `l1` of so many bytes."""
        inputs, outputs = 0, 0
        texts: list[str] = []
        for number, case in enumerate(cases):
            input_bytes, output_bytes = case.offsets[-1], aligned(case.run.output_bytes)
            assert input_bytes + output_bytes <= l1_bytes, f"too large: {case.run.kernel}"
            texts.append(
                template.format(
                    number=number,
                    cores=case.cores,
                    parameters=", ".join("uint8_t *" for _ in case.offsets),
                    tiles=", ".join(f"l1 + {offset}" for offset in case.offsets),
                    row=case.run.row,
                    column=case.run.column,
                    input=inputs,
                    input_bytes=input_bytes,
                    output=outputs,
                    output_bytes=output_bytes,
                    **settings,
                )
            )
            inputs += input_bytes + output_bytes
            outputs += output_bytes
        return CaseFunctions(texts, inputs, outputs)


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


def checked(simulator: KernelSimulator, cases: Sequence[Case]) -> list[Outcome]:
    """Runs cases, whose outputs are what the reference semantics give."""
    outcomes = simulator.run(cases)
    for case, outcome in zip(cases, outcomes, strict=True):
        np.testing.assert_array_equal(outcome.output, case.run.expected(), str(case.run.kernel))
    return outcomes


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
    checked(simulator, cases)
