"""Stores a block of outputs, side by side as far as they lie so in the tile."""

from __future__ import annotations

from collections.abc import Sequence

from dsconv.lowering.xpulp.assembly import Assembly
from dsconv.lowering.xpulp.blocks import DenseShape
from dsconv.passes.analysis.xpulp_limits import LARGEST_IMMEDIATE, WORD

STORES = {1: "sb", WORD: "sw"}


def store_lines(
    asm: Assembly, shape: DenseShape, values: list[list[str]], y: str, *, moving: bool
) -> int:
    """Stores values by pixel and channel. `moving` takes the pointer along; returns how far."""
    lines, stride = values, shape.output_pixel_stride
    if not shape.channels_are_lanes:
        stride = shape.output_channel_stride
        lines = [list(line) for line in zip(*values, strict=True)]
    last_offset = (len(lines) - 1) * stride + len(lines[0]) * shape.output_bytes
    if not moving and last_offset <= LARGEST_IMMEDIATE:
        for number, line in enumerate(lines):
            for lane, size, value in pack(asm, line, shape.output_bytes):
                asm(STORES[size], value, y, number * stride + lane)
        return 0
    with asm.constants(*([stride] if stride > LARGEST_IMMEDIATE else [])) as steps:
        for line in lines:
            store_and_move(asm, line, y, steps[0] if steps else stride, shape.output_bytes)
    return len(lines) * stride


def store_and_move(
    asm: Assembly, line: Sequence[str], y: str, step: str | int, value_bytes: int = 1
) -> None:
    """Stores a line; its first value comes last, and takes the pointer to the next line."""
    first, *others = pack(asm, line, value_bytes)
    for lane, size, value in others:
        asm(STORES[size], value, y, lane)
    _, size, value = first
    form = "!" if isinstance(step, int) else ".r!"
    asm(f"p.{STORES[size]}{form}", value, y, step)


def pack(asm: Assembly, line: Sequence[str], value_bytes: int = 1) -> list[tuple[int, int, str]]:
    """Packs four bytes each into a register; returns offset, bytes and register of all."""
    if value_bytes == WORD:
        return [(lane * WORD, WORD, value) for lane, value in enumerate(line)]
    packed: list[tuple[int, int, str]] = []
    whole = len(line) // WORD * WORD
    for lane in range(0, whole, WORD):
        first, second, third, fourth = line[lane : lane + WORD]
        asm("pv.packlo.b", first, second, first)
        asm("pv.packhi.b", first, fourth, third)
        packed.append((lane, WORD, first))
    return packed + [(lane, 1, line[lane]) for lane in range(whole, len(line))]
