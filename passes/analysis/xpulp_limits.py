"""What kernels in Xpulp assembly can do: for those who write them, and for those who price them."""

from __future__ import annotations

from math import ceil

from dsconv.dialects.records import word_aligned
from dsconv.dialects.target import Core, InstructionCache

WORD = 4
"""Bytes that a load brings and a dot product multiplies."""

LARGEST_IMMEDIATE = 2047
"""The largest offset that an instruction holds."""

KEPT_FREE = 44
"""Bytes of the half of a core's stack that gathered pixels are in, left for all else."""

INSTRUCTION_BYTES = 4
"""Of an instruction; the assembly has no compressed ones."""

AROUND_WINDOW = 28
"""Instructions around a pool's window: the loop over outputs and the requantisation."""


def longest_window(cache: InstructionCache) -> int:
    """Instructions of one pool's window without a loop, which a core's own cache holds."""
    return cache.bytes // INSTRUCTION_BYTES - AROUND_WINDOW


def longest_kernel(cache: InstructionCache) -> int:
    """Instructions of a kernel that takes half of the cache that all cores share."""
    return cache.shared_bytes // INSTRUCTION_BYTES // 2


def gathered_bytes(core: Core) -> int:
    """Bytes that gathered pixels may take of a core's stack."""
    return core.stack_bytes // 2 - KEPT_FREE


def transposed_bytes(pixels: int, channels: int) -> int:
    """Bytes of the stack that pixels of CHW take, which are turned to HWC four at a time."""
    return ceil(pixels / WORD) * WORD * word_aligned(channels)


def copied_bytes(pixels: int, row: int) -> int:
    """Bytes of the stack that copied pixels take, with what the last copy may spill."""
    return pixels * word_aligned(row) + WORD


def can_transpose(pixels: int, channels: int, core: Core) -> bool:
    """Whether so many pixels of CHW can be turned to HWC; fewer channels than a word are copied."""
    return channels >= WORD and transposed_bytes(pixels, channels) <= gathered_bytes(core)


def can_copy(pixels: int, row: int, core: Core) -> bool:
    """Whether so many pixels can be copied, each from so many bytes under its window."""
    return copied_bytes(pixels, row) <= gathered_bytes(core)


def reaches_lanes(pixel_stride: int) -> bool:
    """Whether a word can be put together from neighbours in a row that lie so far apart."""
    return (WORD - 1) * pixel_stride <= LARGEST_IMMEDIATE
