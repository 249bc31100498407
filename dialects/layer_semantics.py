"""Reference semantics of layers: of operations on whole tensors, and of kernels on their tiles.

Nothing is computed for an operation or a kernel that is not named here: it is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import TensorType
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
from dsconv.dialects.attributes import Layout, LayoutAttr, WindowAttr
from dsconv.dialects.graph import DTYPES, tensor_bytes
from dsconv.dialects.records import (
    BIAS,
    WEIGHT_ZERO_POINT,
    depthwise_row_bytes,
    record_narrow,
    record_requant,
    unpack_records,
    unpack_steps,
    unpack_sum_steps,
)
from dsconv.dialects.tiled import KernelKind, KernelOp

Bytes = npt.NDArray[np.uint8]


# Operations on whole tensors


def accumulators(op: graph.RequantisedOperation, args: PythonValues) -> reference.Accumulators:
    """What a layer requantises, (1, C, H, W), from the values of its operands."""
    match op:
        case graph.Conv2DOp():
            x, weights, bias = args
            return reference.conv2d(x, weights, bias, op.window, *zero_points(op))
        case graph.DepthwiseOp():
            x, weights, bias = args
            return reference.depthwise(x, weights, bias, op.window, *zero_points(op))
        case graph.PointwiseOp():
            x, weights, bias = args
            kernels = weights[:, :, None, None]
            return reference.conv2d(x, kernels, bias, WindowAttr.of((1, 1)), *zero_points(op))
        case graph.LinearOp():
            x, weights, bias = args
            return reference.linear(x, weights, bias, *zero_points(op))
        case graph.AddOp():
            multipliers, centres = op.multipliers.get_values(), op.zero_points.get_values()
            return reference.add(args, multipliers, centres, op.term_requants)
        case graph.MulOp():
            lhs, rhs = args
            first, second = op.zero_points.get_values()
            return reference.multiply(lhs, rhs, (first, second))
        case graph.AveragePoolOp():
            return reference.sum_pool(args[0], op.window, op.zero_point)
        case graph.InterpolateOp():
            rows, columns = op.places
            shape, firsts = graph.tensor_type(op.result).get_shape(), (rows[1], columns[1])
            nearest, places = op.nearest is not None, (*rows, *columns)
            return reference.interpolate(
                args[0], firsts, shape, places, op.zero_point, nearest=nearest
            )
        case graph.RescaleOp():
            return args[0].astype(np.int64) - op.zero_point
        case _:
            raise NotImplementedError(f"the accumulators of {op.name} are not known")


def zero_points(op: graph.WeightedOperation) -> tuple[int, tuple[int, ...]]:
    """Zero points of a layer's input, and of its weights."""
    return op.zero_point, op.weight_zero_points.get_values()


def requantised(op: graph.RequantisedOperation, sums: reference.Accumulators) -> reference.IntArray:
    """The output of a layer from its accumulators."""
    dtype = graph.dtype_of(op.result)
    if op.narrow is not None:
        return reference.narrow_requantise(sums, op.narrow, dtype)
    return reference.requantise(sums, op.requant, dtype)


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

    def _run_requantised(
        self, interpreter: Interpreter, op: graph.RequantisedOperation, args: PythonValues
    ) -> PythonValues:
        return (requantised(op, accumulators(op, args)),)

    run_conv2d = impl(graph.Conv2DOp)(_run_requantised)
    run_depthwise = impl(graph.DepthwiseOp)(_run_requantised)
    run_pointwise = impl(graph.PointwiseOp)(_run_requantised)
    run_linear = impl(graph.LinearOp)(_run_requantised)
    run_add = impl(graph.AddOp)(_run_requantised)
    run_mul = impl(graph.MulOp)(_run_requantised)
    run_rescale = impl(graph.RescaleOp)(_run_requantised)
    run_interpolate = impl(graph.InterpolateOp)(_run_requantised)

    @impl(graph.AveragePoolOp)
    def run_avg_pool(
        self, interpreter: Interpreter, op: graph.AveragePoolOp, args: PythonValues
    ) -> PythonValues:
        sums = accumulators(op, args)
        if op.counted_pads is None:
            return (requantised(op, sums),)
        pixels = op.pixels_inside(op.counted_pads.get_values())
        return (reference.average(sums, pixels, op.requant, graph.dtype_of(op.result)),)

    @impl(graph.MaxPoolOp)
    def run_max_pool(
        self, interpreter: Interpreter, op: graph.MaxPoolOp, args: PythonValues
    ) -> PythonValues:
        return (reference.max_pool(args[0], op.window),)

    @impl(graph.LookupOp)
    def run_lookup(
        self, interpreter: Interpreter, op: graph.LookupOp, args: PythonValues
    ) -> PythonValues:
        x, tables = args
        return (reference.lookup(x, tables),)

    @impl(graph.StepsOp)
    def run_steps(
        self, interpreter: Interpreter, op: graph.StepsOp, args: PythonValues
    ) -> PythonValues:
        return (reference.steps(*args),)

    @impl(graph.SumStepsOp)
    def run_sum_steps(
        self, interpreter: Interpreter, op: graph.SumStepsOp, args: PythonValues
    ) -> PythonValues:
        *inputs, weights, thresholds, values = args
        return (reference.sum_steps(inputs, weights, thresholds, values),)

    @impl(graph.PairLookupOp)
    def run_pair_lookup(
        self, interpreter: Interpreter, op: graph.PairLookupOp, args: PythonValues
    ) -> PythonValues:
        lhs, rhs, table = args
        bits = reference.pair_lookup(lhs, rhs, table)
        return (bits.astype(graph.dtype_of(op.result)),)

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

    @impl(graph.DepthToSpaceOp)
    def run_depth_to_space(
        self, interpreter: Interpreter, op: graph.DepthToSpaceOp, args: PythonValues
    ) -> PythonValues:
        return (reference.depth_to_space(args[0], op.factors),)


