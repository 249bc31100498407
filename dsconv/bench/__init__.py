"""Benchmarks of what the compiler makes, on GVSoC, beside what the paper measured."""

from enum import StrEnum


class Part(StrEnum):
    """Parts of the paper's evaluation (Daghero et al. 2024, section 4)."""

    FIGURE_3 = "fig3"
    TABLE_2 = "table2"
    FIGURE_4 = "fig4"
