"""Damaged .tflite files: a network or one clear error. FUZZ_FILES sets how many."""

from __future__ import annotations

from random import Random

import pytest
from test_fuzz_files import FILES, PART, problem_with_file, problems_of
from tflite_operators import WRITERS, random_operator

EXTREMES = (0, 1, 0x7F, 0x80, 0xFF)


def damaged_file(seed: int) -> bytes:
    """A file of one operator, some of whose bytes are others, or that ends early."""
    rng = Random(seed)
    data, _ = random_operator(rng.choice(list(WRITERS)), seed % 2**32, "int8")
    content = bytearray(data)
    if rng.random() < 0.2:
        return bytes(content[: rng.randrange(8, len(content))])
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        place = rng.randrange(len(content))
        if rng.random() < 0.5:
            content[place] = rng.choice(EXTREMES)
        else:
            content[place : place + 4] = rng.randbytes(4)
    content[4:8] = b"TFL3"
    return bytes(content)


def problem_with(seed: int) -> str | None:
    """What is wrong with the way a damaged file is treated."""
    return problem_with_file(damaged_file(seed), Random(seed).choice([None, "LiteRT"]))


@pytest.mark.parametrize("part", range(FILES // PART))
def test_damaged_tflite_files(part: int):
    assert problems_of(part, problem_with) == {}
