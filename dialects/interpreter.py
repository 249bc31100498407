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
        x, weights, bias = args
        return self._requantised(op, reference.conv2d(x, weights, bias, op.window, *_zeros(op)))

    @impl(graph.DepthwiseOp)
    def run_depthwise(
        self, interpreter: Interpreter, op: graph.DepthwiseOp, args: PythonValues
    ) -> PythonValues:
        x, weights, bias = args
        return self._requantised(op, reference.depthwise(x, weights, bias, op.window, *_zeros(op)))

    @impl(graph.PointwiseOp)
    def run_pointwise(
        self, interpreter: Interpreter, op: graph.PointwiseOp, args: PythonValues
    ) -> PythonValues:
        x, weights, bias = args
        accumulators = reference.conv2d(
            x, weights[:, :, None, None], bias, graph.WindowAttr.of((1, 1)), *_zeros(op)
        )
        return self._requantised(op, accumulators)

    @impl(graph.LinearOp)
    def run_linear(
        self, interpreter: Interpreter, op: graph.LinearOp, args: PythonValues
    ) -> PythonValues:
        x, weights, bias = args
        return self._requantised(op, reference.linear(x, weights, bias, *_zeros(op)))

    @impl(graph.AddOp)
    def run_add(
        self, interpreter: Interpreter, op: graph.AddOp, args: PythonValues
    ) -> PythonValues:
        multipliers, zero_points = op.multipliers.get_values(), op.zero_points.get_values()
        sums = reference.add(args, multipliers, zero_points, op.term_requants)
        return self._requantised(op, sums)

    @impl(graph.MulOp)
    def run_mul(
        self, interpreter: Interpreter, op: graph.MulOp, args: PythonValues
    ) -> PythonValues:
        lhs, rhs = args
        first, second = op.zero_points.get_values()
        return self._requantised(op, reference.multiply(lhs, rhs, (first, second)))

    @impl(graph.AveragePoolOp)
    def run_avg_pool(
        self, interpreter: Interpreter, op: graph.AveragePoolOp, args: PythonValues
    ) -> PythonValues:
        sums = reference.sum_pool(args[0], op.window, op.zero_point)
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
        return self._requantised(op, args[0].astype(np.int64) - op.zero_point)

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


def _zeros(op: graph.WeightedOperation) -> tuple[int, tuple[int, ...]]:
    return op.zero_point, op.weight_zero_points.get_values()
