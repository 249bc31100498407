"""Small networks built layer by layer at the graph level, and their runs on GVSoC.

Weights and inputs are pseudo-random from a fixed seed: the same calls make the same network.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import CallOp, FuncOp, ReturnOp
from xdsl.ir import Operation, SSAValue

from dsconv.dialects import graph
from dsconv.dialects.attributes import Layout, RequantAttr, Space, WindowAttr
from dsconv.dialects.graph import activation_type, dtype_of, layout_of, tensor_type
from dsconv.dialects.tiled import BarrierOp, BufferOp, buffer_size
from dsconv.lowering.c_target import network_function
from dsconv.output import write_folder
from dsconv.pipeline import default_pipeline, make_context, parse_pipeline, run_pipeline
from dsconv.reference import ReferenceRun, network_of, run_reference, to_memory
from dsconv.runners import RunResult, build, gvsoc
from dsconv.targets import Target, load_target

Array = npt.NDArray[np.integer]

MULTIPLIER_BITS = 24
"""As in an exact float32 scale."""

TYPICAL_PRODUCT = 10_000
"""Of an activation and a weight: what sums are scaled by to spread over the output's range."""


@dataclass(frozen=True)
class Activation:
    """How an activation is stored."""

    dtype: type[np.integer] = np.uint8
    zero_point: int = 0
    layout: Layout = Layout.HWC

    def type(self, *shape: int) -> graph.IntTensorType:
        """Its tensor type."""
        return activation_type((1, *shape), self.dtype, self.layout)

    @property
    def range(self) -> tuple[int, int]:
        """Smallest and largest value."""
        limits = np.iinfo(self.dtype)
        return int(limits.min), int(limits.max)


