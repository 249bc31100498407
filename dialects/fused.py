"""Scheduled level of the dsconv dialect: chains of layers that run as one, their values in L1."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import StringAttr
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    prop_def,
    region_def,
    traits_def,
)
from xdsl.traits import HasParent, IsTerminator, Pure
from xdsl.utils.exceptions import VerifyException

from dsconv.dialects.attributes import Axis, TileAttr
from dsconv.dialects.graph import AddOp, LayerOperation, tensor_type


@irdl_op_definition
class FusedOp(LayerOperation):
    """A chain of layers whose values between them never leave L1 (Daghero et al. 2024, 3.1).

    Each layer reads the one before it; other activations come from outside, and those that an
    addition reads may come from any layer before it. Its name is that of
    its last layer, whose output it makes. Its tile is one step: that many rows of the output, or
    that many channels. Rows of a value that a window still needs stay in L1 in a ring.
    """

    name = "dsconv.fused"

    axis_name = prop_def(StringAttr, prop_name="axis")
    body = region_def("single_block")

    assembly_format = "$layer `along` $axis attr-dict-with-keyword $body `:` type($result)"

    def __init__(self, chain: Sequence[LayerOperation], axis: Axis, tile: TileAttr | None = None):
        """Moves a chain of layers, in their order, into the region of a new operation."""
        body = Block()
        for op in chain:
            op.detach()
            body.add_op(op)
        last = chain[-1]
        body.add_op(YieldOp(last.result))
        super(LayerOperation, self).__init__(
            properties={
                "layer": StringAttr(last.label),
                "axis": StringAttr(axis.value),
                "tile": tile,
            },
            result_types=[tensor_type(last.result)],
            regions=[Region(body)],
        )

    @property
    def axis(self) -> Axis:
        """What is made step by step."""
        return Axis(self.axis_name.data)

    @property
    def chain(self) -> tuple[LayerOperation, ...]:
        """The layers, in their order."""
        return tuple(op for op in self.body.block.ops if isinstance(op, LayerOperation))

    @property
    def activations(self) -> tuple[SSAValue, ...]:
        """Activations from outside, each once, in the order in which layers read them."""
        values = (value for op in self.chain for value in op.activations)
        return tuple(dict.fromkeys(value for value in values if not self.has_inside(value)))

    @property
    def macs(self) -> int:
        return sum(op.macs for op in self.chain)

    def has_inside(self, value: SSAValue) -> bool:
        """Whether a layer of the chain makes this value."""
        owner = value.owner
        return isinstance(owner, Operation) and owner.parent_op() is self

    def _verify_operands(self) -> None:
        *layers, last = self.body.block.ops
        if not all(isinstance(op, LayerOperation) and not isinstance(op, FusedOp) for op in layers):
            raise VerifyException("a fused layer holds layers, and a dsconv.yield at their end")
        if not isinstance(last, YieldOp) or len(layers) < 2:
            raise VerifyException("a fused layer holds two layers at least, then a dsconv.yield")
        if last.value is not self.chain[-1].result or last.value.type != self.result.type:
            raise VerifyException("a fused layer yields its last layer's result, as it is")
        if self.axis_name.data not in set(Axis):
            raise VerifyException(f"a fused layer goes along {' or '.join(Axis)}")
        for op, following in zip(self.chain, self.chain[1:], strict=False):
            readers = {use.operation for use in op.result.uses}
            others = readers - {following}
            if following not in readers or not all(map(self._is_addition_inside, others)):
                raise VerifyException(
                    f'in a chain, "{op.label}" is read by the next layer, "{following.label}", and '
                    "else by additions of the chain alone"
                )

    def _is_addition_inside(self, op: Operation) -> bool:
        return isinstance(op, AddOp) and op.parent_op() is self


@irdl_op_definition
class YieldOp(IRDLOperation):
    """Ends the chain of a fused layer with what it makes."""

    name = "dsconv.yield"

    value = operand_def()
    traits = traits_def(IsTerminator(), HasParent(FusedOp), Pure())
    assembly_format = "$value attr-dict `:` type($value)"

    def __init__(self, value: SSAValue):
        super().__init__(operands=[value])


FUSED_OPS: list[type[Operation]] = [FusedOp, YieldOp]
