"""Damaged files of MLIR: a network or one clear error. FUZZ_FILES sets how many."""

from __future__ import annotations

import re
from random import Random

import numpy as np
import pytest
from test_fuzz_files import FILES, PART, problem_with_file, problems_of
from tosa_functions import WRITERS, TosaFunction, module

NUMBERS = ("0", "1", "-1", "7", "63", "256", "4096", "2147483647", "-9223372036854775808", "?")
PIECE = re.compile(r"[A-Za-z_]+|-?\d+|.", re.DOTALL)


def damaged_file(seed: int) -> bytes:
    """A function whose text has other numbers, words or bytes in places, or ends early."""
    rng = Random(seed)
    function = TosaFunction(np.random.default_rng(seed % 2**32))
    text = module(function.text(WRITERS[rng.choice(list(WRITERS))](function)))
    if rng.random() < 0.15:
        return text[: rng.randrange(len(text))].encode()
    pieces = PIECE.findall(text)
    for _ in range(rng.choice((1, 1, 2, 4))):
        place = rng.randrange(len(pieces))
        kind = pieces[place].strip("-")
        if kind.isdigit():
            pieces[place] = rng.choice(NUMBERS)
        elif rng.random() < 0.5:
            pieces[place] = rng.choice(pieces)
        else:
            pieces[place] = ""
    content = bytearray("".join(pieces).encode())
    if rng.random() < 0.2:
        content[rng.randrange(len(content))] = rng.randrange(256)
    return bytes(content)


def problem_with(seed: int) -> str | None:
    """What is wrong with the way a damaged file is treated."""
    return problem_with_file(damaged_file(seed), name="model.mlir")


@pytest.mark.parametrize("part", range(FILES // PART))
def test_damaged_mlir_files(part: int):
    assert problems_of(part, problem_with) == {}
