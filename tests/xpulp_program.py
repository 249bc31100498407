"""A program that runs many kernels one after the other, each alone on the tiles it is given."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import numpy as np
from handwritten import RUNTIME
from random_kernels import Bytes, KernelRun

from dsconv.dialects.target import Cluster
from dsconv.dialects.tiled import KernelOp, aligned
from dsconv.passes.analysis.target_cluster import DEFAULT_CLUSTER
from dsconv.runners import build, gvsoc

CORES = 8
L1_BYTES = 512 * 1024
L1_ARENA = L1_BYTES - 8 * 1024
L2_BYTES = 1536 * 1024


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
    """What a case gave, and its cycles from barrier to barrier."""

    output: Bytes
    cycles: int


HEAD = """\
#include "network.h"

DSC_L1 static uint8_t l1[{arena}];
_Alignas(8) static uint8_t input[{inputs}];
_Alignas(8) static uint8_t output[{outputs}];

static void copy(uint8_t *to, const uint8_t *from, uint32_t bytes) {{
  for (uint32_t i = 0; i < bytes; i += 4) *(uint32_t *)(to + i) = *(const uint32_t *)(from + i);
}}
"""

CASE = """\
void kernel_{number}(uint32_t core, {parameters}, int32_t row, int32_t column);

static void case_{number}(uint32_t core) {{
  if (core == 0) copy(l1, input + {input}, {input_bytes} + {output_bytes});
  for (uint32_t i = 0; i < {repeats}; i++) {{
    dsc_barrier(core);
    if (core == 0) dsc_layer_begin({number});
    dsc_barrier(core);
    for (uint32_t one = core; one < {cores}; one += DSC_CORES)
      kernel_{number}(one, {tiles}, {row}, {column});
    dsc_barrier(core);
    if (core == 0) dsc_layer_end({number}, (dsc_buffer){{output, 0}});
  }}
  if (core == 0) copy(output + {output}, l1 + {input_bytes}, {output_bytes});
}}
"""

TAIL = """\
static void run(uint32_t core) {{
{calls}
}}

const dsc_network kernels_network = {{
  .name = "kernels", .input = input, .input_bytes = sizeof input, .output = output,
  .output_bytes = sizeof output, .layers = {cases}, .run = run,
}};
"""

HEADER = """\
#include "dsc_runtime.h"

extern const dsc_network kernels_network;
#define DSC_NETWORK kernels_network
#define DSC_LAYERS {cases}
"""

FUNCTION = """\
    .section .text.{symbol},"ax"
    .balign 16
    .globl {symbol}
{symbol}:
{text}
"""


def write_program(directory: Path, cases: Sequence[Case], repeats: int) -> Bytes:
    """Writes the sources; returns the program's input."""
    shutil.copytree(RUNTIME / "pulp_open", directory, dirs_exist_ok=True)
    for source in (RUNTIME / "Makefile", *RUNTIME.glob("*.[ch]")):
        shutil.copy(source, directory)
    inputs, outputs = 0, 0
    functions: list[str] = []
    for number, case in enumerate(cases):
        input_bytes, output_bytes = case.offsets[-1], aligned(case.run.output_bytes)
        assert input_bytes + output_bytes <= L1_ARENA, f"too large: {case.run.kernel}"
        functions.append(
            CASE.format(
                number=number,
                cores=case.cores,
                parameters=", ".join("uint8_t *" for _ in case.offsets),
                tiles=", ".join(f"l1 + {offset}" for offset in case.offsets),
                row=case.run.row,
                column=case.run.column,
                input=inputs,
                input_bytes=input_bytes,
                repeats=repeats,
                output=outputs,
                output_bytes=output_bytes,
            )
        )
        inputs += input_bytes + output_bytes
        outputs += output_bytes
    head = HEAD.format(arena=L1_ARENA, inputs=inputs, outputs=outputs)
    calls = "\n".join(f"  case_{number}(core);" for number in range(len(cases)))
    texts = {
        "network.c": "\n".join([head, *functions, TAIL.format(calls=calls, cases=len(cases))]),
        "network.h": HEADER.format(cases=len(cases)),
        "weights.c": '#include "network.h"\n',
        "kernels_xpulp.S": "\n".join(
            FUNCTION.format(symbol=f"kernel_{number}", text=case.text)
            for number, case in enumerate(cases)
        ),
        "config.mk": f"L1_BYTES = {L1_BYTES}\nL2_BYTES = {L2_BYTES}\n",
    }
    for name, text in texts.items():
        (directory / name).write_text(text)
    return np.concatenate([padded(tile) for case in cases for tile in case.memory])


def padded(tile: Bytes) -> Bytes:
    """A tile with something behind it that no kernel may use."""
    return np.pad(tile, (0, aligned(tile.size) - tile.size), constant_values=0xA5)


def run_cases(directory: Path, cases: Sequence[Case], *, repeats: int = 1) -> list[Outcome]:
    """Runs all cases on GVSoC with bank conflicts. Cycles are those of the last repeat."""
    data = write_program(directory, cases, repeats)
    build(directory)
    result = gvsoc.run(directory, data)
    outcomes: list[Outcome] = []
    first = 0
    for case, stats in zip(cases, result.layer_stats[0], strict=True):
        assert stats.cycles is not None
        output = result.outputs[0][first : first + case.run.output_bytes]
        outcomes.append(Outcome(output, stats.cycles))
        first += aligned(case.run.output_bytes)
    return outcomes


def check_kernels(
    directory: Path,
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
    for run, outcome in zip(runs, run_cases(directory, cases), strict=True):
        np.testing.assert_array_equal(outcome.output, run.expected(), str(run.kernel))
