"""Cases on GVSoC's cluster: a program that runs one kernel after the other on all cores."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from handwritten import RUNTIME
from xpulp_program import (
    COPY,
    Case,
    CaseFunctions,
    Outcome,
    assembly_of,
    memory_of,
    outputs_of,
)

from dsconv.runners import build, gvsoc

L1_BYTES = 512 * 1024
L1_ARENA = L1_BYTES - 8 * 1024
L2_BYTES = 1536 * 1024

HEAD = """\
#include "network.h"

DSC_L1 static uint8_t l1[{arena}];
_Alignas(8) static uint8_t input[{inputs}];
_Alignas(8) static uint8_t output[{outputs}];
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


def write_program(directory: Path, cases: Sequence[Case], repeats: int) -> None:
    """Writes the sources of a program whose input is the memory of the cases."""
    shutil.copytree(RUNTIME / "pulp_open", directory, dirs_exist_ok=True)
    for source in (RUNTIME / "Makefile", *RUNTIME.glob("*.[ch]")):
        shutil.copy(source, directory)
    functions = CaseFunctions.of(cases, CASE, L1_ARENA, repeats=repeats)
    head = HEAD.format(arena=L1_ARENA, inputs=functions.inputs, outputs=functions.outputs)
    calls = "\n".join(f"  case_{number}(core);" for number in range(len(cases)))
    texts = {
        "network.c": "\n".join(
            [head, COPY, *functions.texts, TAIL.format(calls=calls, cases=len(cases))]
        ),
        "network.h": HEADER.format(cases=len(cases)),
        "weights.c": '#include "network.h"\n',
        "kernels_xpulp.S": assembly_of(cases),
        "config.mk": f"L1_BYTES = {L1_BYTES}\nL2_BYTES = {L2_BYTES}\n",
    }
    for name, text in texts.items():
        (directory / name).write_text(text)


@dataclass(frozen=True)
class Gvsoc:
    """Runs each case so many times on GVSoC. Cycles are those from barrier to barrier, at last."""

    directory: Path
    bank_conflicts: bool = True
    repeats: int = 1

    def run(self, cases: Sequence[Case]) -> list[Outcome]:
        write_program(self.directory, cases, self.repeats)
        build(self.directory)
        result = gvsoc.run(self.directory, memory_of(cases), bank_conflicts=self.bank_conflicts)
        outcomes: list[Outcome] = []
        outputs = outputs_of(cases, result.outputs[0])
        for output, stats in zip(outputs, result.layer_stats[0], strict=True):
            assert stats.cycles is not None
            outcomes.append(Outcome(output, stats.cycles))
        return outcomes
