"""Nearly equal parts of a dimension, as sizes of tiles."""

from __future__ import annotations

from math import ceil


def even_splits(size: int, multiple: int = 1) -> list[int]:
    """Tile sizes that cut `size` into 1, 2, 3, ... nearly equal parts, largest first.

    Parts are rounded up to `multiple` where that leaves their number unchanged.
    """
    sizes: list[int] = []
    for parts in range(1, size + 1):
        part = ceil(size / parts)
        rounded = ceil(part / multiple) * multiple
        if rounded <= size and ceil(size / rounded) == ceil(size / part):
            part = rounded
        if part not in sizes:
            sizes.append(part)
    return sizes
