"""Chains that an accelerator runs as one, as it sees them: what is summed, and what lies between.

A chain along channels is a dense layer that makes some channels (`head`), channelwise layers on
these (`middle`), a dense layer that adds up what they give (`sum`), and additions behind it
(`tail`). Each part may be missing; a single layer is a chain, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

from xdsl.ir import SSAValue

from dsconv.dialects.fused import FusedOp
from dsconv.dialects.graph import (
    AddOp,
    AveragePoolOp,
    Conv2DOp,
    DepthwiseOp,
    LayerOperation,
    LinearOp,
    MaxPoolOp,
    MulOp,
    PointwiseOp,
    RescaleOp,
    WeightedOperation,
    element_bytes,
    tensor_type,
)
from dsconv.dialects.tiled import Shape
from dsconv.passes.analysis.diagnostics import OperationError
from dsconv.passes.analysis.layer_shape import LayerShape

CHANNELWISE = (DepthwiseOp, AddOp, MulOp, AveragePoolOp, MaxPoolOp, RescaleOp)
DENSE = (Conv2DOp, PointwiseOp, LinearOp)


@dataclass(frozen=True)
class Link:
    """A layer of a chain, by its shape.

    `weights`: those of an output channel for one input channel, and input channels; 0 without any.
    `reaches`: where an addition reads not only the layer before it, but also another one of the
    chain, how many layers before it that stands; 0 elsewhere.
    """

    shape: LayerShape
    is_dense: bool
    is_addition: bool
    weights: tuple[int, int]
    input_bits: tuple[int, ...]
    output_bits: int
    reaches: int = 0

    @staticmethod
    def of(op: LayerOperation) -> Link:
        """A layer; DiagnosticException where an accelerator has no unit for it."""
        check_unit(op)
        weights = (0, 0)
        if isinstance(op, WeightedOperation):
            shape = op.weight_array.reshape(len(op.weight_array), -1).shape
            taps = prod(LayerShape.of(op).kernel_size)
            weights = taps, shape[1] // taps
        return Link(
            LayerShape.of(op),
            isinstance(op, DENSE),
            isinstance(op, AddOp),
            weights,
            tuple(map(value_bits, op.activations)),
            value_bits(op.result),
        )

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.shape, self.weights))

    @property
    def taps(self) -> int:
        """Weights of an output channel for one input channel."""
        return self.weights[0]

    @property
    def weight_entries(self) -> int:
        """All its weights."""
        return self.shape.kernels * self.weights[0] * self.weights[1]

    @property
    def made(self) -> Shape:
        """Channels, rows and columns of what it makes."""
        return self.shape.kernels, self.shape.rows, self.shape.columns

    @property
    def made_elements(self) -> int:
        """Elements of what it makes."""
        return prod(self.made)

    def read(self, first: int, end: int, axis: int) -> tuple[int, int]:
        """First and end of the rows (axis 0) or columns that it reads for some of its output."""
        shape = self.shape
        size = (shape.height, shape.width)[axis]
        stride, extent, pad = shape.strides[axis], shape.extent[axis], shape.window.pads[axis]
        low = min(max(first * stride - pad, 0), size)
        return low, max(min((end - 1) * stride - pad + extent, size), low)

    def broadcasts(self, number: int) -> tuple[bool, bool]:
        """Whether an input has one row, and one column, for all of the others."""
        shape = self.shape
        _, height, width = shape.inputs[number]
        return height < shape.inputs[0][1], width < shape.inputs[0][2]

    def patch(self, number: int, channels: int, rows: int, columns: int) -> Shape:
        """A patch of an input for so many channels, rows and columns of the first one."""
        inputs, height, width = self.shape.inputs[number]
        return min(channels, inputs), min(rows, height), min(columns, width)


def value_bits(value: SSAValue) -> int:
    """Bits of an element of an activation."""
    return 8 * element_bytes(tensor_type(value))


def check_unit(op: LayerOperation) -> None:
    """Raises DiagnosticException where an accelerator has no unit for a layer."""
    is_grouped = isinstance(op, Conv2DOp) and op.groups > 1
    if not isinstance(op, CHANNELWISE + DENSE) or is_grouped:
        what = "a convolution in groups" if is_grouped else f"of kind {op.kind}"
        raise OperationError(
            op,
            f'layer "{op.label}" is {what}; an accelerator behind DRAM has units for dense and '
            "depthwise convolutions, pools, additions, products and rescalings",
        )


def layers_in(op: LayerOperation) -> tuple[LayerOperation, ...]:
    """The layers of a fused one, or the layer itself."""
    return op.chain if isinstance(op, FusedOp) else (op,)


@dataclass(frozen=True)
class Parts:
    """The parts of a chain along channels."""

    head: Link | None
    middle: tuple[Link, ...]
    sum: Link | None
    tail: tuple[Link, ...]

    @staticmethod
    def of(links: Sequence[Link]) -> Parts | None:
        """The parts of a chain; None where it is no chain along channels."""
        rest = list(links)
        tail: list[Link] = []
        while len(rest) > 1 and rest[-1].is_addition:
            tail.insert(0, rest.pop())
        head = rest.pop(0) if len(rest) > 1 and rest[0].is_dense else None
        last = rest.pop() if rest[-1].is_dense else None
        if any(link.is_dense for link in rest) or (head is not None and not rest):
            return None
        if tail and last is None:
            rest, tail = [*rest, *tail], []
        return Parts(head, tuple(rest), last, tuple(tail))

    @property
    def before_tail(self) -> tuple[Link, ...]:
        """All layers but the additions at the end, in their order."""
        links = (self.head, *self.middle, self.sum)
        return tuple(link for link in links if link is not None)