# Kernels on tiles

Tiles = list[Bytes]


def layout_of_type(type_: TensorType) -> Layout:
    """The layout of a tile."""
    assert isinstance(type_.encoding, LayoutAttr), "tiles have a layout"
    return type_.encoding.data


def read_tile(buffer: Bytes, type_: TensorType) -> reference.IntArray:
    """The (1, C, H, W) tile at the start of a buffer."""
    _, channels, height, width = type_.get_shape()
    data = buffer[: tensor_bytes(type_)].view(DTYPES[type_.element_type])
    if layout_of_type(type_) is Layout.CHW:
        return data.reshape(1, channels, height, width)
    return data.reshape(1, height, width, channels).transpose(0, 3, 1, 2)


def write_output(buffer: Bytes, kernel: KernelOp, tile: reference.IntArray) -> None:
    """Writes a kernel's (1, C, H, W) tile to the start of a buffer, and to its pitch."""
    _, channels, height, width = tile.shape
    c, y, x = np.ogrid[:channels, :height, :width]
    if layout_of_type(kernel.output) is Layout.CHW:
        place = (c * kernel.pitch + y) * width + x
    else:
        place = (y * width + x) * kernel.pitch + c
    data = np.ascontiguousarray(tile[0])[..., None].view(np.uint8)
    buffer[place[..., None] * data.shape[-1] + np.arange(data.shape[-1])] = data


def window_input(kernel: KernelOp, buffer: Bytes, row: int, column: int) -> reference.IntArray:
    """The input under all windows of a tile, taps outside the map read from the pad pixel."""
    (type_,) = kernel.inputs
    tile = read_tile(buffer, type_)
    window = kernel.window
    _, channels, height, width = tile.shape
    _, _, _, ox = kernel.output.get_shape()
    columns = (ox - 1) * window.strides[1] + window.extent[1]
    y, x = row + np.arange(kernel.window_rows), column + np.arange(columns)
    if kernel.circular is not None:
        y %= height
    inside = ((y >= 0) & (y < height))[:, None] & ((x >= 0) & (x < width))[None, :]
    gathered = tile[:, :, y.clip(0, height - 1)][..., x.clip(0, width - 1)]
    if inside.all():
        return gathered
    pad = buffer[tile.nbytes :][: channels * tile.itemsize].view(tile.dtype)
    if layout_of_type(type_) is Layout.CHW:
        pad = pad[:1]
    return np.where(inside, gathered, pad.reshape(1, -1, 1, 1))


def requantise(
    kernel: KernelOp,
    sums: reference.Accumulators,
    fields: Mapping[str, npt.NDArray[np.int64]],
) -> reference.IntArray:
    """Outputs from accumulators, with what the records say of their channels."""
    dtype = DTYPES[kernel.output.element_type]
    if kernel.narrow is not None:
        return reference.narrow_requantise(sums, record_narrow(kernel.narrow, fields), dtype)
    assert kernel.requant is not None, "all kernels but max_pool requantise"
    return reference.requantise(sums, record_requant(kernel.requant, fields), dtype)


def unpadded(window: WindowAttr) -> WindowAttr:
    """A window over an input that has its padding in it."""
    return WindowAttr.of(window.kernel, window.strides, dilations=window.dilations)


def weights_and_fields(
    kernel: KernelOp, parameters: Bytes
) -> tuple[npt.NDArray[np.int8], Mapping[str, npt.NDArray[np.int64]]]:
    """What the channel records of a tile hold."""
    assert kernel.record is not None, "weighted kernels have records"
    channels = kernel.output.get_shape()[1]
    return unpack_records(kernel.record, parameters[: channels * kernel.record.size])


