"""What the paper measured (Daghero et al. 2024), as its text and tables say.

On GAP8 silicon, or for Figure 3 on GVSoC, with the vendor's compiler.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.utils.str_enum import StrEnum


class Method(StrEnum):
    """How a network is deployed in Table 2."""

    BASELINE = "baseline"
    LATENCY = "lowest latency"
    TRANSFERS = "lowest transfers"


@dataclass(frozen=True)
class Deployment:
    """Cycles of a network, and bytes of activations between L2 and L1."""

    cycles: int
    moved_bytes: int


def deployments(*numbers: tuple[int, int]) -> dict[Method, Deployment]:
    """The three rows of a network in Table 2."""
    return {method: Deployment(*pair) for method, pair in zip(Method, numbers, strict=True)}


TABLE_2 = {
    "mv1-224": deployments(
        (10_000_000, 2_900_000), (8_900_000, 2_750_000), (11_400_000, 1_640_000)
    ),
    "mv1-128": deployments((3_080_000, 879_000), (2_730_000, 639_400), (3_070_000, 491_900)),
    "mv1-96": deployments((2_200_000, 497_030), (2_020_000, 343_810), (2_030_000, 270_090)),
    "mv2-224": deployments(
        (14_890_000, 5_830_000), (13_270_000, 3_510_000), (13_430_000, 3_280_000)
    ),
    "mv2-128": deployments((6_760_000, 2_470_000), (6_330_000, 1_720_000), (6_580_000, 1_160_000)),
    "dscnn": deployments((686_250, 144_670), (685_790, 128_670), (761_420, 80_670)),
}
"""By the names of `dsconv zoo`."""

FIGURE_3 = {
    ("dw-pw-rows-chw-hwc-chw", 4): 0.11,
    ("dw-pw-rows-chw-hwc-chw", 8): 0.07,
    ("dw-pw-rows-chw-hwc-chw", 16): 0.0513,
    ("pw-dw-channels-hwc-chw-hwc", 8): 0.1927,
    ("pw-dw-rows-hwc-chw-hwc", 18): 0.0715,
}
"""Median overheads over unfused kernels that section 4.2 names, by kernel and FD.

That of PW-DW rows is the paper's at FD 20, beside ours at 18: 18 rows of output cut no map evenly.
"""
