"""Runs the tiled and machine levels in xDSL's interpreter, as a cluster of one core.

Buffers are flat numpy arrays of bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from xdsl.dialects import arith, memref
from xdsl.dialects.builtin import (
    DenseIntOrFPElementsAttr,
    IntegerType,
    ModuleOp,
    TensorType,
    i64,
)
from xdsl.interpreter import Interpreter, InterpreterFunctions, PythonValues, impl, register_impls
from xdsl.ir import SSAValue
from xdsl.utils.comparisons import to_signed, to_unsigned

from dsconv.dialects import machine, reference, tiled
from dsconv.dialects.attributes import Layout, LayoutAttr, Rounding, Space, WindowAttr
from dsconv.dialects.graph import DTYPES
from dsconv.dialects.records import (
    BIAS,
    WEIGHT_ZERO_POINT,
    depthwise_row_bytes,
    record_narrow,
    record_requant,
    unpack_records,
)

Bytes = npt.NDArray[np.uint8]


def layout_of_type(type_: TensorType) -> Layout:
    """The layout of a tile."""
    assert isinstance(type_.encoding, LayoutAttr), "tiles have a layout"
    return type_.encoding.data


def read_tile(buffer: Bytes, type_: TensorType) -> reference.IntArray:
    """The (1, C, H, W) tile at the start of a buffer."""
    _, channels, height, width = type_.get_shape()
    data = buffer[: channels * height * width].view(DTYPES[type_.element_type])
    if layout_of_type(type_) is Layout.CHW:
        return data.reshape(1, channels, height, width)
    return data.reshape(1, height, width, channels).transpose(0, 3, 1, 2)


def write_output(buffer: Bytes, kernel: tiled.KernelOp, tile: reference.IntArray) -> None:
    """Writes a kernel's (1, C, H, W) tile to the start of a buffer, and to its pitch."""
    _, channels, height, width = tile.shape
    c, y, x = np.ogrid[:channels, :height, :width]
    if layout_of_type(kernel.output) is Layout.CHW:
        place = (c * kernel.pitch + y) * width + x
    else:
        place = (y * width + x) * kernel.pitch + c
    data = np.ascontiguousarray(tile[0])[..., None].view(np.uint8)
    buffer[place[..., None] * data.shape[-1] + np.arange(data.shape[-1])] = data


def window_input(
    kernel: tiled.KernelOp, buffer: Bytes, row: int, column: int
) -> reference.IntArray:
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
    pad = buffer[tile.size :][:channels].view(tile.dtype)
    if layout_of_type(type_) is Layout.CHW:
        pad = pad[:1]
    return np.where(inside, gathered, pad.reshape(1, -1, 1, 1))


def run_weighted(
    kernel: tiled.KernelOp, x: reference.IntArray, parameters: Bytes
) -> reference.IntArray:
    """A convolution on the channel records of a tile."""
    assert kernel.record is not None, "weighted kernels have records"
    channels = kernel.output.get_shape()[1]
    weights, fields = unpack_records(kernel.record, parameters[: channels * kernel.record.size])
    window = WindowAttr.of(
        kernel.window.kernel, kernel.window.strides, dilations=kernel.window.dilations
    )
    zero_points = fields.get(WEIGHT_ZERO_POINT, np.zeros(1, np.int64)).tolist()
    bias = fields[BIAS]
    if kernel.kind.data == "depthwise":
        fy, fx = window.kernel
        kernels = weights.reshape(channels, 1, fy, depthwise_row_bytes(fx))[..., :fx]
        sums = reference.depthwise(x, kernels, bias, window, 0, zero_points)
    else:
        kernels = _dense_weights(kernel, weights)
        sums = reference.conv2d(x, kernels, bias, window, 0, zero_points)
    return requantise(kernel, sums, fields)


