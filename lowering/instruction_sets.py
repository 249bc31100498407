"""Instruction sets that kernels are written for: the passes that write them, and C's name of each.

What kernels of a set cost is in passes/scheduling/costs, under the set's name.
"""

from __future__ import annotations

from dataclasses import dataclass

from dsconv.dialects.target import Isa


@dataclass(frozen=True)
class InstructionSet:
    """How kernels are written. `macro`: what dsc_platform.h defines where a platform has the set.

    Without a macro there is C alone.
    """

    isa: Isa
    kernel_passes: tuple[str, ...]
    macro: str | None = None


INSTRUCTION_SETS = {
    one.isa: one
    for one in (
        InstructionSet(Isa.PORTABLE, ("lower-kernels",)),
        InstructionSet(Isa.XPULP, ("lower-kernels-to-xpulp", "lower-kernels"), "DSC_XPULP"),
    )
}

ASSEMBLY_MACROS = {one.isa: one.macro for one in INSTRUCTION_SETS.values() if one.macro}
"""Of the sets that kernels may be written for in assembly."""
