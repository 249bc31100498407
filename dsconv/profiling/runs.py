"""Measures programs of candidates on GVSoC, for profiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from rich.console import Console
from xdsl.parser import Parser

from dsconv.dialects.graph import tensor_bytes, tensor_type
from dsconv.dialects.run import network_of
from dsconv.driver.output import write_folder
from dsconv.driver.pipeline import make_context
from dsconv.parallel.executor import Executor
from dsconv.parallel.sweep import sweep
from dsconv.profiling.measurements import measure
from dsconv.profiling.schedule import Batch, Measurer
from dsconv.profiling.side_by_side import lower_side_by_side
from dsconv.targets import load_target

L2_BYTES = 1_400_000
"""Of 1.5 MB that GVSoC's pulp-open has; the rest is for code."""


def gvsoc_measurer(executor: Executor, console: Console) -> Measurer:
    """Measures on GVSoC, wherever programs run, or finds what was measured before."""

    def measure_all(batches: Sequence[Batch]) -> Mapping[Batch, Sequence[int]]:
        return sweep("profiles", measure_batch, batches, executor, console)

    return measure_all


def measure_batch(batch: Batch) -> tuple[int, ...]:
    """Cycles of each layer of a program on GVSoC."""
    target = load_target("pulp_open").with_sizes(batch.l1, L2_BYTES)
    module = Parser(make_context(), batch.module).parse_module()
    lowered = lower_side_by_side(module, target)
    argument = network_of(module).body.block.args[0]
    with TemporaryDirectory(prefix="dsconv-") as folder:
        write_folder(lowered, Path(folder), target, target.platform)
        inputs = np.zeros(tensor_bytes(tensor_type(argument)), np.uint8)
        measurement = measure(Path(folder), inputs, check=lambda result: None)
    return tuple(layer.cycles or 0 for layer in measurement.layers)
