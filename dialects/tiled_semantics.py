"""Runs the tiled and machine levels in xDSL's interpreter, as a cluster of one core.

Buffers are flat numpy arrays of bytes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from xdsl.dialects import arith, memref
from xdsl.dialects.builtin import (
    DenseIntOrFPElementsAttr,
    FloatAttr,
    IndexType,
    IntegerAttr,
    IntegerType,
    ModuleOp,
    i64,
)
from xdsl.interpreter import Interpreter, InterpreterFunctions, PythonValues, impl, register_impls
from xdsl.interpreters.arith import ArithFunctions
from xdsl.ir import SSAValue
from xdsl.utils.comparisons import to_signed, to_unsigned
from xdsl.utils.exceptions import InterpretationError

from dsconv.dialects import machine, reference, tiled
from dsconv.dialects.attributes import Rounding, Space
from dsconv.dialects.layer_semantics import Bytes, run_kernel


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

    @impl(tiled.MoveOp)
    def run_move(
        self, interpreter: Interpreter, op: tiled.MoveOp, args: PythonValues
    ) -> PythonValues:
        source, source_offset, target, target_offset, *conditions = args
        if all(conditions):
            for start in op.starts:
                first, end = target_offset + start, target_offset + start + op.size.value.data
                shift = source_offset - target_offset
                target[first:end] = source[first + shift : end + shift]
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


def _bits(interpreter: Interpreter, value: SSAValue) -> int:
    """Width of an integer or an index."""
    return interpreter.index_bitwidth if isinstance(value.type, IndexType) else bits_of(value)


@register_impls
class IntegerFunctions(ArithFunctions):
    """xDSL's arith, with what kernels use and it does not have.

    Loops are mostly constants, sums and products of indices: here they do without the constraint
    that xDSL builds of a type for every value.
    """

    @impl(arith.ConstantOp)
    def run_constant(
        self, interpreter: Interpreter, op: arith.ConstantOp, args: PythonValues
    ) -> PythonValues:
        if isinstance(op.value, IntegerAttr) and isinstance(op.value.type, IndexType):
            return (to_signed(op.value.value.data, interpreter.index_bitwidth),)
        if isinstance(op.value, IntegerAttr | FloatAttr):
            return (op.value.value.data,)
        raise InterpretationError(f"no value of a constant of {type(op.value).__name__}")

    @impl(arith.AddiOp)
    def run_addi(
        self, interpreter: Interpreter, op: arith.AddiOp, args: PythonValues
    ) -> PythonValues:
        return (to_signed(args[0] + args[1], _bits(interpreter, op.result)),)

    @impl(arith.MuliOp)
    def run_muli(
        self, interpreter: Interpreter, op: arith.MuliOp, args: PythonValues
    ) -> PythonValues:
        return (to_signed(args[0] * args[1], _bits(interpreter, op.result)),)

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
