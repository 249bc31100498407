"""Memory spaces as numbers, and buffers as parts of one array for each memory of a network."""

from __future__ import annotations

from collections.abc import Iterator

from xdsl.dialects import memref
from xdsl.dialects.builtin import (
    IntegerAttr,
    MemRefType,
    NoneAttr,
    StringAttr,
    UnitAttr,
    i8,
    i64,
)
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, SSAValue
from xdsl.pattern_rewriter import TypeConversionPattern, attr_type_rewrite_pattern

from dsconv.dialects.attributes import Space, SpaceAttr
from dsconv.dialects.tiled import (
    L1_SIZE,
    L2_SIZE,
    L3_IMAGE_SIZE,
    L3_SIZE,
    BufferOp,
    FillOp,
    MoveOp,
    SlotOp,
    ViewOp,
    buffer_size,
    buffer_type,
)
from dsconv.lowering.building import add, index_value, integer, loop, multiply, only_if, remainder
from dsconv.lowering.memory_plan import size_attribute
from dsconv.passes.analysis.diagnostics import OperationError

NUMBERS = {Space.L1: 1, Space.L3: 3}
"""Memory spaces of upstream; L2 is the default one."""
SIZES = {Space.L1: L1_SIZE, Space.L2: L2_SIZE, Space.L3: L3_SIZE}


class PlainSpaces(TypeConversionPattern):
    """Memory spaces of memrefs become numbers."""

    @attr_type_rewrite_pattern
    def convert_type(self, typ: MemRefType, /) -> Attribute | None:
        if not isinstance(typ.memory_space, SpaceAttr):
            return None
        number = NUMBERS.get(typ.memory_space.data)
        space = NoneAttr() if number is None else IntegerAttr(number, i64)
        return MemRefType(typ.element_type, typ.shape, typ.layout, space)


class Arenas:
    """The memory of a network: one array without values for each memory that it has buffers in."""

    def __init__(self, function: FuncOp):
        self._function = function
        self._image_bytes = size_attribute(function, L3_IMAGE_SIZE)
        self._bytes = {
            space: size_attribute(function, name) - self._first(space)
            for space, name in SIZES.items()
        }

    def _first(self, space: Space) -> int:
        """Offset where the buffers of a memory begin: in L3, behind the weights."""
        return self._image_bytes if space is Space.L3 else 0

    def _symbol(self, space: Space) -> str:
        return f"{self._function.sym_name.data}_{space.value}"

    def globals(self) -> Iterator[memref.GlobalOp]:
        """The arrays."""
        used = {op.space for op in self._function.walk() if isinstance(op, BufferOp)}
        for space in Space:
            if space in used:
                yield memref.GlobalOp.get(
                    StringAttr(self._symbol(space)),
                    buffer_type(self._bytes[space], space),
                    UnitAttr(),
                )

    def buffer(self, op: BufferOp) -> SSAValue:
        """A buffer at its place."""
        if op.offset is None:
            raise OperationError(op, f'buffer "{op.label.data}" has no offset; run plan-memory')
        array = buffer_type(self._bytes[op.space], op.space)
        whole = memref.GetGlobalOp(self._symbol(op.space), array)
        return _part(whole.memref, op.offset.value.data - self._first(op.space), op.result)


def _part(buffer: SSAValue, offset: int | SSAValue, result: SSAValue) -> SSAValue:
    """Bytes of a buffer from an offset on, of the type of a result."""
    assert isinstance(result.type, MemRefType), "a buffer is a memref"
    return memref.ViewOp(buffer, index_value(offset), [], result.type).result


def slot(op: SlotOp) -> SSAValue:
    """One of the equal parts of a buffer."""
    place = multiply(remainder(op.version, op.slots), buffer_size(op.result))
    return _part(op.buffer, place, op.result)


def view(op: ViewOp) -> SSAValue:
    """A buffer from an offset on."""
    return _part(op.buffer, op.offset, op.result)


def fill(op: FillOp) -> None:
    """Stores of one value."""
    value = op.value.value.data & 0xFF
    byte = integer(value - 256 if value > 127 else value, i8)
    with only_if(op.condition), loop(0, len(op.starts), "line") as line:
        first = add(op.starts.start, multiply(line, op.starts.step))
        with loop(0, op.size.value.data, "byte") as number:
            memref.StoreOp.get(byte, op.buffer, [index_value(add(first, number))])


def move(op: MoveOp) -> None:
    """Loads and stores."""
    with only_if(op.condition), loop(0, len(op.starts), "line") as line:
        first = multiply(line, op.starts.step)
        with loop(0, op.size.value.data, "byte") as number:
            byte = add(first, number)
            source = index_value(add(op.source_offset, byte))
            value = memref.LoadOp.get(op.source, [source]).res
            memref.StoreOp.get(value, op.target, [index_value(add(op.target_offset, byte))])
