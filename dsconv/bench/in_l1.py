"""Cycles of layers in L1, without the transfers that bring their maps and weights there.

The compiler writes the same loops and kernels as ever, for 1 MB of L1. Then the transfers, and the
waits for them, are left out, and kernels run on what lies in L1. What counts is a layer's time,
from its begin to its end, in the second of two runs where the instruction cache matters. What is
timed so makes nothing that could be checked. So the same program with its transfers runs first, and
all its values have to be right; where L2 cannot hold the maps, it has fewer rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp
from xdsl.rewriter import Rewriter

from dsconv.bench.figure3_blocks import Block, FusedBlock, network
from dsconv.dialects.attributes import Space, TileAttr
from dsconv.dialects.fused import FusedOp
from dsconv.dialects.graph import LayerOperation, dtype_of, tensor_type
from dsconv.dialects.run import Array, network_of, run_reference, to_memory
from dsconv.dialects.tiled import BufferOp, DmaStartOp, WaitOp, buffer_type
from dsconv.driver.output import write_folder
from dsconv.driver.pipeline import CLEAN_UP, GRAPH_LEVEL, run_pipeline, set_target
from dsconv.lowering.c_target import network_function
from dsconv.passes.analysis.diagnostics import DoesNotFitError
from dsconv.passes.analysis.layer_shape import LayerShape
from dsconv.passes.scheduling.fused_plan import fused_plan
from dsconv.passes.scheduling.kernel_cost import CostModel
from dsconv.passes.scheduling.layer_cost import layer_cost
from dsconv.passes.scheduling.tile_space import candidate_tiles
from dsconv.profiling.measurements import Measurement, measure
from dsconv.runners import RunResult
from dsconv.targets import load_target

L1_BYTES = 1 << 20
"""As in the paper (section 4.1), and the most that GVSoC has."""

L2_BYTES = 3 << 19
"""Of GVSoC's pulp-open; GAP8 has a third of that."""

L2_CODE_BYTES = 1 << 16
"""What maps leave to code and weights."""

COLD_FROM_MACS = 1 << 25
"""Products from which a cold instruction cache is less than 0.2 %, so that one run is enough."""

UNMOVED_BYTES = 4
"""Of an input or output that nothing moves."""

TARGET = load_target("pulp_open").with_sizes(L1_BYTES, L2_BYTES)
CLUSTER = TARGET.cluster(layers=0)


def cycles_in_l1(block: Block) -> int | None:
    """What a block takes in L1, all its layers together; None where it does not fit.

    Raises AssertionError where one of its values is wrong.
    """
    try:
        program = L1Program.of(block)
        rows = rows_in_l2(block)
        checked = program if rows == block.height else L1Program.of(block.with_rows(rows))
    except DoesNotFitError:
        return None
    checked.check()
    return sum(layer.cycles or 0 for layer in program.time().layers)


def rows_in_l2(block: Block) -> int:
    """Rows of the input, halved until L2 holds all maps."""
    rows = block.height
    while block.with_rows(rows).map_bytes > L2_BYTES - L2_CODE_BYTES:
        rows //= 2
    return rows


@dataclass(frozen=True)
class L1Program:
    """A block as a network, and what the compiler makes of it, up to the memory plan."""

    block: Block
    network: ModuleOp
    lowered: ModuleOp

    @staticmethod
    def of(block: Block) -> L1Program:
        """Compiles a block; DoesNotFitError where L1 is too small for it."""
        module = network(block.layers)
        lowered = in_tiles(module, block)
        run_pipeline(lowered, f"lower-kernels-to-xpulp,lower-kernels,{CLEAN_UP}")
        return L1Program(block, module, lowered)

    def check(self) -> None:
        """Runs it once; AssertionError where a value is wrong."""
        x = random_input(self.network)

        def compare(result: RunResult) -> None:
            made = run_reference(self.network, x).outputs[0]
            expected = to_memory(made, self.block.layers[-1].layouts[1])
            np.testing.assert_array_equal(result.outputs[0], expected, str(self.block))

        run(self.lowered, to_memory(x, self.block.layers[0].layouts[0]), compare)

    def time(self) -> Measurement:
        """Runs it without its transfers."""
        runs = 1 if self.block.macs >= COLD_FROM_MACS else 2
        inputs = np.zeros(runs * UNMOVED_BYTES, np.uint8)
        return run(without_transfers(self.lowered), inputs, lambda result: None)


