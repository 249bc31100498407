"""An accelerator behind DRAM: a buffer of entries on chip, and units that compute from it."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from xdsl.ir import Data
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer

from dsconv.dialects.target.tables import TableError, parse_record, print_record, verify_record


@dataclass(frozen=True)
class Accelerator:
    """A buffer of entries on chip behind a DRAM, and the units that compute from it.

    An entry has `entry_bits` and holds a value; a partial sum has `partial_bits`. With two
    `copies`, what transfers fill or empty is there twice, so that they overlap computation. In
    DRAM, maps lie in blocks of `channel_block` channels, and all begins at multiples of
    `line_bytes`. `dram` names the device.
    """

    entries: int
    entry_bits: int
    partial_bits: int
    copies: int
    channel_block: int
    line_bytes: int
    macs_per_cycle: int
    clock_mhz: float
    dram: str

    @property
    def entry_bytes(self) -> int:
        """Bytes of an entry in DRAM."""
        return self.entry_bits // 8

    @property
    def line_entries(self) -> int:
        """Entries that a burst moves."""
        return self.line_bytes // self.entry_bytes

    def entries_of(self, bits: int) -> int:
        """Entries that a value of so many bits takes."""
        return ceil(bits / self.entry_bits)

    def check(self) -> None:
        """Raises TableError where there is no such accelerator."""
        if self.entry_bits % 8 or self.entry_bits < 8:
            raise TableError(f"an entry is whole bytes, not {self.entry_bits} bits")
        if self.copies not in (1, 2):
            raise TableError(f"a buffer has 1 or 2 copies, not {self.copies}")
        if self.line_bytes < 1 or self.line_bytes % self.entry_bytes:
            raise TableError(
                f"a line has whole entries of {self.entry_bytes} bytes, not {self.line_bytes} bytes"
            )
        for name in ("entries", "partial_bits", "channel_block", "macs_per_cycle", "clock_mhz"):
            if getattr(self, name) <= 0:
                raise TableError(f"{name} is {getattr(self, name)}; expected more than 0")


@irdl_attr_definition
class AcceleratorAttr(Data[Accelerator]):
    """The accelerator that a module is compiled for, as its target's description has it."""

    name = "dsconv.accelerator"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> Accelerator:
        return parse_record(parser, Accelerator, cls.name, Accelerator.check)

    def print_parameter(self, printer: Printer) -> None:
        print_record(printer, self.data)

    def verify(self) -> None:
        verify_record(self.data.check)
