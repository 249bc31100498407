"""Kinds of kernels: how many tiles each reads, and which properties belong to it alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xdsl.utils.str_enum import StrEnum


class KernelKind(StrEnum):
    """What a kernel computes on a tile."""

    CONV2D = "conv2d"
    DEPTHWISE = "depthwise"
    ADD = "add"
    MUL = "mul"
    AVG_POOL = "avg_pool"
    MAX_POOL = "max_pool"
    RESCALE = "rescale"
    LOOKUP = "lookup"
    CONCAT = "concat"
    RESIZE = "resize"
    SHUFFLE = "shuffle"


@dataclass(frozen=True)
class KernelSignature:
    """What a kind of kernel reads, needs and takes.

    `inputs` is the number of activation tiles, None where it is any. A kernel that requantises has
    `requant` or `narrow`. All kinds take a window, its starts, a pad value and a pitch.
    """

    inputs: int | None = 1
    requantises: bool = False
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()


KERNEL_SIGNATURES: Mapping[KernelKind, KernelSignature] = {
    KernelKind.CONV2D: KernelSignature(requantises=True, needs=("record",)),
    KernelKind.DEPTHWISE: KernelSignature(requantises=True, needs=("record",), takes=("circular",)),
    KernelKind.ADD: KernelSignature(
        inputs=2, requantises=True, needs=("zero_points", "multipliers"), takes=("terms",)
    ),
    KernelKind.MUL: KernelSignature(inputs=2, requantises=True, needs=("zero_points",)),
    KernelKind.AVG_POOL: KernelSignature(
        requantises=True, needs=("zero_points",), takes=("counted_pads",)
    ),
    KernelKind.MAX_POOL: KernelSignature(),
    KernelKind.RESCALE: KernelSignature(requantises=True, needs=("zero_points",)),
    KernelKind.LOOKUP: KernelSignature(needs=("record",), takes=("shared_record",)),
    KernelKind.CONCAT: KernelSignature(inputs=None, takes=("axis",)),
    KernelKind.RESIZE: KernelSignature(takes=("factors",)),
    KernelKind.SHUFFLE: KernelSignature(takes=("shuffled_groups",)),
}
