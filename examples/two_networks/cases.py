"""Random inputs of networks and the outputs that they must give, as a C header."""

import argparse
from collections.abc import Iterable
from pathlib import Path

import numpy as np

import dsconv

TURNS = 3
"""How often each network is called."""


def rows_of_c(name: str, rows: Iterable[np.ndarray]) -> str:
    """Arrays as rows of bytes."""
    texts = [",".join(map(str, np.ascontiguousarray(row).view(np.uint8).ravel())) for row in rows]
    size = texts[0].count(",") + 1
    lines = ",\n".join(f"{{{text}}}" for text in texts)
    return f"static const uint8_t {name}[TURNS][{size}] = {{\n{lines}}};\n"


def cases(model: Path) -> str:
    """Inputs and outputs of one network, under the name of its file."""
    network = dsconv.compile(model, "mcu")
    (x,) = network.imported.inputs
    limits = np.iinfo(x.dtype)
    rng = np.random.default_rng(1)
    inputs = rng.integers(limits.min, limits.max + 1, (TURNS, *x.shape)).astype(x.dtype)
    outputs = network.run(inputs).output
    return rows_of_c(f"{model.stem}_inputs", inputs) + rows_of_c(f"{model.stem}_outputs", outputs)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    given = parser.parse_args()
    text = f"#include <stdint.h>\nenum {{ TURNS = {TURNS} }};\n"
    given.output.write_text(text + "".join(map(cases, given.models)))
