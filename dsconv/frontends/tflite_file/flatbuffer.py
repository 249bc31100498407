"""Reads tables of a flatbuffer.

The format: https://flatbuffers.dev/internals. A table begins with the distance back to its vtable,
which gives the place of each field within the table, 0 for a field that has its default.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

LARGEST_VECTOR = 2**31
VTABLE_HEAD = 4
"""Bytes of a vtable before its fields: its own size and the table's."""


class DamagedError(Exception):
    """A place outside the file, or a size that cannot be."""


@dataclass(frozen=True)
class Table:
    """A table of the buffer at a position; `field` counts as the schema does, from 0."""

    data: bytes
    position: int

    @staticmethod
    def root(data: bytes) -> Table:
        """The table that the first word of the file points to."""
        return Table(data, _unpack("<I", data, 0))

    def integer(self, field: int, form: str, default: int = 0) -> int:
        """A number of the type that `struct` calls `form`."""
        place = self._place(field)
        return default if place is None else int(_unpack(f"<{form}", self.data, place))

    def real(self, field: int, default: float = 0.0) -> float:
        """A float32."""
        place = self._place(field)
        return default if place is None else float(_unpack("<f", self.data, place))

    def flag(self, field: int) -> bool:
        """A bool, false by default."""
        return self.integer(field, "B") != 0

    def text(self, field: int) -> str:
        """A string, empty where it is absent."""
        return self.array(field, np.uint8).tobytes().decode("utf-8", "replace")

    def table(self, field: int) -> Table | None:
        """A table, None where it is absent."""
        place = self._place(field)
        return None if place is None else Table(self.data, self._followed(place))

    def tables(self, field: int) -> list[Table]:
        """A vector of tables."""
        start, count = self._vector(field, 4)
        return [Table(self.data, self._followed(start + 4 * index)) for index in range(count)]

    def array(self, field: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """A vector of numbers, empty where it is absent."""
        form = np.dtype(dtype).newbyteorder("<")
        start, count = self._vector(field, form.itemsize)
        return np.frombuffer(self.data, form, count, start)

    def _vector(self, field: int, size: int) -> tuple[int, int]:
        """Where a vector's elements begin, and how many there are."""
        place = self._place(field)
        if place is None:
            return 0, 0
        start = self._followed(place)
        count = _unpack("<I", self.data, start)
        if start + 4 + count * size > len(self.data):
            raise DamagedError(f"a vector of {count} elements runs over the end")
        return start + 4, count

    def _place(self, field: int) -> int | None:
        vtable = self.position - _unpack("<i", self.data, self.position)
        offset = VTABLE_HEAD + 2 * field
        if offset + 2 > _unpack("<H", self.data, vtable):
            return None
        place = _unpack("<H", self.data, vtable + offset)
        return self.position + place if place else None

    def _followed(self, place: int) -> int:
        return place + _unpack("<I", self.data, place)


def _unpack(form: str, data: bytes, place: int) -> Any:
    if place < 0:
        raise DamagedError(f"a reference to place {place}")
    try:
        return struct.unpack_from(form, data, place)[0]
    except struct.error as error:
        raise DamagedError(f"a reference to place {place} of {len(data)}") from error
