"""A DRAM as its data sheet has it, and how its controller uses it."""

from __future__ import annotations

from dataclasses import dataclass
from math import log2

from xdsl.utils.str_enum import StrEnum

from dsconv.dialects.target import TableError


class Standard(StrEnum):
    """Of JEDEC."""

    DDR3 = "DDR3"
    LPDDR3 = "LPDDR3"
    LPDDR4 = "LPDDR4"


class AddressMapping(StrEnum):
    """What the bits of an address choose, from the highest to the lowest; a line lies below them.

    With the bank lowest, lines side by side are in different banks; with the column, in one row.
    """

    ROW_COLUMN_BANK = "row:column:bank"
    ROW_BANK_COLUMN = "row:bank:column"


@dataclass(frozen=True)
class Structure:
    """One rank of devices side by side on a bus; a row of a device has `columns` of `device_bits`.

    `burst` is the number of beats; each moves as many bits as the bus has.
    """

    standard: Standard
    bus_bits: int
    device_bits: int
    banks: int
    rows: int
    columns: int
    burst: int


@dataclass(frozen=True)
class Timing:
    """Clock in ns; all other times in cycles of it, by JEDEC's names (`t_rcd` is its tRCD)."""

    clock_ns: float
    cl: int
    cwl: int
    t_rcd: int
    t_rp: int
    t_ras: int
    t_rrd: int
    t_faw: int
    t_ccd: int
    t_rtp: int
    t_wtr: int
    t_wr: int
    t_rfc: int
    t_refi: int
    t_rtrs: int
    t_cke: int
    t_xp: int


@dataclass(frozen=True)
class Power:
    """Voltage in V and the currents of one device in mA, by JEDEC's names."""

    vdd: float
    idd0: float
    idd2p: float
    idd2n: float
    idd3p: float
    idd3n: float
    idd4r: float
    idd4w: float
    idd5: float
    idd6: float


@dataclass(frozen=True)
class Controller:
    """How addresses become places, and how many transactions wait for the device.

    Each bank has a queue of so many of them, or 0: all share one for commands, as long as that for
    transactions. A row is closed after `row_accesses`, so that none starves; 0 keeps it open.
    """

    mapping: AddressMapping
    queue: int
    bank_queue: int
    row_accesses: int


@dataclass(frozen=True)
class DramDevice:
    """Memory of one channel, with its controller."""

    name: str
    description: str
    structure: Structure
    timing: Timing
    power: Power
    controller: Controller

    @property
    def devices(self) -> int:
        """How many share the bus."""
        return self.structure.bus_bits // self.structure.device_bits

    @property
    def line_bytes(self) -> int:
        """Bytes of a burst."""
        return self.structure.bus_bits * self.structure.burst // 8

    @property
    def row_lines(self) -> int:
        """Bursts of a row."""
        return self.structure.columns // self.structure.burst

    @property
    def row_bytes(self) -> int:
        """Bytes of a row of all devices (the page)."""
        return self.row_lines * self.line_bytes

    @property
    def bytes(self) -> int:
        """Bytes of the whole memory."""
        return self.row_bytes * self.structure.rows * self.structure.banks

    @property
    def burst_cycles(self) -> int:
        """Cycles that a burst takes on the bus: two beats each."""
        return self.structure.burst // 2


def check_device(device: DramDevice) -> None:
    """Raises TableError where there can be no such memory."""
    structure, timing, power = device.structure, device.timing, device.power
    for field in ("bus_bits", "device_bits", "banks", "rows", "columns", "burst"):
        size = getattr(structure, field)
        if size < 1 or not log2(size).is_integer():
            raise TableError(f"{device.name}.structure.{field} is {size}; expected a power of two")
    if structure.device_bits > structure.bus_bits:
        raise TableError(
            f"{device.name}.structure.device_bits is {structure.device_bits}, more than the "
            f"bus's {structure.bus_bits}"
        )
    if not 2 <= structure.burst <= structure.columns:
        raise TableError(
            f"{device.name}.structure.burst is {structure.burst}; expected 2 to the "
            f"{structure.columns} columns of a row"
        )
    if timing.clock_ns <= 0 or timing.t_refi <= timing.t_rfc:
        raise TableError(
            f"{device.name}.timing: clock_ns has to be more than 0 and t_refi more than t_rfc"
        )
    if device.controller.queue < 2:
        raise TableError(f"{device.name}.controller.queue is less than 2")
    for field in ("idd4r", "idd4w", "idd5"):
        if getattr(power, field) < power.idd3n:
            raise TableError(
                f"{device.name}.power.{field} is less than idd3n: both count the standby of an "
                "open bank"
            )