def random_input(module: ModuleOp) -> Array:
    """An input of a network, the same for all of a shape."""
    (argument,) = network_of(module).body.block.args
    dtype = dtype_of(argument)
    limits, shape = np.iinfo(dtype), tensor_type(argument).get_shape()
    return np.random.default_rng(1).integers(limits.min, limits.max + 1, shape).astype(dtype)


def run(
    lowered: ModuleOp, inputs: NDArray[np.uint8], check: Callable[[RunResult], None]
) -> Measurement:
    """Plans a program's memory, builds and runs it, or finds what was measured before."""
    planned = lowered.clone()
    run_pipeline(planned, f"plan-memory{{l1={CLUSTER.l1} l2=0}}")
    with TemporaryDirectory(prefix="dsconv-") as folder:
        write_folder(planned, Path(folder), TARGET, TARGET.platform)
        return measure(Path(folder), inputs, check)


def without_transfers(lowered: ModuleOp) -> ModuleOp:
    """The program in which nothing is moved: its input and output are a word."""
    clone = lowered.clone()
    function = network_function(clone)
    for kind in (WaitOp, DmaStartOp):
        for op in [op for op in function.walk() if isinstance(op, kind)]:
            Rewriter.erase_op(op)
    for buffer in [op for op in function.body.block.ops if isinstance(op, BufferOp)]:
        smaller = BufferOp(buffer.label.data, UNMOVED_BYTES, buffer.space)
        Rewriter.replace_op(buffer, smaller)
    for argument in function.body.block.args:
        Rewriter.replace_value_with_new_type(argument, buffer_type(UNMOVED_BYTES, Space.L2))
    function.update_function_type()
    run_pipeline(clone, "canonicalize")
    return clone


def in_tiles(module: ModuleOp, block: Block) -> ModuleOp:
    """A network as loops over tiles or steps, pipelined."""
    lowered = module.clone()
    set_target(lowered, TARGET, layers=len(block.layers))
    if isinstance(block, FusedBlock):
        fusion = f"fuse-dsconv{{kernel={block.kernel} fd={block.step} l1=0 l2=0}}"
        run_pipeline(lowered, f"{GRAPH_LEVEL},{fusion}")
        give_buffers(lowered)
    else:
        run_pipeline(lowered, GRAPH_LEVEL)
        give_fewest_tiles(lowered)
    run_pipeline(lowered, "lower-to-tiles{chunk=0},double-buffer")
    return lowered


def give_buffers(module: ModuleOp) -> None:
    """Gives a fused layer two buffers, or one where L1 is too small for two.

    Raises DoesNotFitError where it is too small for one.
    """
    (fused,) = [op for op in module.walk() if isinstance(op, FusedOp)]
    assert fused.tile is not None, "fuse-dsconv writes the step that it is given"
    for buffers in (2, 1):
        tile = replace(fused.tile.tile, buffers=buffers)
        plan = fused_plan(fused, tile)
        if plan is not None and plan.l1_bytes <= CLUSTER.l1:
            fused.properties["tile"] = TileAttr.of(tile)
            return
    raise DoesNotFitError(Space.L1, fused, f'"{fused.label}" does not fit {CLUSTER.l1} bytes')


def give_fewest_tiles(module: ModuleOp) -> None:
    """Gives each layer its whole map as one tile, or the fewest tiles that fit L1.

    The compiler's own choice would cut maps so that transfers overlap computation: here are none.
    """
    costs = CostModel.of(CLUSTER)
    for layer in [op for op in module.walk() if isinstance(op, LayerOperation)]:
        layer_shape = LayerShape.of(layer)
        fitting = [
            (
                layer_shape.tiles(tile),
                -tile.buffers,
                layer_cost(layer_shape, tile, costs).cycles,
                number,
                tile,
            )
            for number, tile in enumerate(candidate_tiles(layer_shape, (2, 1)))
            if layer_shape.l1_bytes(tile) <= CLUSTER.l1
        ]
        *_, tile = min(fitting)
        layer.properties["tile"] = TileAttr.of(tile)
