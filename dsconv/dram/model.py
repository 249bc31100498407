"""An open-page model of a DRAM and its controller: time and energy of a trace, in plain Python.

The trace comes as fast as the controller takes it. Of the accesses that it looks at, the one goes
first whose data can move first; of several, the oldest. A bank serves accesses to its open row
before it opens another one, which it does as soon as it looks at an access to it, within tRC, tRRD
and tFAW; a row is closed where the controller limits its accesses. The bus turns around between
reads and writes. Every tREFI all rows are closed for a refresh.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from dsconv.dram.device import AddressMapping, DramDevice
from dsconv.dram.result import DramEnergy, DramResult
from dsconv.dram.trace import Bursts, Integers

NAME = "model"

ENTRIES = 1.6
"""Of a queue for all banks that an access takes: its own, its activation's until that is due."""
NEVER = 1 << 60
"""A cycle that no trace reaches, and more accesses than any has."""


@dataclass(frozen=True)
class DramTimes:
    """The cycle in which each burst's column access begins, and how many activations it takes.

    Of all: cycles until the data of the last one is there, those without an open row, refreshes.
    """

    columns: Integers
    activations: Integers
    cycles: int
    idle: int
    refreshes: int


def dram_times(bursts: Bursts, device: DramDevice) -> DramTimes:
    """Runs the bursts of a trace, which are the device's."""
    if bursts.bytes != device.line_bytes:
        raise ValueError(f"bursts of {bursts.bytes} bytes are not those of {device.name}")
    controller = _Controller(bursts, device)
    for _ in range(len(bursts)):
        controller.take_in()
        controller.serve(*controller.next_access())
    return DramTimes(
        np.array(controller.columns, np.int64),
        np.array(controller.activations, np.int64),
        controller.end,
        controller.idle,
        controller.refreshes,
    )


