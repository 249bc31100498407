"""A whole network on an array: layers with weights run on it, all others beside it."""

from __future__ import annotations

from collections.abc import Mapping as Table
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.interpreter import (
    Interpreter,
    InterpreterFunctions,
    PythonValues,
    impl,
    register_impls,
)
from xdsl.ir import Operation

from dsconv.dialects import graph, reference
from dsconv.dialects.mapping import MAPPING, ON_THE_BUS, Mapping, MappingAttr, Strategy
from dsconv.dialects.run import Array, make_interpreter, network_of
from dsconv.dialects.target import SystolicArray
from dsconv.passes.systolic.array_work import ArrayWork
from dsconv.passes.systolic.tiles import moved_bytes
from dsconv.runners.process import RunnerError
from dsconv.runners.systolic.layer import run_layer
from dsconv.runners.systolic.registers import Operands
from dsconv.runners.systolic.simulator import Simulator


@dataclass(frozen=True)
class LayerRun:
    """A layer as it ran: its mapping, its cycles, and the bytes that passed the array's edges.

    All three are None where it ran beside the array.
    """

    label: str
    kind: str
    macs: int
    result: Array
    mapping: Mapping | None = None
    cycles: int | None = None
    moved_bytes: int | None = None


@dataclass(frozen=True)
class NetworkRun:
    """Results of a network and of all its layers, in their order."""

    outputs: tuple[Array, ...]
    layers: tuple[LayerRun, ...]

    @property
    def cycles(self) -> int:
        """Cycles of the array."""
        return sum(layer.cycles or 0 for layer in self.layers)


def run_network(
    module: ModuleOp,
    array: SystolicArray,
    *inputs: Array,
    simulator: Simulator | None = None,
) -> NetworkRun:
    """Runs a mapped network on (1, C, H, W) arrays. RunnerError where a layer has no mapping."""
    functions = ArrayFunctions(array, simulator or Simulator())
    recorder = _Recorder(array, functions.cycles)
    interpreter = make_interpreter(module, recorder)
    interpreter.register_implementations(functions, override=True)
    outputs = interpreter.call_op(network_of(module).sym_name.data, inputs)
    return NetworkRun(outputs, tuple(recorder.layers))


@dataclass
class _Recorder(Interpreter.Listener):
    """Keeps what every layer made."""

    array: SystolicArray
    cycles: Table[Operation, int]
    layers: list[LayerRun] = field(default_factory=list[LayerRun])

    def did_interpret_op(self, op: Operation, results: tuple[Any, ...]) -> None:
        if not isinstance(op, graph.LayerOperation):
            return
        found = LayerRun(op.label, op.kind, op.macs, results[0])
        if isinstance(op, graph.WeightedOperation):
            mapping = mapping_of(op)
            moved = moved_bytes(ArrayWork.of(op), mapping, self.array)
            found = replace(found, mapping=mapping, cycles=self.cycles[op], moved_bytes=moved)
        self.layers.append(found)


@register_impls
class ArrayFunctions(InterpreterFunctions):
    """Layers with weights, on an array. `cycles` has those of each layer that has run."""

    def __init__(self, array: SystolicArray, simulator: Simulator):
        super().__init__()
        self.array = array
        self.simulator = simulator
        self.cycles: dict[Operation, int] = {}

    @impl(graph.Conv2DOp)
    def run_conv2d(
        self, interpreter: Interpreter, op: graph.Conv2DOp, args: PythonValues
    ) -> PythonValues:
        return self._run(op, *args)

    @impl(graph.DepthwiseOp)
    def run_depthwise(
        self, interpreter: Interpreter, op: graph.DepthwiseOp, args: PythonValues
    ) -> PythonValues:
        return self._run(op, *args)

    @impl(graph.PointwiseOp)
    def run_pointwise(
        self, interpreter: Interpreter, op: graph.PointwiseOp, args: PythonValues
    ) -> PythonValues:
        return self._run(op, *args)

    @impl(graph.LinearOp)
    def run_linear(
        self, interpreter: Interpreter, op: graph.LinearOp, args: PythonValues
    ) -> PythonValues:
        return self._run(op, *args)

    def _run(
        self, op: graph.WeightedOperation, x: Array, weights: Array, bias: Array
    ) -> PythonValues:
        work, mapping = ArrayWork.of(op), mapping_of(op)
        if not has_mapping(self.array, mapping):
            raise RunnerError(
                f'layer "{op.label}": the array has no way to run it {mapping.strategy}; map it '
                "for this array"
            )
        operands = centred_operands(op, work, x, weights)
        sums, self.cycles[op] = run_layer(*operands, work, mapping, self.array, self.simulator)
        sums = sums.reshape(graph.tensor_type(op.result).get_shape())
        accumulators = sums + reference.per_channel(bias.tolist())
        return (reference.requantise(accumulators, op.requant, graph.dtype_of(op.result)),)


def has_mapping(array: SystolicArray, mapping: Mapping) -> bool:
    """Whether the PEs of an array can do what a mapping needs."""
    if mapping.strategy is Strategy.WEIGHT_STATIONARY:
        return array.weight_stationary
    return array.output_stationary and (array.row_bus or mapping.strategy not in ON_THE_BUS)


def mapping_of(op: graph.LayerOperation) -> Mapping:
    """What map-array chose for a layer; RunnerError where it did not."""
    attribute = op.attributes.get(MAPPING)
    if not isinstance(attribute, MappingAttr):
        raise RunnerError(f'layer "{op.label}" has no mapping; run map-array first')
    return attribute.mapping


def centred_operands(
    op: graph.WeightedOperation, work: ArrayWork, x: Array, weights: Array
) -> tuple[Operands, Operands]:
    """What enters the array: inputs (C, IY, IX) and weights (K, C of a group, FY, FX).

    Zero points are subtracted at its edge.
    """
    zero_points = np.broadcast_to(op.weight_zero_points.get_values(), len(weights))
    flat = weights.reshape(len(weights), -1).astype(np.int32) - zero_points[:, None]
    inputs = x.astype(np.int32) - op.zero_point
    return (
        inputs.reshape(work.groups * work.channels, work.height, work.width),
        flat.astype(np.int32).reshape(len(weights), work.channels, *work.window.kernel),
    )
