"""Writes a mapped network for SCALE-Sim 3 (scalesim on PyPI): topology, layout and configuration.

Its `-i gemm` takes matrix products, so every layer is what the array multiplies, one line for each
kind of product, and how many of them there are in its name. It knows no row bus: what runs there is
written as matrix products, in the fastest way without it. Cycles that it counts are
`folds * (K + R + C - 2) - 1` with all R rows and C columns of the array in every fold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path

from dsconv.dialects.graph import WeightedOperation
from dsconv.dialects.mapping import ON_THE_BUS
from dsconv.dialects.run import network_of
from dsconv.dialects.target import SystolicArray
from dsconv.execution.array import MappedNetwork
from dsconv.files import folder_written_at_once
from dsconv.passes.systolic.array_work import ArrayWork
from dsconv.passes.systolic.choice import best_mapping
from dsconv.passes.systolic.tiles import Product, products
from dsconv.runners.systolic.network import mapping_of

TOPOLOGY = "topology.csv"
LAYOUT = "layout.csv"
CONFIGURATION = "scale.cfg"

LAYOUT_COLUMNS = 20
"""Of a layer's line in the layout, which all stand at 1: SCALE-Sim's own order of memory."""


@dataclass(frozen=True)
class ScaleSimLayer:
    """A line of the topology."""

    name: str
    product: Product

    def expected_cycles(self, array: SystolicArray) -> int:
        """What SCALE-Sim counts for one product, sums in place."""
        folds = ceil(self.product.rows / array.rows) * ceil(self.product.columns / array.columns)
        return folds * (self.product.terms + array.rows + array.columns - 2) - 1


def scale_sim_layers(mapped: MappedNetwork) -> list[ScaleSimLayer]:
    """All layers with weights as matrix products."""
    return list(_layers(mapped))


def _layers(mapped: MappedNetwork) -> Iterator[ScaleSimLayer]:
    array = mapped.target.array
    plain = replace(array, row_bus=False)
    for op in network_of(mapped.module).body.ops:
        if not isinstance(op, WeightedOperation):
            continue
        work, mapping = ArrayWork.of(op), mapping_of(op)
        if mapping.strategy in ON_THE_BUS:
            mapping = best_mapping(work, plain)
        for product in products(work, mapping, plain):
            name = re.sub(r"[^A-Za-z0-9_.]+", "_", op.label).replace("DP", "dp")
            yield ScaleSimLayer(f"{name}_x{product.count}", product)


def write_scale_sim(mapped: MappedNetwork, folder: Path) -> None:
    """Writes the three files, for `python -m scalesim.scale -i gemm` and its -t, -l and -c."""
    layers, array = scale_sim_layers(mapped), mapped.target.array
    topology = ["Layer,M,N,K,Sparsity,"]
    topology += [
        f"{layer.name},{layer.product.rows},{layer.product.columns},{layer.product.terms},1:1,"
        for layer in layers
    ]
    layout = ["Layer," + ",".join(f"value {number}" for number in range(LAYOUT_COLUMNS)) + ","]
    layout += [f"{layer.name}," + "1," * LAYOUT_COLUMNS for layer in layers]
    dataflow = "os" if array.output_stationary else "ws"
    with folder_written_at_once(folder) as draft:
        (draft / TOPOLOGY).write_text("\n".join(topology) + "\n")
        (draft / LAYOUT).write_text("\n".join(layout) + "\n")
        (draft / CONFIGURATION).write_text(
            f"""[general]
run_name = dsconv

[architecture_presets]
ArrayHeight = {array.rows}
ArrayWidth = {array.columns}
IfmapSramSzkB = 1024
FilterSramSzkB = 1024
OfmapSramSzkB = 1024
IfmapOffset = 0
FilterOffset = 10000000
OfmapOffset = 20000000
Dataflow = {dataflow}
Bandwidth = 10
ReadRequestBuffer = 64
WriteRequestBuffer = 64

[layout]
IfmapCustomLayout = False
IfmapSRAMBankBandwidth = 10
IfmapSRAMBankNum = 10
IfmapSRAMBankPort = 2
FilterCustomLayout = False
FilterSRAMBankBandwidth = 10
FilterSRAMBankNum = 10
FilterSRAMBankPort = 2

[sparsity]
SparsitySupport = false
SparseRep = ellpack_block
OptimizedMapping = false
BlockSize = 8
RandomNumberGeneratorSeed = 40

[run_presets]
InterfaceBandwidth = CALC
UseRamulatorTrace = False
"""
        )