class NetworkBuilder:
    """Builds chains of layers, each from `begin` on.

    The methods for layers take the activation that the layer makes.
    """

    def __init__(self, seed: int = 0):
        self.random = np.random.default_rng(seed)
        self.function = FuncOp("net", ([], []))
        self.block = self.function.body.block
        self.ends: list[SSAValue] = []
        self.layers = 0

    def begin(self, channels: int, height: int, width: int, x: Activation) -> NetworkBuilder:
        """Begins a chain, at an argument of its own; a chain before has ended. Returns itself."""
        if self.block.args:
            self.ends.append(self.value)
        type_ = x.type(channels, height, width)
        self.value: SSAValue = self.block.insert_arg(type_, len(self.block.args))
        self.zero_point = x.zero_point
        return self

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of what the last layer makes."""
        _, channels, height, width = tensor_type(self.value).get_shape()
        return channels, height, width

    def module(self) -> ModuleOp:
        """The network; each chain has a result."""
        self.block.add_op(ReturnOp(*self.ends, self.value))
        self.function.update_function_type()
        module = ModuleOp([self.function])
        module.verify()
        return module

    def depthwise(self, window: WindowAttr, y: Activation) -> None:
        """Depthwise convolution."""
        self._convolve(graph.DepthwiseOp, self.shape[0], 1, window, y)

    def conv2d(self, kernels: int, window: WindowAttr, y: Activation) -> None:
        """Dense convolution."""
        self._convolve(graph.Conv2DOp, kernels, self.shape[0], window, y)

    def pointwise(self, kernels: int, y: Activation) -> None:
        """1x1 convolution."""
        channels, *size = self.shape
        self._multiply(graph.PointwiseOp, kernels, channels, y.type(kernels, *size), y)

    def linear(self, kernels: int, y: Activation) -> None:
        """Fully connected layer."""
        self._multiply(graph.LinearOp, kernels, prod(self.shape), y.type(kernels, 1, 1), y)

    def add(self, multipliers: tuple[int, int], shift: int, y: Activation) -> None:
        """The sum of the last activation and itself, with weights over a power of two."""
        self._add(
            graph.AddOp(
                self._label(),
                self.value,
                self.value,
                RequantAttr.of([1], [2**shift], zero_point=y.zero_point, clip=y.range),
                y.type(*self.shape),
                multipliers=multipliers,
                zero_points=(self.zero_point, self.zero_point),
            ),
            y,
        )

    def average_pool(self, window: WindowAttr, y: Activation) -> None:
        """Average pool."""
        channels, *size = self.shape
        self._add(
            graph.AveragePoolOp(
                self._label(),
                self.value,
                window,
                self._scale(1, 255 * prod(window.kernel), y),
                y.type(channels, *window.output_size(*size)),
                input_zero_point=self.zero_point,
            ),
            y,
        )

    def max_pool(self, window: WindowAttr, layout: Layout) -> None:
        """Max pool; the type stays."""
        channels, *size = self.shape
        y = Activation(dtype_of(self.value), self.zero_point, layout)
        result = y.type(channels, *window.output_size(*size))
        self._add(graph.MaxPoolOp(self._label(), self.value, window, result), y)

    def rescale(self, y: Activation) -> None:
        """Requantisation of every value."""
        self._add(
            graph.RescaleOp(
                self._label(),
                self.value,
                self._scale(1, 255, y),
                y.type(*self.shape),
                input_zero_point=self.zero_point,
            ),
            y,
        )

    def _convolve(
        self,
        operation: type[graph.Conv2DOp | graph.DepthwiseOp],
        kernels: int,
        depth: int,
        window: WindowAttr,
        y: Activation,
    ) -> None:
        _, *size = self.shape
        self._add(
            operation(
                self._label(),
                self.value,
                *self._weights(kernels, depth, *window.kernel),
                window,
                self._requant(kernels, depth * prod(window.kernel), y),
                y.type(kernels, *window.output_size(*size)),
                input_zero_point=self.zero_point,
            ),
            y,
        )

    def _multiply(
        self,
        operation: type[graph.PointwiseOp | graph.LinearOp],
        kernels: int,
        depth: int,
        result: graph.IntTensorType,
        y: Activation,
    ) -> None:
        self._add(
            operation(
                self._label(),
                self.value,
                *self._weights(kernels, depth),
                self._requant(kernels, depth, y),
                result,
                input_zero_point=self.zero_point,
            ),
            y,
        )

    def _label(self) -> str:
        return f"layer{self.layers}"

    def _add(self, layer: graph.LayerOperation, y: Activation) -> None:
        self.block.add_op(layer)
        self.value = layer.result
        self.zero_point = y.zero_point
        self.layers += 1

    def _weights(self, kernels: int, *shape: int) -> tuple[SSAValue, SSAValue]:
        weights = self.random.integers(-127, 128, (kernels, *shape)).astype(np.int8)
        bias = self.random.integers(-3000, 3000, kernels).astype(np.int32)
        constants = [graph.ConstantOp.of(weights), graph.ConstantOp.of(bias)]
        self.block.add_ops(constants)
        return constants[0].result, constants[1].result

    def _requant(self, kernels: int, products: int, y: Activation) -> RequantAttr:
        """A scale per channel that spreads sums of random products over the range of `y`."""
        return self._scale(kernels, 4 * TYPICAL_PRODUCT * products**0.5, y)

    def _scale(self, count: int, spread: float, y: Activation) -> RequantAttr:
        scales = 255 / spread * self.random.uniform(0.7, 1.4, count)
        shift = MULTIPLIER_BITS - 1 - int(np.floor(np.log2(scales.max())))
        multipliers = [int(scale * 2**shift) for scale in scales]
        return RequantAttr.of(multipliers, [2**shift], zero_point=y.zero_point, clip=y.range)


@dataclass(frozen=True)
class GvsocNetwork:
    """A module compiled for GVSoC's cluster by the default pipeline, with one random input."""

    module: ModuleOp
    target: Target = field(default_factory=lambda: load_target("pulp_open"))

    @cached_property
    def lowered(self) -> ModuleOp:
        """The module after the default pipeline."""
        lowered = self.module.clone()
        run_pipeline(lowered, default_pipeline(self.target, len(self.layers)))
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

    Each layer of the module reads an argument and makes a result of its own. All inputs but the
    first, and all outputs but the last, become activations in L2 that nothing writes or reads.
    Requantisations stay as they are.
    """

    @cached_property
    def lowered(self) -> ModuleOp:
        """The module after the default pipeline."""
        lowered = self.module.clone()
        passes = parse_pipeline(default_pipeline(self.target, len(self.layers)))
        context = make_context()
        for module_pass in passes:
            if module_pass.name == "narrow-requant":
                continue
            if module_pass.name == "spill-activations":
                keep_inside(network_function(lowered))
            module_pass.apply(context, lowered)
        lowered.verify()
        return lowered

    @property
    def _argument(self) -> SSAValue:
        return network_of(self.module).body.block.args[0]


def keep_inside(function: FuncOp) -> None:
    """Makes activations of a function's arguments, the first and the last one excepted."""
    block = function.body.block
    for argument in block.args[1:-1]:
        buffer = BufferOp(f"argument{argument.index}", buffer_size(argument), Space.L2)
        block.insert_ops_before([buffer], next(iter(block.ops)))
        argument.replace_all_uses_with(buffer.result)
        block.erase_arg(argument)
    function.update_function_type()


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
