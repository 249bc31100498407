"""Cases on the RTL of a core: each kernel runs for one core number after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from xpulp_program import (
    COPY,
    Case,
    CaseFunctions,
    Outcome,
    assembly_of,
    memory_of,
    outputs_of,
)

from dsconv.runners.cv32e40p import core

L1_BYTES = 512 * 1024

HEAD = """\
#include <stdint.h>

static volatile uint32_t *const mark = (volatile uint32_t *)0xF0000000;
_Alignas(8) static uint8_t l1[{l1}];
extern const uint8_t input[];
_Alignas(8) uint8_t output[{outputs}];
"""

CASE = """\
void kernel_{number}(uint32_t core, {parameters}, int32_t row, int32_t column);

static void case_{number}(void) {{
  copy(l1, input + {input}, {input_bytes} + {output_bytes});
  for (uint32_t core = 0; core < {cores}; core++) {{
    *mark = 0;
    kernel_{number}(core, {tiles}, {row}, {column});
    *mark = 0;
  }}
  copy(output + {output}, l1 + {input_bytes}, {output_bytes});
}}
"""

MAIN = """\
int main(void) {{
{calls}
  return 0;
}}
"""

INPUT = """\
    .section .rodata
    .balign 8
    .globl input
input:
    .incbin "input.bin"
"""


def write_program(directory: Path, cases: Sequence[Case]) -> list[str]:
    """Writes a program; the names of its sources."""
    functions = CaseFunctions.of(cases, CASE, L1_BYTES)
    head = HEAD.format(l1=L1_BYTES, outputs=functions.outputs)
    calls = "\n".join(f"  case_{number}();" for number in range(len(cases)))
    texts = {
        "cases.c": "\n".join([head, COPY, *functions.texts, MAIN.format(calls=calls)]),
        "kernels.S": assembly_of(cases),
        "input.S": INPUT,
    }
    for name, text in texts.items():
        (directory / name).write_text(text)
    memory_of(cases).tofile(directory / "input.bin")
    return list(texts)


@dataclass(frozen=True)
class CoreRtl:
    """Runs cases on a simulator of the core, with memory that stalls in so many percent."""

    directory: Path
    simulator: Path
    stalls: int = 0

    def run(self, cases: Sequence[Case]) -> list[Outcome]:
        program = core.build_program(self.directory, write_program(self.directory, cases))
        result = core.run(self.simulator, program, stalls=self.stalls)
        first = program.symbols["output"]
        outputs = outputs_of(cases, result.memory[first:])
        begun, ended = np.array(result.marks).reshape(-1, 2).T
        ends = np.cumsum([case.cores for case in cases])[:-1]
        cycles = [int(part.max()) for part in np.split(ended - begun, ends)]
        return [Outcome(*pair) for pair in zip(outputs, cycles, strict=True)]
