"""Sizes of tiles are those of all numbers of parts, also where a dimension is huge."""

from math import ceil

import pytest

from dsconv.passes.scheduling.even_splits import even_splits


def by_every_number(size: int, multiple: int) -> list[int]:
    sizes: list[int] = []
    for parts in range(1, size + 1):
        part = ceil(size / parts)
        rounded = ceil(part / multiple) * multiple
        if rounded <= size and ceil(size / rounded) == ceil(size / part):
            part = rounded
        if part not in sizes:
            sizes.append(part)
    return sizes


@pytest.mark.parametrize("multiple", [1, 2, 4, 8])
def test_every_number_of_parts_has_its_size(multiple: int):
    for size in range(300):
        assert even_splits(size, multiple) == by_every_number(size, multiple)


def test_a_huge_dimension_has_few_sizes():
    sizes = even_splits(2**31 - 1)
    assert sizes[0] == 2**31 - 1
    assert sizes[-1] == 1
    assert len(sizes) < 2 * 2**16