def run_lookup(kernel: tiled.KernelOp, buffer: Bytes, parameters: Bytes) -> reference.IntArray:
    """Entries of the tables of a tile, which are in the order of the bytes."""
    assert kernel.record is not None, "a lookup has its tables in records"
    (type_,) = kernel.inputs
    x = read_tile(buffer, type_)
    count = 1 if kernel.shared_record is not None else x.shape[1]
    tables, _ = unpack_records(kernel.record, parameters[: count * kernel.record.size])
    dtype = DTYPES[kernel.output.element_type]
    return reference.lookup(x.astype(np.int16).astype(np.uint8), tables.view(dtype))


def requantise(
    kernel: tiled.KernelOp,
    sums: reference.Accumulators,
    fields: Mapping[str, npt.NDArray[np.int64]],
) -> reference.IntArray:
    """Outputs from accumulators, with what the records say of their channels."""
    dtype = DTYPES[kernel.output.element_type]
    if kernel.narrow is not None:
        return reference.narrow_requantise(sums, record_narrow(kernel.narrow, fields), dtype)
    assert kernel.requant is not None, "all kernels but max_pool requantise"
    return reference.requantise(sums, record_requant(kernel.requant, fields), dtype)


def average(
    kernel: tiled.KernelOp, sums: reference.Accumulators, row: int, column: int
) -> reference.IntArray:
    """Outputs from the sums of a tile whose first window begins at `row`, `column`."""
    assert kernel.counted_pads is not None, "divisors vary"
    assert kernel.requant is not None, "averages of varying divisors have no narrow form"
    size, outputs = kernel.inputs[0].get_shape()[2:], kernel.output.get_shape()[2:]
    counted = kernel.counted_pads.get_values()
    pixels = reference.pixels_inside(kernel.window, size, outputs, (row, column), counted)
    return reference.average(sums, pixels, kernel.requant, DTYPES[kernel.output.element_type])


