"""What a run gives, and how it is read from the files that runtime_c/harness.c writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsconv.runners.counts import LayerCounts, read_counts
from dsconv.runners.process import RunnerError

HEADER_WORDS = 3
RECORD_HEADER_WORDS = 2
WORD = np.dtype("<u4")


@dataclass(frozen=True)
class LayerStats:
    """Counters of one layer for one input: cycles (None where not measured) and bytes moved."""

    cycles: int | None
    l2_l1_in: int
    l2_l1_out: int
    l2_l1_weights: int
    l3_l2: int

    @property
    def activation_bytes(self) -> int:
        """Bytes of activations between L2 and L1, both ways."""
        return self.l2_l1_in + self.l2_l1_out


WORDS_PER_ROW = len(LayerStats.__dataclass_fields__)


@dataclass(frozen=True)
class RunResult:
    """One run of a compiled network on n inputs.

    outputs: (n, output bytes). layer_outputs: for each layer (n, bytes of the layer's output), None
    unless the network was built with tracing. layer_stats: for each input, a row a layer. cycles:
    for each input the whole network, None where the platform does not measure. bank_conflicts:
    whether cores that load from one bank of L1 waited for each other in them. counts: for each
    layer what its cores did for the last input, None unless the network was built to count.
    """

    outputs: NDArray[np.uint8]
    layer_outputs: tuple[NDArray[np.uint8], ...] | None
    layer_stats: tuple[tuple[LayerStats, ...], ...]
    cycles: tuple[int, ...] | None
    bank_conflicts: bool
    counts: tuple[LayerCounts, ...] | None
    wall_time_s: float


def read_result(
    directory: Path, wall_time_s: float, *, measures_cycles: bool, bank_conflicts: bool
) -> RunResult:
    """Read output.bin, stats.bin and, where they are, layers.bin and counts.bin.

    Raises RunnerError when a file is missing or does not fit the others.
    """
    words = np.frombuffer(_read(directory / "stats.bin"), WORD)
    inputs, layers, words_per_row = (int(word) for word in words[:HEADER_WORDS])
    if words_per_row != WORDS_PER_ROW or words.size != HEADER_WORDS + inputs * (
        1 + layers * words_per_row
    ):
        raise RunnerError(f"stats.bin: {words.size} words for {inputs} inputs and {layers} layers")
    per_input = words[HEADER_WORDS:].reshape(inputs, 1 + layers * words_per_row)
    rows = per_input[:, 1:].reshape(inputs, layers, words_per_row)
    return RunResult(
        outputs=_read_outputs(directory / "output.bin", inputs),
        layer_outputs=_read_layers(directory / "layers.bin", inputs, layers),
        layer_stats=tuple(
            tuple(_layer_stats(row.tolist(), measures_cycles) for row in input_rows)
            for input_rows in rows
        ),
        cycles=tuple(per_input[:, 0].tolist()) if measures_cycles else None,
        bank_conflicts=bank_conflicts,
        counts=read_counts(directory / "counts.bin"),
        wall_time_s=wall_time_s,
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise RunnerError(f"the program ended without writing {path.name}") from None


def _layer_stats(row: Sequence[int], measures_cycles: bool) -> LayerStats:
    cycles, *moved = row
    return LayerStats(cycles if measures_cycles else None, *moved)


def _read_outputs(path: Path, inputs: int) -> NDArray[np.uint8]:
    outputs = np.frombuffer(_read(path), np.uint8)
    if inputs == 0 or outputs.size % inputs:
        raise RunnerError(f"output.bin: {outputs.size} bytes for {inputs} inputs")
    return outputs.reshape(inputs, -1)


def _read_layers(path: Path, inputs: int, layers: int) -> tuple[NDArray[np.uint8], ...] | None:
    if not path.exists():
        return None
    data = path.read_bytes()
    outputs: list[list[bytes]] = [[] for _ in range(layers)]
    start = 0
    while start < len(data):
        layer, size = np.frombuffer(data, WORD, RECORD_HEADER_WORDS, start).tolist()
        start += RECORD_HEADER_WORDS * WORD.itemsize
        outputs[layer].append(data[start : start + size])
        start += size
    if any(len(of_layer) != inputs for of_layer in outputs):
        raise RunnerError(
            f"layers.bin: not one record for each of {inputs} inputs and {layers} layers"
        )
    return tuple(
        np.frombuffer(b"".join(of_layer), np.uint8).reshape(inputs, -1) for of_layer in outputs
    )
