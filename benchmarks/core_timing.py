"""Cycles of single instructions, on GVSoC's model of the cores and on a core's RTL.

    python -m benchmarks.core_timing

What [core] of a cluster's description says of its instructions comes from here. A sequence stands
eight and sixteen times in a loop; the difference is its own, without the loop and the call. One
core runs, and its instruction cache is warm.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from rich.console import Console
from rich.table import Table

from dsconv.lowering.xpulp.assembly import Assembly
from dsconv.lowering.xpulp.encodings import Operand
from dsconv.runners import build, gvsoc
from dsconv.runners.cv32e40p import core

ROUNDS = 32
COPIES = 8, 16
RUNTIME = Path(__file__).parents[1] / "runtime_c"
REGISTERS = "t0", "t1", "t2"
NEXT = "next"
"""Where a branch goes: to the instruction behind it."""


@dataclass(frozen=True)
class Sequence:
    """Instructions on the pointer a0 and on `REGISTERS`; all but the first take a cycle each."""

    name: str
    lines: tuple[tuple[str, *tuple[Operand, ...]], ...]

    def write(self, asm: Assembly) -> None:
        """The instructions, once."""
        for name, *operands in self.lines:
            label = asm.label()
            asm(name, *(label if operand == NEXT else operand for operand in operands))
            asm.place(label)


OTHER, USE = ("addi", "t2", "t2", 1), ("addi", "t0", "t0", 1)
SEQUENCES = (
    Sequence("mul", (("mul", "t0", "t1", "t1"), OTHER)),
    Sequence("mul, used at once", (("mul", "t0", "t1", "t1"), USE)),
    Sequence("mulh", (("mulh", "t0", "t1", "t1"), OTHER)),
    Sequence("mulh, used at once", (("mulh", "t0", "t1", "t1"), USE)),
    Sequence("lw", (("lw", "t0", "a0", 0), OTHER)),
    Sequence("lw, used at once", (("lw", "t0", "a0", 0), USE)),
    Sequence("lw, misaligned", (("lw", "t0", "a0", 1), OTHER)),
    Sequence("sw, misaligned", (("sw", "t0", "a0", 1), OTHER)),
    Sequence("branch, taken", (("beq", "zero", "zero", NEXT),)),
    Sequence("branch, not taken", (("bne", "zero", "zero", NEXT),)),
    Sequence("jump", (("j", NEXT),)),
    Sequence("p.mac, used at once", (("p.mac", "t0", "t1", "t1"),)),
    Sequence("pv.sdotsp.b, used at once", (("pv.sdotsp.b", "t0", "t1", "t1"),)),
    Sequence("p.addN, used at once", (("p.addN", "t0", "t0", "t1", 3),)),
    Sequence("p.clip, used at once", (("p.clip", "t0", "t0", 8),)),
)

DECLARATION = "void sequence_{number}(uint8_t *data);"
FUNCTION = """\
    .text
    .globl sequence_{number}
    .balign 16
sequence_{number}:
{text}
"""

ON_GVSOC = """\
#include "network.h"
{declarations}

DSC_L1 static uint8_t data[64];
static uint8_t none[4];

static void run(uint32_t core) {{
  if (core > 0) return;
{calls}
}}

const dsc_network timing_network = {{
  .name = "timing", .input = none, .input_bytes = 4, .output = none, .output_bytes = 4,
  .layers = DSC_LAYERS, .run = run,
}};
"""
CALL_ON_GVSOC = """\
  sequence_{number}(data);
  dsc_layer_begin({number});
  sequence_{number}(data);
  dsc_layer_end({number}, (dsc_buffer){{none, 4}});"""
HEADER = """\
#include "dsc_runtime.h"

extern const dsc_network timing_network;
#define DSC_NETWORK timing_network
#define DSC_LAYERS {layers}
"""

ON_RTL = """\
#include <stdint.h>
{declarations}

