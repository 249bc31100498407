"""Runs dsconv operations in xDSL's interpreter, on numpy arrays."""

from __future__ import annotations

import numpy as np
from xdsl.interpreter import (
    Interpreter,
    InterpreterFunctions,
    PythonValues,
    ReturnedValues,
    TerminatorValue,
    impl,
    impl_terminator,
    register_impls,
)

from dsconv.dialects import fused, graph, reference
from dsconv.dialects.attributes import WindowAttr


@register_impls
class GraphFunctions(InterpreterFunctions):
    """Reference semantics of the graph level. Values are numpy arrays (1, C, H, W)."""

    @impl(graph.ConstantOp)
    def run_constant(
        self, interpreter: Interpreter, op: graph.ConstantOp, args: PythonValues
    ) -> PythonValues:
        return (op.array,)

    @impl(fused.FusedOp)
    def run_fused(
        self, interpreter: Interpreter, op: fused.FusedOp, args: PythonValues
    ) -> PythonValues:
        return interpreter.run_ssacfg_region(op.body, ())

    @impl_terminator(fused.YieldOp)
    def run_yield(
        self, interpreter: Interpreter, op: fused.YieldOp, args: PythonValues
    ) -> tuple[TerminatorValue, PythonValues]:
        return ReturnedValues(args), ()

    @impl(graph.Conv2DOp)
    def run_conv2d(
        self, interpreter: Interpreter, op: graph.Conv2DOp, args: PythonValues
    ) -> PythonValues:
        return self._requantised(op, accumulators(op, args))

    @impl(graph.DepthwiseOp)
    def run_depthwise(
        self, interpreter: Interpreter, op: graph.DepthwiseOp, args: PythonValues
    ) -> PythonValues:
        return self._requantised(op, accumulators(op, args))

    @impl(graph.PointwiseOp)
    def run_pointwise(
        self, interpreter: Interpreter, op: graph.PointwiseOp, args: PythonValues
    ) -> PythonValues:
        return self._requantised(op, accumulators(op, args))

    @impl(graph.LinearOp)
    def run_linear(
        self, interpreter: Interpreter, op: graph.LinearOp, args: PythonValues
    ) -> PythonValues:
        return self._requantised(op, accumulators(op, args))

    @impl(graph.AddOp)
    def run_add(
        self, interpreter: Interpreter, op: graph.AddOp, args: PythonValues
    ) -> PythonValues:
        return self._requantised(op, accumulators(op, args))

    @impl(graph.MulOp)
    def run_mul(
        self, interpreter: Interpreter, op: graph.MulOp, args: PythonValues
    ) -> PythonValues:
        return self._requantised(op, accumulators(op, args))

    @impl(graph.AveragePoolOp)
    def run_avg_pool(
        self, interpreter: Interpreter, op: graph.AveragePoolOp, args: PythonValues
    ) -> PythonValues:
        sums = accumulators(op, args)
        if op.counted_pads is None:
            return self._requantised(op, sums)
        pixels = op.pixels_inside(op.counted_pads.get_values())
        return (reference.average(sums, pixels, op.requant, graph.dtype_of(op.result)),)

    @impl(graph.MaxPoolOp)
    def run_max_pool(
        self, interpreter: Interpreter, op: graph.MaxPoolOp, args: PythonValues
    ) -> PythonValues:
        return (reference.max_pool(args[0], op.window),)

    @impl(graph.RescaleOp)
    def run_rescale(
        self, interpreter: Interpreter, op: graph.RescaleOp, args: PythonValues
    ) -> PythonValues:
        return self._requantised(op, accumulators(op, args))

    @impl(graph.LookupOp)
    def run_lookup(
        self, interpreter: Interpreter, op: graph.LookupOp, args: PythonValues
    ) -> PythonValues:
        x, tables = args
        return (reference.lookup(x, tables),)

    @impl(graph.ConcatOp)
    def run_concat(
        self, interpreter: Interpreter, op: graph.ConcatOp, args: PythonValues
    ) -> PythonValues:
        return (np.concatenate(args, axis=op.joined_axis),)

    @impl(graph.PadOp)
    def run_pad(
        self, interpreter: Interpreter, op: graph.PadOp, args: PythonValues
    ) -> PythonValues:
        padded = reference.pad(args[0], op.window, op.value.value.data)
        return (padded.astype(graph.dtype_of(op.result)),)

    @impl(graph.ResizeOp)
    def run_resize(
        self, interpreter: Interpreter, op: graph.ResizeOp, args: PythonValues
    ) -> PythonValues:
        return (reference.resize(args[0], op.factors),)

    @impl(graph.SliceOp)
    def run_slice(
        self, interpreter: Interpreter, op: graph.SliceOp, args: PythonValues
    ) -> PythonValues:
        shape = graph.tensor_type(op.result).get_shape()
        first, strides = op.first.get_values(), op.strides.get_values()
        return (reference.part(args[0], first, shape, strides),)

    @impl(graph.ShuffleOp)
    def run_shuffle(
        self, interpreter: Interpreter, op: graph.ShuffleOp, args: PythonValues
    ) -> PythonValues:
        return (reference.shuffle(args[0], op.groups.value.data),)

    def _requantised(
        self, op: graph.RequantisedOperation, accumulators: reference.Accumulators
    ) -> PythonValues:
        dtype = graph.dtype_of(op.result)
        if op.narrow is not None:
            return (reference.narrow_requantise(accumulators, op.narrow, dtype),)
        return (reference.requantise(accumulators, op.requant, dtype),)


def accumulators(op: graph.RequantisedOperation, args: PythonValues) -> reference.Accumulators:
    """What a layer requantises, (1, C, H, W), from the values of its operands."""
    match op:
        case graph.WeightedOperation():
            return _weighted_sums(op, *args)
        case graph.AddOp():
            multipliers, zero_points = op.multipliers.get_values(), op.zero_points.get_values()
            return reference.add(args, multipliers, zero_points, op.term_requants)
        case graph.MulOp():
            lhs, rhs = args
            first, second = op.zero_points.get_values()
            return reference.multiply(lhs, rhs, (first, second))
        case graph.AveragePoolOp():
            return reference.sum_pool(args[0], op.window, op.zero_point)
        case graph.RescaleOp():
            return args[0].astype(np.int64) - op.zero_point
        case _:
            raise NotImplementedError(f"the accumulators of {op.name} are not known")


def _weighted_sums(
    op: graph.WeightedOperation,
    x: reference.IntArray,
    weights: reference.IntArray,
    bias: reference.IntArray,
) -> reference.Accumulators:
    zeros = (op.zero_point, op.weight_zero_points.get_values())
    match op:
        case graph.DepthwiseOp():
            return reference.depthwise(x, weights, bias, op.window, *zeros)
        case graph.Conv2DOp():
            return reference.conv2d(x, weights, bias, op.window, *zeros)
        case graph.PointwiseOp():
            kernels = weights[:, :, None, None]
            return reference.conv2d(x, kernels, bias, WindowAttr.of((1, 1)), *zeros)
        case _:
            return reference.linear(x, weights, bias, *zeros)
