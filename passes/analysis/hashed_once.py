"""Hashes of frozen dataclasses that are keys of many caches."""

from __future__ import annotations

from typing import TypeVar

Record = TypeVar("Record")


def hashed_once(record: type[Record]) -> type[Record]:
    """Decorates a frozen dataclass of many fields: each object computes its hash once."""
    of_fields = record.__hash__

    def of_object(self: Record) -> int:
        known = self.__dict__.get("_hash")
        if known is None:
            known = self.__dict__["_hash"] = of_fields(self)
        return known

    record.__hash__ = of_object
    return record
