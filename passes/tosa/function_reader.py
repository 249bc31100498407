"""Reads the operations of a TOSA function into layers of the graph level."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import IntegerType, TensorType
from xdsl.ir import Block, Operation, SSAValue

from dsconv.dialects.attributes import Layout, RequantAttr, Rounding
from dsconv.dialects.graph import IntTensorType, LayerOperation, RescaleOp, activation_type
from dsconv.passes.analysis.diagnostics import name_of
from dsconv.passes.tosa.operation import TosaOperation, bits_of, shape_of
from dsconv.passes.tosa.values import Activation, Array, Constant, Result, Value

LARGEST_ACTIVATION = 2**28


class FunctionReader:
    """The values of a function so far, and the block of layers that grows with them."""

    def __init__(self, block: Block):
        self.block = Block()
        self._values: dict[SSAValue, Value] = {}
        self._labels = 0
        for argument in block.args:
            self._values[argument] = self._argument(argument)

    def _argument(self, argument: SSAValue) -> Activation:
        shape = shape_of(argument)
        sizes = image_sizes(shape)
        type_ = laid_out_type(sizes, _argument_type(argument))
        return Activation(self.block.insert_arg(type_, len(self.block.args)), shape)

    def value(self, operation: TosaOperation, index: int) -> Value:
        """What an operand is."""
        operand = operation.operands[index]
        if operand not in self._values:
            raise operation.problem(f"operand {index} is the result of what is not read")
        return self._values[operand]

    def set(self, operation: TosaOperation, value: Value) -> None:
        """Says what the result of an operation is."""
        self._values[operation.result] = value

    def array(self, operation: TosaOperation, index: int) -> Array:
        """A constant operand."""
        value = self.value(operation, index)
        if not isinstance(value, Constant):
            raise operation.problem(f"operand {index} is not constant")
        return value.array

    def number(self, operation: TosaOperation, index: int) -> int:
        """A constant operand of one integer."""
        array = self.array(operation, index)
        if array.size != 1:
            raise operation.problem(f"operand {index} has {array.size} values, not one")
        return int(array.reshape(-1)[0])

    def numbers(self, operation: TosaOperation, index: int) -> tuple[int, ...]:
        """A constant operand as a list."""
        return tuple(int(number) for number in self.array(operation, index).reshape(-1))

    def activation(self, operation: TosaOperation, index: int) -> Activation:
        """An operand as an activation of 8 bits: what was waiting for clamps is built now."""
        found = self._built(operation.operands[index], operation)
        if not isinstance(found, Activation):
            raise operation.problem(f"operand {index} is no activation of 8 bits")
        return found

    def returned(self, value: SSAValue, operation: TosaOperation) -> Activation:
        """What a function returns, in a layout."""
        found = self._built(value, operation)
        if not isinstance(found, Activation):
            raise operation.problem("returns what is no activation of 8 bits")
        if isinstance(found.value.owner, Block):  # an input as it is
            raise operation.problem("returns an input as it is")
        return found

    def _built(self, operand: SSAValue, operation: TosaOperation) -> Value | None:
        value = self._values.get(operand)
        if isinstance(value, Result):
            layer = value.sums.make(value.requant, value.dtype)
            value = Activation(self.append(operation, layer), value.shape)
            self._values[operand] = value
        return value

    def label(self, operation: TosaOperation) -> str:
        """A name for a layer, its own in the function."""
        self._labels += 1
        return f"{operation.name.rpartition('.')[2]}_{self._labels}"

    def append(self, operation: TosaOperation, layer: LayerOperation) -> SSAValue:
        """Adds a layer with its constants to the block."""
        for operand in layer.operands:
            owner = operand.owner
            if isinstance(owner, Operation) and owner.parent is None:
                self.block.add_op(owner)
        self.block.add_op(layer)
        return layer.result

    def clipped(self, operation: TosaOperation, x: Activation, low: int, high: int) -> Activation:
        """An activation that is there already, between two bounds."""
        requant = RequantAttr.of([1], [1], rounding=Rounding.HALF_UP, clip=(low, high))
        layer = RescaleOp(
            self.label(operation), x.value, requant, activation_type(x.sizes, x.dtype)
        )
        return Activation(self.append(operation, layer), x.shape)


def image_sizes(shape: Sequence[int]) -> tuple[int, int, int, int]:
    """N, C, H, W of dimensions N, H, W, C, of which those between N and C may be missing."""
    batch, *between, channels = shape if len(shape) > 1 else (1, *shape)
    height, width = (*between, 1, 1)[:2]
    return batch, channels, height, width


def laid_out_type(sizes: tuple[int, int, int, int], dtype: npt.DTypeLike) -> IntTensorType:
    """The type of an input or output: its bytes are NHWC, which CHW is where it is the same."""
    _, channels, height, width = sizes
    layout = Layout.CHW if 1 in (channels, height * width) else Layout.HWC
    return activation_type(sizes, dtype, layout)


def _argument_type(argument: SSAValue) -> type[np.integer]:
    """uint8 where every reader takes the bytes as such."""
    uses = [use.operation for use in argument.uses]
    as_unsigned = [
        name_of(use) == "tosa.rescale" and TosaOperation(use, 0).flag("input_unsigned")
        for use in uses
    ]
    return np.uint8 if as_unsigned and all(as_unsigned) else np.int8


def is_activation_type(value: SSAValue) -> bool:
    """Whether a tensor of the function can be an activation: 8 bits, batch 1, at most 4-D."""
    type_ = value.type
    if not isinstance(type_, TensorType) or not isinstance(type_.element_type, IntegerType):
        return False
    shape = shape_of(value)
    return (
        bits_of(value) == 8
        and 1 <= len(shape) <= 4
        and shape[0] == 1
        and min(shape) > 0
        and prod(shape) <= LARGEST_ACTIVATION
    )


Reader = Callable[[FunctionReader, TosaOperation], None]