static volatile uint32_t *const mark = (volatile uint32_t *)0xF0000000;
_Alignas(8) static uint8_t data[64];

int main(void) {{
{calls}
  return 0;
}}
"""
CALL_ON_RTL = """\
  *mark = 0;
  sequence_{number}(data);
  *mark = 0;"""


def functions() -> list[str]:
    """Every sequence, fewer times and more often."""
    return [function(sequence, copies) for sequence in SEQUENCES for copies in COPIES]


def function(sequence: Sequence, copies: int) -> str:
    """A sequence so many times in a loop."""
    asm = Assembly()
    asm.arguments(1)
    for register in asm.take(len(REGISTERS)):
        asm.li(register, 3)
    with asm.software_loop(ROUNDS):
        for _ in range(copies):
            sequence.write(asm)
    return asm.text()


def assembly() -> str:
    """The functions sequence_0 and so on."""
    return "".join(FUNCTION.format(number=n, text=text) for n, text in enumerate(functions()))


def program(text: str, call: str) -> str:
    """C that calls every function."""
    numbers = range(len(SEQUENCES) * len(COPIES))
    return text.format(
        declarations="\n".join(DECLARATION.format(number=number) for number in numbers),
        calls="\n".join(call.format(number=number) for number in numbers),
    )


def on_gvsoc(directory: Path) -> list[int]:
    """Cycles of every function on the cluster's first core."""
    shutil.copytree(RUNTIME / "pulp_open", directory, dirs_exist_ok=True)
    for source in (RUNTIME / "Makefile", *RUNTIME.glob("*.[ch]")):
        shutil.copy(source, directory)
    (directory / "network.c").write_text(program(ON_GVSOC, CALL_ON_GVSOC))
    (directory / "network.h").write_text(HEADER.format(layers=len(SEQUENCES) * len(COPIES)))
    (directory / "weights.c").write_text('#include "network.h"\n')
    (directory / "kernels_xpulp.S").write_text(assembly())
    (directory / "config.mk").write_text("L1_BYTES = 65536\nL2_BYTES = 524288\n")
    build(directory)
    result = gvsoc.run(directory, np.zeros(4, np.uint8))
    return [stats.cycles or 0 for stats in result.layer_stats[0]]


def on_rtl(directory: Path, simulator: Path) -> list[int]:
    """Clocks of every function on the RTL."""
    (directory / "timing.c").write_text(program(ON_RTL, CALL_ON_RTL))
    (directory / "sequences.S").write_text(assembly())
    built = core.build_program(directory, ["timing.c", "sequences.S"])
    begun, ended = np.array(core.run(simulator, built).marks).reshape(-1, 2).T
    return (ended - begun).tolist()


def first_instructions(cycles: list[int]) -> Iterator[float]:
    """Cycles of the first instruction of each sequence, from those of the functions."""
    fewer, more = COPIES
    for sequence, (few, many) in zip(SEQUENCES, list(pairwise(cycles))[::2], strict=True):
        yield (many - few) / (ROUNDS * (more - fewer)) - (len(sequence.lines) - 1)


def main() -> None:
    """Measures with the simulators that are here."""
    table = Table("instruction")
    columns: list[Iterator[float]] = []
    with TemporaryDirectory(prefix="dsconv-") as folder:
        if gvsoc.find() is not None:
            table.add_column("GVSoC, pulp-open", justify="right")
            columns.append(first_instructions(on_gvsoc(Path(folder, "gvsoc"))))
        if core.find() is not None:
            rtl = Path(folder, "rtl")
            rtl.mkdir()
            table.add_column("RTL, CV32E40P", justify="right")
            columns.append(first_instructions(on_rtl(rtl, core.build_core(rtl))))
    for sequence, *cycles in zip(SEQUENCES, *columns, strict=True):
        table.add_row(sequence.name, *(f"{number:.2f}" for number in cycles))
    Console().print(table)


if __name__ == "__main__":
    main()
