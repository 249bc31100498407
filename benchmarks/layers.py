"""Small networks compiled for GVSoC's cluster, and their runs there.

Inputs are pseudo-random from a fixed seed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import CallOp
from xdsl.ir import Operation, SSAValue

from dsconv.dialects import graph
from dsconv.dialects.graph import dtype_of, layout_of, tensor_type
from dsconv.dialects.run import ReferenceRun, network_of, run_reference, to_memory
from dsconv.dialects.target import Isa
from dsconv.dialects.tiled import BarrierOp
from dsconv.driver.output import write_folder
from dsconv.driver.pipeline import default_pipeline, run_pipeline, set_target
from dsconv.lowering.c_target import network_function
from dsconv.profiling.side_by_side import lower_side_by_side
from dsconv.runners import RunResult, build, gvsoc
from dsconv.targets import ClusterTarget, load_target

Array = npt.NDArray[np.integer]


"""The instruction set of targets whose kernels are C alone."""


@dataclass(frozen=True)
class GvsocNetwork:
    """A module compiled for GVSoC's cluster by the default pipeline, with one random input."""

    module: ModuleOp
    target: ClusterTarget = field(default_factory=lambda: load_target("pulp_open"))

    @cached_property
    def lowered(self) -> ModuleOp:
        """The module after the default pipeline."""
        lowered = self.module.clone()
        set_target(lowered, self.target, len(self.layers))
        run_pipeline(lowered, default_pipeline(self.target))
        return lowered

    @property
    def layers(self) -> list[graph.LayerOperation]:
        """Layers of the network."""
        return [op for op in self.module.walk() if isinstance(op, graph.LayerOperation)]

    @cached_property
    def input(self) -> Array:
        """A (1, C, H, W) input."""
        argument = self._argument
        limits = np.iinfo(dtype_of(argument))
        shape = tensor_type(argument).get_shape()
        values = np.random.default_rng(1).integers(limits.min, limits.max + 1, shape)
        return values.astype(dtype_of(argument))

    @cached_property
    def reference(self) -> ReferenceRun:
        """What the graph's reference semantics make of the input."""
        return run_reference(self.module, self.input)

    @property
    def _argument(self) -> SSAValue:
        (argument,) = network_of(self.module).body.block.args
        return argument

    def run(self, repeats: int = 1, *, trace: bool = False) -> RunResult:
        """Runs the network with every kernel's work done `repeats` times."""
        module = repeat_kernels(self.lowered, repeats)
        with TemporaryDirectory(prefix="dsconv-") as folder:
            directory = Path(folder)
            write_folder(module, directory, self.target, self.target.platform, trace=trace)
            if self.target.core.isa is Isa.PORTABLE:
                hide_extensions(directory)
            build(directory)
            return gvsoc.run(directory, to_memory(self.input, layout_of(self._argument)))

    def check(self, result: RunResult) -> None:
        """Raises AssertionError where an output, or a traced layer's, is not the reference's."""
        expected = to_memory(self.reference.outputs[0], layout_of(self.layers[-1].result))
        for layer, data in zip(self.layers, result.layer_outputs or (), strict=False):
            memory = to_memory(self.reference.layers[layer.label], layout_of(layer.result))
            np.testing.assert_array_equal(data[0], memory, err_msg=str(layer))
        np.testing.assert_array_equal(result.outputs[0], expected)


@dataclass(frozen=True)
class LayersSideBySide(GvsocNetwork):
    """Layers that have nothing to do with each other, in one program: one run measures all.

    Each layer of the module reads an argument and makes a result of its own.
    """

    @cached_property
    def lowered(self) -> ModuleOp:
        """The module after the default pipeline."""
        return lower_side_by_side(self.module, self.target)

    @property
    def _argument(self) -> SSAValue:
        return network_of(self.module).body.block.args[0]


def hide_extensions(directory: Path) -> None:
    """Leaves RV32IMC to the C: the platform no longer says that its cores have more."""
    header = directory / "dsc_platform.h"
    header.write_text(header.read_text().replace("#define DSC_XPULP\n", ""))


def repeat_kernels(module: ModuleOp, repeats: int) -> ModuleOp:
    """A lowered module in which every kernel runs `repeats` times, a barrier between."""
    clone = module.clone()
    calls = [op for op in network_function(clone).walk() if isinstance(op, CallOp)]
    for call in calls:
        block = call.parent_block()
        assert block is not None, "a call is in a layer"
        again: list[Operation] = []
        for _ in range(repeats - 1):
            again += [BarrierOp(), call.clone()]
        block.insert_ops_after(again, call)
    return clone
