"""Nearly equal parts of a dimension, as sizes of tiles."""

from __future__ import annotations


def even_splits(size: int, multiple: int = 1) -> list[int]:
    """Tile sizes that cut `size` into 1, 2, 3, ... nearly equal parts, largest first.

    Parts are rounded up to `multiple` where that leaves their number unchanged.
    """
    sizes: dict[int, None] = {}
    parts = 1
    while parts <= size:
        part = _rounded_up(size, parts)
        rounded = multiple * _rounded_up(part, multiple)
        is_same_number = _rounded_up(size, rounded) == _rounded_up(size, part)
        sizes[rounded if rounded <= size and is_same_number else part] = None
        parts = size + 1 if part == 1 else _rounded_up(size, part - 1)
    return list(sizes)


def _rounded_up(dividend: int, divisor: int) -> int:
    return -(-dividend // divisor)
