"""Where two arrays differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Difference:
    """Where two arrays of one layer differ first, and in how many values."""

    place: str
    index: tuple[int, ...]
    expected: int
    actual: int
    count: int
    size: int

    def __str__(self) -> str:
        at = ", ".join(map(str, self.index))
        return (
            f"{self.place}: {self.count} of {self.size} values differ, the first at [{at}]: "
            f"{self.actual}, expected {self.expected}"
        )


def first_difference(
    place: str, expected: npt.NDArray[Any], actual: npt.NDArray[Any]
) -> Difference | None:
    """The first value that differs; None where all are equal."""
    differs = expected != actual
    if not differs.any():
        return None
    index = tuple(int(position) for position in np.argwhere(differs)[0])
    return Difference(
        place,
        index,
        int(expected[index]),
        int(actual[index]),
        int(differs.sum()),
        int(differs.size),
    )
