"""What a module is for: `dsconv.target` on the module, an attribute for each kind of machine.

A kind of machine has a module here: its record of facts, what has to hold of them, and its
attribute. `dsconv/targets` reads the same records from TOML.
"""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp

from dsconv.dialects.target.accelerator import Accelerator, AcceleratorAttr
from dsconv.dialects.target.cluster import (
    L3,
    MOST_CORES,
    Cluster,
    ClusterAttr,
    ClusterParts,
    Core,
    Dma,
    Energy,
    InstructionCache,
    Isa,
    check_cluster,
)
from dsconv.dialects.target.systolic_array import (
    Dataflow,
    Drain,
    SystolicArray,
    SystolicArrayAttr,
    TileFlow,
)
from dsconv.dialects.target.tables import TableError, read_table

TARGET = "dsconv.target"
"""Name of the module's attribute."""

TARGET_ATTRIBUTES = [AcceleratorAttr, ClusterAttr, SystolicArrayAttr]


def cluster_in(module: ModuleOp) -> Cluster | None:
    """The cluster that a module says it is for."""
    attribute = module.attributes.get(TARGET)
    return attribute.data if isinstance(attribute, ClusterAttr) else None


def array_in(module: ModuleOp) -> SystolicArray | None:
    """The systolic array that a module says it is for."""
    attribute = module.attributes.get(TARGET)
    return attribute.data if isinstance(attribute, SystolicArrayAttr) else None


def accelerator_in(module: ModuleOp) -> Accelerator | None:
    """The accelerator that a module says it is for."""
    attribute = module.attributes.get(TARGET)
    return attribute.data if isinstance(attribute, AcceleratorAttr) else None


__all__ = [
    "L3",
    "MOST_CORES",
    "TARGET",
    "TARGET_ATTRIBUTES",
    "Accelerator",
    "AcceleratorAttr",
    "Cluster",
    "ClusterAttr",
    "ClusterParts",
    "Core",
    "Dataflow",
    "Dma",
    "Drain",
    "Energy",
    "InstructionCache",
    "Isa",
    "SystolicArray",
    "SystolicArrayAttr",
    "TableError",
    "TileFlow",
    "accelerator_in",
    "array_in",
    "check_cluster",
    "cluster_in",
    "read_table",
]