def weight_zero_points(fields: Mapping[str, npt.NDArray[np.int64]]) -> list[int]:
    """Zero points of the weights of each channel, or one for all."""
    return fields.get(WEIGHT_ZERO_POINT, np.zeros(1, np.int64)).tolist()


def conv2d(kernel: KernelOp, inputs: Tiles, row: int, column: int) -> reference.IntArray:
    """Convolution, pointwise and fully connected."""
    x = window_input(kernel, inputs[0], row, column)
    weights, fields = weights_and_fields(kernel, inputs[1])
    fy, fx = kernel.window.kernel
    if layout_of_type(kernel.inputs[0]) is Layout.CHW:
        kernels = weights.reshape(len(weights), -1, fy, fx)
    else:
        kernels = weights.reshape(len(weights), fy, fx, -1).transpose(0, 3, 1, 2)
    window, centres = unpadded(kernel.window), weight_zero_points(fields)
    return requantise(
        kernel, reference.conv2d(x, kernels, fields[BIAS], window, 0, centres), fields
    )


def depthwise(kernel: KernelOp, inputs: Tiles, row: int, column: int) -> reference.IntArray:
    """Depthwise convolution."""
    x = window_input(kernel, inputs[0], row, column)
    weights, fields = weights_and_fields(kernel, inputs[1])
    fy, fx = kernel.window.kernel
    kernels = weights.reshape(len(weights), 1, fy, depthwise_row_bytes(fx))[..., :fx]
    window, centres = unpadded(kernel.window), weight_zero_points(fields)
    return requantise(
        kernel, reference.depthwise(x, kernels, fields[BIAS], window, 0, centres), fields
    )


def add(kernel: KernelOp, inputs: Tiles, row: int, column: int) -> reference.IntArray:
    """Weighted sum of two tiles."""
    tiles = list(map(read_tile, inputs, kernel.inputs))
    multipliers, centres = kernel.multiplier_values, kernel.zero_point_values
    return requantise(kernel, reference.add(tiles, multipliers, centres, kernel.term_requants), {})


def mul(kernel: KernelOp, inputs: Tiles, row: int, column: int) -> reference.IntArray:
    """Product of two tiles."""
    lhs, rhs = map(read_tile, inputs, kernel.inputs)
    first, second = kernel.zero_point_values
    return requantise(kernel, reference.multiply(lhs, rhs, (first, second)), {})


def avg_pool(kernel: KernelOp, inputs: Tiles, row: int, column: int) -> reference.IntArray:
    """Average of a window, whose divisor may vary with the pixels that count."""
    x = window_input(kernel, inputs[0], row, column)
    (zero_point,) = kernel.zero_point_values
    sums = reference.sum_pool(x, unpadded(kernel.window), zero_point)
    if kernel.counted_pads is None:
        return requantise(kernel, sums, {})
    assert kernel.requant is not None, "averages of varying divisors have no narrow form"
    size, outputs = kernel.inputs[0].get_shape()[2:], kernel.output.get_shape()[2:]
    counted = kernel.counted_pads.get_values()
    pixels = reference.pixels_inside(kernel.window, size, outputs, (row, column), counted)
    return reference.average(sums, pixels, kernel.requant, DTYPES[kernel.output.element_type])


def max_pool(kernel: KernelOp, inputs: Tiles, row: int, column: int) -> reference.IntArray:
    """Maximum of a window."""
    return reference.max_pool(window_input(kernel, inputs[0], row, column), unpadded(kernel.window))


def rescale(kernel: KernelOp, inputs: Tiles, row: int, column: int) -> reference.IntArray:
    """Each value requantised."""
    (zero_point,) = kernel.zero_point_values
    tile = read_tile(inputs[0], kernel.inputs[0])
    return requantise(kernel, tile.astype(np.int64) - zero_point, {})


def lookup(kernel: KernelOp, inputs: Tiles, row: int, column: int) -> reference.IntArray:
    """Entries of tables, which are in the order of the bytes."""
    assert kernel.record is not None, "a lookup has its tables in records"
    x = read_tile(inputs[0], kernel.inputs[0])
    count = 1 if kernel.shared_record is not None else x.shape[1]
    tables, _ = unpack_records(kernel.record, inputs[1][: count * kernel.record.size])
    dtype = DTYPES[kernel.output.element_type]
    return reference.lookup(x.astype(np.int16).astype(np.uint8), tables.view(dtype))


def steps(kernel: KernelOp, inputs: Tiles, row: int, column: int) -> reference.IntArray:
    """Values of the steps that sums lie on."""
    assert kernel.record is not None, "steps have their tables in records"
    sums = read_tile(inputs[0], kernel.inputs[0])
    count = 1 if kernel.shared_record is not None else sums.shape[1]
    thresholds, values = unpack_steps(kernel.record, inputs[1][: count * kernel.record.size])
    return reference.steps(sums, thresholds, values.view(DTYPES[kernel.output.element_type]))


