"""Traces as text: a line for each burst with address, kind and cycle, 0 for as soon as can be."""

from __future__ import annotations

from pathlib import Path

from dsconv.dram.trace import Bursts


def write_trace(bursts: Bursts, path: Path) -> None:
    """Writes the format k6, which DRAMSim2 knows by a name that begins so; DRAMsim3 reads it too.

    Addresses are in bytes.
    """
    kinds = ("P_MEM_RD", "P_MEM_WR")
    with path.open("w") as file:
        for line, write in zip(bursts.lines.tolist(), bursts.writes.tolist(), strict=True):
            file.write(f"{line * bursts.bytes:#x} {kinds[write]} 0\n")
