"""Windows that reach into the padding."""

from __future__ import annotations

from dsconv.lowering.xpulp.assembly import Assembly


def taps_inside(asm: Assembly, start: str, taps: int, size: int, before: str, count: str) -> None:
    """Leaves how many of adjacent taps lie before a map of a size, and how many in it.

    `start` is where the first tap lies. The count is 0 or less where all lie outside.
    """
    with asm.registers(1) as (end,):
        asm("sub", before, "zero", start)
        asm("p.max", before, before, "zero")
        asm.li(end, size)
        asm("sub", count, end, start)
        asm.li(end, taps)
        asm("p.min", count, count, end)
        asm("sub", count, count, before)