def sum_steps(kernel: KernelOp, inputs: Tiles, row: int, column: int) -> reference.IntArray:
    """Values of the steps that weighted sums lie on."""
    assert kernel.record is not None, "steps have their tables in records"
    *tiles, records = inputs
    operands = list(map(read_tile, tiles, kernel.inputs))
    count = 1 if kernel.shared_record is not None else operands[0].shape[1]
    weights, thresholds, values = unpack_sum_steps(
        kernel.record, records[: count * kernel.record.size], len(tiles), kernel.thresholds_count
    )
    dtype = DTYPES[kernel.output.element_type]
    return reference.sum_steps(operands, weights, thresholds, values.view(dtype))


def pair_lookup(kernel: KernelOp, inputs: Tiles, row: int, column: int) -> reference.IntArray:
    """Bits of a table whose rows and bits are in the order of the bytes."""
    assert kernel.record is not None, "a pair lookup has its table in a record"
    lhs, rhs = (
        read_tile(data, type_).astype(np.int16).astype(np.uint8)
        for data, type_ in zip(inputs[:2], kernel.inputs, strict=True)
    )
    record, _ = unpack_records(kernel.record, inputs[2][: kernel.record.size])
    bits = reference.pair_lookup(lhs, rhs, record.view(np.uint8).reshape(-1, graph.BIT_ROW))
    return bits.astype(DTYPES[kernel.output.element_type])


def concat(kernel: KernelOp, inputs: Tiles, row: int, column: int) -> reference.IntArray:
    """One tile after the other."""
    tiles = list(map(read_tile, inputs, kernel.inputs))
    return np.concatenate(tiles, axis=kernel.axis.value.data)


def resize(kernel: KernelOp, inputs: Tiles, row: int, column: int) -> reference.IntArray:
    """Values repeated along rows and columns."""
    factor_y, factor_x = kernel.factors.get_values()
    repeated = reference.resize(read_tile(inputs[0], kernel.inputs[0]), (factor_y, factor_x))
    return reference.part(repeated, (0, row, column), kernel.output.get_shape())


def shuffle(kernel: KernelOp, inputs: Tiles, row: int, column: int) -> reference.IntArray:
    """Channels of every group in turns."""
    tile = read_tile(inputs[0], kernel.inputs[0])
    return reference.shuffle(tile, kernel.shuffled_groups.value.data)


def depth_to_space(kernel: KernelOp, inputs: Tiles, row: int, column: int) -> reference.IntArray:
    """Blocks of channels as blocks of pixels."""
    by, bx = kernel.factors.get_values()
    tile = read_tile(inputs[0], kernel.inputs[0])
    laid_out = reference.depth_to_space(tile, (by, bx))
    return reference.part(laid_out, (0, row, column), kernel.output.get_shape())


def interpolate(kernel: KernelOp, inputs: Tiles, row: int, column: int) -> reference.IntArray:
    """Pixels times the parts by which places are near them."""
    (zero_point,), shape = kernel.zero_point_values, kernel.output.get_shape()
    tile, places = read_tile(inputs[0], kernel.inputs[0]), kernel.places.get_values()
    nearest = kernel.nearest is not None
    sums = reference.interpolate(tile, (row, column), shape, places, zero_point, nearest=nearest)
    return requantise(kernel, sums, {})


KERNELS: Mapping[KernelKind, Callable[[KernelOp, Tiles, int, int], reference.IntArray]] = {
    KernelKind.CONV2D: conv2d,
    KernelKind.DEPTHWISE: depthwise,
    KernelKind.ADD: add,
    KernelKind.MUL: mul,
    KernelKind.AVG_POOL: avg_pool,
    KernelKind.MAX_POOL: max_pool,
    KernelKind.RESCALE: rescale,
    KernelKind.LOOKUP: lookup,
    KernelKind.STEPS: steps,
    KernelKind.SUM_STEPS: sum_steps,
    KernelKind.PAIR_LOOKUP: pair_lookup,
    KernelKind.CONCAT: concat,
    KernelKind.RESIZE: resize,
    KernelKind.SHUFFLE: shuffle,
    KernelKind.DEPTH_TO_SPACE: depth_to_space,
    KernelKind.INTERPOLATE: interpolate,
}
"""One for every kind: its output tile from its buffers and the place of its first window."""


def run_kernel(kernel: KernelOp, buffers: list[Bytes], row: int, column: int) -> None:
    """Runs a kernel on tiles in L1."""
    *inputs, output = buffers
    write_output(output, kernel, KERNELS[kernel.kind](kernel, inputs, row, column))