def _dense_weights(kernel: tiled.KernelOp, weights: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    (type_,) = kernel.inputs
    fy, fx = kernel.window.kernel
    if layout_of_type(type_) is Layout.CHW:
        return weights.reshape(len(weights), -1, fy, fx)
    return weights.reshape(len(weights), fy, fx, -1).transpose(0, 3, 1, 2)


def run_kernel(kernel: tiled.KernelOp, buffers: list[Bytes], row: int, column: int) -> None:
    """Reference semantics of a kernel on tiles in L1."""
    *inputs, output = buffers
    write_output(output, kernel, kernel_result(kernel, inputs, row, column))


def kernel_result(
    kernel: tiled.KernelOp, inputs: list[Bytes], row: int, column: int
) -> reference.IntArray:
    """The output tile of a kernel."""
    window = WindowAttr.of(
        kernel.window.kernel, kernel.window.strides, dilations=kernel.window.dilations
    )
    zero_points = kernel.zero_point_values
    match kernel.kind.data:
        case "conv2d" | "depthwise":
            return run_weighted(kernel, window_input(kernel, inputs[0], row, column), inputs[1])
        case "max_pool":
            return reference.max_pool(window_input(kernel, inputs[0], row, column), window)
        case "concat":
            tiles = list(map(read_tile, inputs, kernel.inputs))
            return np.concatenate(tiles, axis=kernel.axis.value.data)
        case "shuffle":
            tile = read_tile(inputs[0], kernel.inputs[0])
            return reference.shuffle(tile, kernel.shuffled_groups.value.data)
        case "resize":
            tile, factors = read_tile(inputs[0], kernel.inputs[0]), kernel.factors.get_values()
            repeated = reference.resize(tile, (factors[0], factors[1]))
            return reference.part(repeated, (0, row, column), kernel.output.get_shape())
        case "lookup":
            return run_lookup(kernel, inputs[0], inputs[1])
        case "avg_pool":
            x = window_input(kernel, inputs[0], row, column)
            sums = reference.sum_pool(x, window, zero_points[0])
            if kernel.counted_pads is not None:
                return average(kernel, sums, row, column)
        case "add":
            tiles = list(map(read_tile, inputs, kernel.inputs))
            terms = kernel.term_requants
            sums = reference.add(tiles, kernel.multiplier_values, zero_points, terms)
        case "mul":
            lhs, rhs = map(read_tile, inputs, kernel.inputs)
            sums = reference.multiply(lhs, rhs, (zero_points[0], zero_points[1]))
        case _:
            sums = read_tile(inputs[0], kernel.inputs[0]).astype(np.int64) - zero_points[0]
    return requantise(kernel, sums, {})


def transfer_indices(box: tiled.BoxAttr) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Where the bytes of a transfer lie in the inner memory and in the outer one."""
    block = np.arange(box.lines * box.line_bytes).reshape(box.lines, box.line_bytes)
    inner = np.arange(box.blocks)[:, None, None] * (box.inner_block_stride or block.size) + block
    outer = (
        np.arange(box.blocks)[:, None, None] * box.block_stride
        + np.arange(box.lines)[:, None] * box.line_stride
        + np.arange(box.line_bytes)
    )
    return inner, outer


UNWRITTEN = 0xA5


def unwritten(size: int) -> Bytes:
    """Memory that nothing was written to yet: no zeros that a program might rely on."""
    return np.full(size, UNWRITTEN, np.uint8)


def _planned_memory(module: ModuleOp, space: Space) -> Bytes:
    """A memory of the device, as large as the plan of the buffers in it asks for."""
    ends = [
        op.offset.value.data + op.size
        for op in module.walk()
        if isinstance(op, tiled.BufferOp) and op.space is space and op.offset is not None
    ]
    return unwritten(max(ends))


@register_impls
class TiledFunctions(InterpreterFunctions):
    """Semantics of buffers, transfers and kernels. Transfers end when they are waited for."""

    @impl(tiled.BufferOp)
    def run_buffer(
        self, interpreter: Interpreter, op: tiled.BufferOp, args: PythonValues
    ) -> PythonValues:
        if op.offset is None:
            return (unwritten(op.size),)
        memory = interpreter.get_data(
            TiledFunctions, op.space, lambda: _planned_memory(interpreter.module, op.space)
        )
        return (memory[op.offset.value.data :][: op.size],)

    @impl(tiled.SlotOp)
    def run_slot(
        self, interpreter: Interpreter, op: tiled.SlotOp, args: PythonValues
    ) -> PythonValues:
        buffer, version = args
        size = tiled.buffer_size(op.result)
        return (buffer[version % op.slots * size :][:size],)

    @impl(tiled.ViewOp)
    def run_view(
        self, interpreter: Interpreter, op: tiled.ViewOp, args: PythonValues
    ) -> PythonValues:
        buffer, offset = args
        return (buffer[offset:][: tiled.buffer_size(op.result)],)

    @impl(memref.GetGlobalOp)
    def run_get_global(
        self, interpreter: Interpreter, op: memref.GetGlobalOp, args: PythonValues
    ) -> PythonValues:
        constant = interpreter.get_op_for_symbol(op.name_)
        assert isinstance(constant, memref.GlobalOp), "weights are memref.global"
        assert isinstance(constant.initial_value, DenseIntOrFPElementsAttr)
        return (np.frombuffer(constant.initial_value.data.data, np.uint8),)

    @impl(tiled.LayerOp)
    def run_layer(
        self, interpreter: Interpreter, op: tiled.LayerOp, args: PythonValues
    ) -> PythonValues:
        interpreter.run_ssacfg_region(op.body, ())
        return ()

    @impl(tiled.DmaStartOp)
    def run_dma_start(
        self, interpreter: Interpreter, op: tiled.DmaStartOp, args: PythonValues
    ) -> PythonValues:
        return ((op, args),)

    @impl(tiled.WaitOp)
    def run_wait(
        self, interpreter: Interpreter, op: tiled.WaitOp, args: PythonValues
    ) -> PythonValues:
        (start, (source, source_offset, target, target_offset, *_)), *conditions = args
        if not all(conditions):
            return ()
        inner, outer = transfer_indices(start.box)
        if start.is_load:
            target[target_offset + inner] = source[source_offset + outer]
        else:
            target[target_offset + outer] = source[source_offset + inner]
        return ()

    @impl(tiled.PrefetchOp)
    def run_prefetch(
        self, interpreter: Interpreter, op: tiled.PrefetchOp, args: PythonValues
    ) -> PythonValues:
        source, offset, target, *conditions = args
        if all(conditions):
            inner, outer = transfer_indices(op.box)
            target[inner] = UNWRITTEN
            prefetches = self._prefetches(interpreter)
            prefetches[tiled.whole_buffer(op.target)] = source, offset + outer
        return ()

    @impl(tiled.PrefetchWaitOp)
    def run_prefetch_wait(
        self, interpreter: Interpreter, op: tiled.PrefetchWaitOp, args: PythonValues
    ) -> PythonValues:
        inner, _ = transfer_indices(op.box)
        source, outer = self._prefetches(interpreter).pop(tiled.whole_buffer(op.target))
        args[0][inner] = source[outer]
        return ()

    def _prefetches(self, interpreter: Interpreter) -> dict[SSAValue, tuple[Any, ...]]:
        return interpreter.get_data(TiledFunctions, "prefetches", dict)

    @impl(tiled.L3LoadOp)
    def run_l3_load(
        self, interpreter: Interpreter, op: tiled.L3LoadOp, args: PythonValues
    ) -> PythonValues:
        self._start_l3(interpreter, op, args)
        return ()

    @impl(tiled.L3StoreOp)
    def run_l3_store(
        self, interpreter: Interpreter, op: tiled.L3StoreOp, args: PythonValues
    ) -> PythonValues:
        self._start_l3(interpreter, op, args)
        return ()

    def _start_l3(
        self, interpreter: Interpreter, op: tiled.L3TransferOp, args: PythonValues
    ) -> None:
        source, target, offset, *conditions = args
        if not all(conditions):
            return
        inner, outer = transfer_indices(op.box)
        transfer = (source, offset + outer, target, inner)
        if isinstance(op, tiled.L3StoreOp):
            transfer = (source, inner, target, offset + outer)
        self._l3_transfers(interpreter)[op.l2_buffer] = transfer

    def _l3_transfers(self, interpreter: Interpreter) -> dict[SSAValue, tuple[Any, ...]]:
        return interpreter.get_data(TiledFunctions, "l3_transfers", dict)

    @impl(tiled.L3WaitOp)
    def run_l3_wait(
        self, interpreter: Interpreter, op: tiled.L3WaitOp, args: PythonValues
    ) -> PythonValues:
        if all(args[1:]):
            transfers = self._l3_transfers(interpreter)
            source, source_indices, target, target_indices = transfers.pop(op.buffer)
            target[target_indices] = source[source_indices]
        return ()

    @impl(tiled.FillOp)
    def run_fill(
        self, interpreter: Interpreter, op: tiled.FillOp, args: PythonValues
    ) -> PythonValues:
        buffer, *conditions = args
        if all(conditions):
            for start in op.starts:
                buffer[start : start + op.size.value.data] = op.value.value.data & 0xFF
        return ()

    @impl(tiled.BarrierOp)
    def run_barrier(
        self, interpreter: Interpreter, op: tiled.BarrierOp, args: PythonValues
    ) -> PythonValues:
        return ()

    @impl(tiled.RunOp)
    def run_run(
        self, interpreter: Interpreter, op: tiled.RunOp, args: PythonValues
    ) -> PythonValues:
        *buffers, row, column = args
        kernel = interpreter.get_op_for_symbol(op.kernel)
        assert isinstance(kernel, tiled.KernelOp), "a run names a kernel"
        run_kernel(kernel, buffers, row, column)
        return ()


@register_impls
class MachineFunctions(InterpreterFunctions):
    """Semantics of what kernels are lowered to, on flat bytes."""

    @impl(machine.CoreIdOp)
    def run_core_id(
        self, interpreter: Interpreter, op: machine.CoreIdOp, args: PythonValues
    ) -> PythonValues:
        return (0,)

    @impl(machine.CoresOp)
    def run_cores(
        self, interpreter: Interpreter, op: machine.CoresOp, args: PythonValues
    ) -> PythonValues:
        return (1,)

    @impl(memref.LoadOp)
    def run_load(
        self, interpreter: Interpreter, op: memref.LoadOp, args: PythonValues
    ) -> PythonValues:
        buffer, offset = args
        return (int(buffer[offset].astype(np.int8)),)

    @impl(memref.StoreOp)
    def run_store(
        self, interpreter: Interpreter, op: memref.StoreOp, args: PythonValues
    ) -> PythonValues:
        value, buffer, offset = args
        buffer[offset] = value & 0xFF
        return ()

    @impl(machine.LoadWordOp)
    def run_load_word(
        self, interpreter: Interpreter, op: machine.LoadWordOp, args: PythonValues
    ) -> PythonValues:
        buffer, offset = args
        size = 8 if op.result.type == i64 else 4
        return (int.from_bytes(buffer[offset : offset + size].tobytes(), "little", signed=True),)

    @impl(machine.Sdot4Op)
    def run_sdot4(
        self, interpreter: Interpreter, op: machine.Sdot4Op, args: PythonValues
    ) -> PythonValues:
        accumulator, x, weights = args
        lanes = np.array([x], "<i4").view(np.int8 if op.unsigned is None else np.uint8)
        products = lanes.astype(int) * np.array([weights], "<i4").view(np.int8)
        return (accumulator + int(products.sum()),)

    @impl(machine.RequantiseOp)
    def run_requantise(
        self, interpreter: Interpreter, op: machine.RequantiseOp, args: PythonValues
    ) -> PythonValues:
        accumulator, multiplier, addend, divisor = args
        divisor = divisor if op.is_division else 1 << divisor
        dividend = np.array([accumulator * multiplier + addend], np.int64)
        rounding = Rounding(op.rounding.data)
        rounded = int(reference.round_quotient(dividend, np.array([divisor]), rounding)[0])
        low, high = op.clip
        return (min(max(rounded + op.zero_point.value.data, low), high),)


def bits_of(value: SSAValue) -> int:
    """Width of an integer."""
    assert isinstance(value.type, IntegerType), "only integers are extended and truncated"
    return value.type.width.data


@register_impls
class IntegerFunctions(InterpreterFunctions):
    """The operations of arith that kernels use and xDSL's interpreter does not have."""

    @impl(arith.ExtSIOp)
    def run_extsi(
        self, interpreter: Interpreter, op: arith.ExtSIOp, args: PythonValues
    ) -> PythonValues:
        return (to_signed(args[0], bits_of(op.input)),)

    @impl(arith.ExtUIOp)
    def run_extui(
        self, interpreter: Interpreter, op: arith.ExtUIOp, args: PythonValues
    ) -> PythonValues:
        return (to_unsigned(args[0], bits_of(op.input)),)

    @impl(arith.TruncIOp)
    def run_trunci(
        self, interpreter: Interpreter, op: arith.TruncIOp, args: PythonValues
    ) -> PythonValues:
        return (to_signed(args[0], bits_of(op.result)),)

    @impl(arith.MinSIOp)
    def run_minsi(
        self, interpreter: Interpreter, op: arith.MinSIOp, args: PythonValues
    ) -> PythonValues:
        return (min(args),)

    @impl(arith.MaxSIOp)
    def run_maxsi(
        self, interpreter: Interpreter, op: arith.MaxSIOp, args: PythonValues
    ) -> PythonValues:
        return (max(args),)