def places(bursts: Bursts, device: DramDevice) -> tuple[list[int], list[int]]:
    """Bank and row of each burst. Addresses beyond the memory begin again at its start."""
    banks, lines = device.structure.banks, device.row_lines
    interleaved = device.controller.mapping is AddressMapping.ROW_COLUMN_BANK
    bank = (bursts.lines if interleaved else bursts.lines // lines) % banks
    row = bursts.lines // (banks * lines) % device.structure.rows
    return bank.tolist(), row.tolist()


@dataclass(slots=True)
class _Bank:
    """Its open row (-1: none) and how often that was accessed; the cycles from which on it takes
    an access, a precharge and an activation; accesses that are looked at, of which `chosen` is
    next (-1: none), and such that wait to be.
    """

    row: int = -1
    accesses: int = 0
    column: int = 0
    precharge: int = 0
    activate: int = 0
    looked_at: deque[int] = field(default_factory=deque[int])
    waiting: deque[int] = field(default_factory=deque[int])
    chosen: int = -1


class _Controller:
    """The banks, and what they share: queue, bus, activations, refreshes."""

    def __init__(self, bursts: Bursts, device: DramDevice):
        timing, controller, burst = device.timing, device.controller, device.burst_cycles
        self.timing = timing
        self.count = len(bursts)
        self.bank_of, self.row_of = places(bursts, device)
        self.writes: list[bool] = bursts.writes.tolist()
        self.columns, self.activations = [0] * self.count, [0] * self.count
        self.served = bytearray(self.count)
        self.banks = [_Bank() for _ in range(device.structure.banks)]

        self.shared = controller.bank_queue == 0
        self.bank_queue = controller.bank_queue or NEVER
        self.room = int(controller.queue / ENTRIES) if self.shared else controller.queue
        self.most_accesses = controller.row_accesses or NEVER
        self.same_way = max(timing.t_ccd, burst)
        self.to_write = timing.cl + burst + timing.t_rtrs - timing.cwl
        self.to_read = timing.cwl + burst + timing.t_wtr
        self.recovery = timing.cwl + burst + timing.t_wr
        self.latencies = timing.cl + burst, timing.cwl + burst

        self.taken_in = self.oldest = self.now = self.end = self.idle = self.refreshes = 0
        self.next_read = self.next_write = self.open_banks = 0
        self.refresh_due = timing.t_refi
        self.opened = deque([-NEVER] * 4, maxlen=4)

    def take_in(self) -> None:
        """Fills the queue from the trace: a shared one, or what waits for those of the banks."""
        while self.room and self.taken_in < self.count:
            access = self.taken_in
            bank = self.banks[self.bank_of[access]]
            full = len(bank.looked_at) >= self.bank_queue
            if self.shared or full:
                self.room -= 1
            if full:
                bank.waiting.append(access)
            else:
                bank.looked_at.append(access)
                if bank.chosen < 0:
                    self.choose(bank)
            self.taken_in += 1

    def choose(self, bank: _Bank) -> None:
        """Finds the next access of a bank: the oldest to its open row, else the oldest."""
        bank.chosen = -1
        if not bank.looked_at:
            return
        if bank.row >= 0 and bank.accesses < self.most_accesses:
            for access in bank.looked_at:
                if self.row_of[access] == bank.row:
                    bank.chosen = access
                    return
        bank.chosen = bank.looked_at[0]
        self.open_row(bank)

    def open_row(self, bank: _Bank) -> None:
        """Opens the row of a bank's next access, as soon as it is looked at; closes another one."""
        timing = self.timing
        start = max(
            *(self.now, bank.activate),
            *(self.opened[-1] + timing.t_rrd, self.opened[0] + timing.t_faw),
        )
        if bank.row >= 0:
            start = max(start, max(self.now, bank.precharge) + timing.t_rp)
            if self.open_banks == 1:
                self.idle += timing.t_rp
        else:
            self.open_banks += 1
        self.opened.append(start)
        self.activations[bank.chosen] += 1
        bank.row, bank.accesses = self.row_of[bank.chosen], 0
        bank.column = start + timing.t_rcd
        bank.precharge = start + timing.t_ras
        bank.activate = bank.precharge + timing.t_rp

    def next_access(self) -> tuple[int, int]:
        """Which access goes next, and in which cycle; refreshes that are due go before."""
        while True:
            access, column = self.first()
            if column < self.refresh_due:
                return access, column
            self.refresh()

    def first(self) -> tuple[int, int]:
        """The first of the banks' next accesses, the oldest of several, and its cycle."""
        while self.served[self.oldest]:
            self.oldest += 1
        oldest, next_read, next_write = self.oldest, self.next_read, self.next_write
        bank = self.banks[self.bank_of[oldest]]
        column = next_write if self.writes[oldest] else next_read
        if bank.chosen == oldest and bank.column <= column <= min(next_read, next_write):
            return oldest, column
        found, soonest = oldest, NEVER
        for bank in self.banks:
            access = bank.chosen
            if access >= 0:
                column = max(bank.column, next_write if self.writes[access] else next_read)
                if column < soonest or (column == soonest and access < found):
                    found, soonest = access, column
        return found, soonest

    def serve(self, access: int, column: int) -> None:
        """Moves the data of an access; its bank and the queue go on."""
        bank, write = self.banks[self.bank_of[access]], self.writes[access]
        self.now = self.columns[access] = column
        self.served[access] = True
        if write:
            self.next_write, self.next_read = column + self.same_way, column + self.to_read
            bank.precharge = max(bank.precharge, column + self.recovery)
        else:
            self.next_read, self.next_write = column + self.same_way, column + self.to_write
            bank.precharge = max(bank.precharge, column + self.timing.t_rtp)
        self.end = max(self.end, column + self.latencies[write])
        bank.accesses += 1
        bank.looked_at.remove(access)
        if bank.waiting:
            bank.looked_at.append(bank.waiting.popleft())
            self.room += 1
        elif self.shared:
            self.room += 1
        self.choose(bank)

    def refresh(self) -> None:
        """Closes all rows, refreshes, and opens again those that are waited for."""
        timing = self.timing
        start = max(self.refresh_due, *(bank.precharge for bank in self.banks))
        if self.open_banks:
            start += timing.t_rp
            self.idle += timing.t_rp
        self.now = start + timing.t_rfc
        self.refreshes += 1
        self.refresh_due += timing.t_refi
        self.open_banks = 0
        for bank in self.banks:
            bank.row, bank.activate = -1, self.now
        for bank in self.banks:
            self.choose(bank)


@dataclass(frozen=True)
class LayerCost:
    """What the bursts of a layer take: each the time since the one before, in s; energy."""

    seconds: float
    energy: DramEnergy


@dataclass(frozen=True)
class ModelRun:
    """A trace on the model: as a whole, and by the layers that it numbers."""

    result: DramResult
    cycles: int
    layers: tuple[LayerCost, ...]


def run(bursts: Bursts, device: DramDevice) -> ModelRun:
    """Time and energy of a trace. Standby and refreshes are shared out to layers by their time."""
    times, timing, power = dram_times(bursts, device), device.timing, device.power
    nj = power.vdd * device.devices * timing.clock_ns * 1e-3
    """Of a mA for a cycle, in all devices."""
    open_row = power.idd0 * (timing.t_ras + timing.t_rp)
    open_row -= power.idd3n * timing.t_ras + power.idd2n * timing.t_rp
    over_standby = np.where(bursts.writes, power.idd4w, power.idd4r) - power.idd3n
    standby = power.idd3n * (times.cycles - times.idle) + power.idd2n * times.idle
    refresh = (power.idd5 - power.idd3n) * timing.t_rfc * times.refreshes

    cycles = _cycles_of_each(times)
    share = cycles / max(times.cycles, 1)
    parts = np.array(
        [
            times.activations * open_row,
            over_standby * device.burst_cycles,
            share * standby,
            share * refresh,
        ]
    )
    layers = tuple(
        LayerCost(
            float(cycles[own].sum() * timing.clock_ns * 1e-9),
            DramEnergy(*(parts[:, own].sum(1) * nj).tolist()),
        )
        for own in (bursts.layers == layer for layer in range(bursts.layers.max(initial=-1) + 1))
    )
    seconds = times.cycles * timing.clock_ns * 1e-9
    energy = DramEnergy(*(parts.sum(1) * nj).tolist())
    result = DramResult(NAME, device.name, len(bursts), seconds, energy)
    return ModelRun(result, times.cycles, layers)


def _cycles_of_each(times: DramTimes) -> Integers:
    """Cycles from the burst that was served before; the last one's until its data is there."""
    order = np.argsort(times.columns, kind="stable")
    ends = times.columns[order]
    if len(ends):
        ends[-1] = times.cycles
    cycles = np.empty_like(ends)
    cycles[order] = np.diff(ends, prepend=0)
    return cycles
