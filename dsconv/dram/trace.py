"""What an accelerator asks of its DRAM: transfers in their order, and the bursts that they take."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from xdsl.utils.str_enum import StrEnum

Integers: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]


class Kind(StrEnum):
    """Which way a transfer goes."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True)
class Transfer:
    """Bytes side by side, at an address in bytes, for a layer that is known by its label."""

    kind: Kind
    address: int
    bytes: int
    layer: str = ""


@dataclass(frozen=True)
class Bursts:
    """What the DRAM does for a trace, in its order: each burst moves one line of so many bytes.

    `lines` are addresses in lines, `layers` places in the trace's names of layers.
    """

    bytes: int
    lines: Integers
    writes: Flags
    layers: Integers

    def __len__(self) -> int:
        return len(self.lines)


@dataclass(frozen=True)
class Trace:
    """Transfers in their order: addresses and sizes in bytes, and to which of `names` they belong.

    A transfer that begins where the one before ends, of the same kind and layer, is part of it.
    """

    addresses: Integers
    sizes: Integers
    writes: Flags
    layers: Integers
    names: tuple[str, ...]

    @staticmethod
    def of(transfers: Iterable[Transfer]) -> Trace:
        """The trace of transfers. Raises ValueError where one has no bytes or no address."""
        numbers: dict[str, int] = {}
        rows: list[tuple[int, int, bool, int]] = []
        for transfer in transfers:
            if transfer.bytes < 1 or transfer.address < 0:
                raise ValueError(f"{transfer} moves nothing")
            layer = numbers.setdefault(transfer.layer, len(numbers))
            write = transfer.kind is Kind.WRITE
            if rows:
                address, size, *rest = rows[-1]
                if address + size == transfer.address and rest == [write, layer]:
                    rows[-1] = (address, size + transfer.bytes, write, layer)
                    continue
            rows.append((transfer.address, transfer.bytes, write, layer))
        table = np.array(rows, np.int64).reshape(-1, 4)
        return Trace(table[:, 0], table[:, 1], table[:, 2] != 0, table[:, 3], tuple(numbers))

    @staticmethod
    def of_runs(
        addresses: Integers,
        sizes: Integers,
        writes: Flags,
        layers: Integers,
        names: tuple[str, ...],
    ) -> Trace:
        """The trace of transfers that are arrays already, each run of at least one byte."""
        begins = np.ones(len(addresses), np.bool_)
        begins[1:] = (
            (addresses[1:] != addresses[:-1] + sizes[:-1])
            | (writes[1:] != writes[:-1])
            | (layers[1:] != layers[:-1])
        )
        first = np.flatnonzero(begins)
        joined = np.add.reduceat(sizes, first) if len(first) else sizes
        return Trace(addresses[first], joined, writes[first], layers[first], names)

    @property
    def bytes_read(self) -> int:
        """Bytes that the accelerator loads."""
        return int(self.sizes[~self.writes].sum())

    @property
    def bytes_written(self) -> int:
        """Bytes that it stores."""
        return int(self.sizes[self.writes].sum())

    def bursts(self, line_bytes: int) -> Bursts:
        """A burst for each line that a transfer touches, whole or in part."""
        first = self.addresses // line_bytes
        counts = (self.addresses + self.sizes - 1) // line_bytes - first + 1
        before = np.cumsum(counts) - counts
        within = np.arange(counts.sum()) - np.repeat(before, counts)
        return Bursts(
            line_bytes,
            np.repeat(first, counts) + within,
            np.repeat(self.writes, counts),
            np.repeat(self.layers, counts),
        )
