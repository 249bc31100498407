"""Which form a dense kernel takes: whatever is fastest of those that fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from dsconv.dialects.target import Cluster, Core
from dsconv.dialects.tiled import KernelOp
from dsconv.lowering.xpulp.assembly import Assembly, RegisterPressureError
from dsconv.lowering.xpulp.blocks import BlockSplit, DenseShape, rough_cycles, splits
from dsconv.lowering.xpulp.dense import DenseWriter, dense_shape
from dsconv.lowering.xpulp.gather import Gather, can_gather, gather_for, group_of, reads_in_place
from dsconv.lowering.xpulp.register_weights import resident_candidates
from dsconv.lowering.xpulp.requantise import requantiser
from dsconv.lowering.xpulp.tap_pointers import TapPointers, TapWriter, reads_taps
from dsconv.passes.analysis.xpulp_limits import WORD

CANDIDATES = 8
"""Splits that are written out before one is chosen."""


@dataclass(frozen=True)
class Form:
    """A way to read pixels, and what writes it."""

    writer: type[DenseWriter]
    gather: Gather | None


def conv2d(kernel: KernelOp, cluster: Cluster) -> str | None:
    """The kernel's function; None where there is no form for it."""
    if requantiser(Assembly(), kernel) is None:
        return None
    core = cluster.core
    written = [asm for form in forms(kernel, core) for asm in candidates(kernel, form, core)]
    return min(written, key=lambda asm: asm.cycles(cluster)).text() if written else None


def forms(kernel: KernelOp, core: Core) -> Iterator[Form]:
    """All forms that a kernel can have."""
    if can_gather(kernel):
        yield Form(DenseWriter, gather_for(kernel, core))
    has_taps = prod(kernel.window.kernel) > 1 and not reads_in_place(kernel)
    is_long = group_of(kernel).channels >= WORD or not can_gather(kernel)
    if has_taps and is_long and reads_taps(kernel):
        yield Form(TapWriter, TapPointers(kernel))


def candidates(kernel: KernelOp, form: Form, core: Core) -> Iterator[Assembly]:
    """The kernel written for the splits that look best."""
    requantise = requantiser(Assembly(), kernel)
    assert requantise is not None
    gather, shape = form.gather, dense_shape(kernel, form.gather)
    gather_cycles = gather.cycles if gather is not None else 0
    ordered = sorted(
        splits(shape, core.count),
        key=lambda split: rough_cycles(shape, split, requantise.cycles, gather_cycles),
    )
    count = 0
    for split in ordered:
        if gather is not None and not gather.fits(split.pixels, core):
            continue
        try:
            for together in gathered_together(shape, split, gather, core):
                yield form.writer(kernel, shape, together, gather).write()
        except RegisterPressureError:
            continue
        count += 1
        if count == CANDIDATES:
            break
    if form.writer is DenseWriter:
        yield from resident_candidates(kernel, shape, gather, core)


def gathered_together(
    shape: DenseShape, split: BlockSplit, gather: Gather | None, core: Core
) -> Iterator[BlockSplit]:
    """A split for all numbers of blocks whose pixels may be gathered at a time."""
    yield split
    if gather is None:
        return
    for together in range(2, split.pixel_blocks + 1):
        larger = split.with_together(shape, together)
        if not gather.fits(larger.pixels_together, core) or larger.pixels_together > shape.pixels:
            return
        yield larger
