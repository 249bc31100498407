"""Descriptions of the machines that networks are compiled for: one TOML file each."""

from dsconv.targets.cluster import ClusterTarget, MemorySize
from dsconv.targets.dram_accelerator import AcceleratorTarget
from dsconv.targets.kinds import (
    CLUSTER,
    DRAM_ACCELERATOR,
    KINDS,
    SYSTOLIC,
    kind_of,
    load_accelerator,
    load_systolic_target,
    load_target,
)
from dsconv.targets.systolic import SystolicTarget
from dsconv.targets.target import Target

__all__ = [
    "CLUSTER",
    "DRAM_ACCELERATOR",
    "KINDS",
    "SYSTOLIC",
    "AcceleratorTarget",
    "ClusterTarget",
    "MemorySize",
    "SystolicTarget",
    "Target",
    "kind_of",
    "load_accelerator",
    "load_systolic_target",
    "load_target",
]
