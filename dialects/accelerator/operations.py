"""Operations of an accelerator behind DRAM."""

from __future__ import annotations

import abc
from collections.abc import Sequence

from xdsl.dialects.builtin import (
    I64,
    FlatSymbolRefAttrConstr,
    IndexType,
    IntegerAttr,
    IntegerType,
    MemRefType,
    StringAttr,
    SymbolNameConstraint,
    SymbolRefAttr,
    TensorType,
    UnitAttr,
    i1,
    i32,
    i64,
)
from xdsl.ir import Attribute, Region, SSAValue
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    opt_prop_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.traits import HasParent, IsTerminator, Pure, SymbolOpInterface
from xdsl.utils.exceptions import VerifyException

from dsconv.dialects.accelerator.boxes import BOX, BoxOperation
from dsconv.dialects.attributes import Space, SpaceAttr
from dsconv.dialects.graph import LayerOperation
from dsconv.dialects.tiled import buffer_space

PARTIAL_SUM = i32
"""Element of a patch that holds partial sums."""


def map_type(shape: Sequence[int], element: Attribute, space: Space) -> MemRefType:
    """Type of a map CxHxW in DRAM, which is L2, or of a patch of it on chip, which is L1."""
    return MemRefType(element, shape, memory_space=SpaceAttr(space))


def verify_spaces(values: Sequence[SSAValue], space: Space, role: str) -> None:
    """Raises VerifyException unless all values lie in a memory space."""
    for value in values:
        if buffer_space(value) is not space:
            raise VerifyException(f"{role} in {space}, not in {buffer_space(value)}")


def verify_sums(value: SSAValue) -> None:
    """Raises VerifyException unless a patch holds partial sums."""
    if not isinstance(value.type, MemRefType) or value.type.element_type != PARTIAL_SUM:
        raise VerifyException(f"partial sums are {PARTIAL_SUM}, got {value.type}")


@irdl_op_definition
class UnitOp(IRDLOperation):
    """What computes a layer.

    The layer stands in the region, on whole tensors; a program runs it on boxes of them.
    """

    name = "dsconv.unit"

    sym_name = prop_def(SymbolNameConstraint())
    body = region_def("single_block")

    traits = traits_def(SymbolOpInterface())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$sym_name attr-dict-with-keyword $body"

    def __init__(self, symbol: str, body: Region):
        super().__init__(properties={"sym_name": StringAttr(symbol)}, regions=[body])

    @property
    def layer(self) -> LayerOperation:
        """The layer."""
        last = self.body.block.last_op
        assert isinstance(last, UnitYieldOp), "verified"
        assert isinstance(last.value.owner, LayerOperation), "verified"
        return last.value.owner

    def verify_(self) -> None:
        last = self.body.block.last_op
        if not isinstance(last, UnitYieldOp) or not isinstance(last.value.owner, LayerOperation):
            raise VerifyException("a unit ends with a dsconv.unit_yield of what its layer makes")


@irdl_op_definition
class UnitYieldOp(IRDLOperation):
    """Ends a unit with what its layer makes."""

    name = "dsconv.unit_yield"

    value = operand_def(TensorType)
    traits = traits_def(IsTerminator(), HasParent(UnitOp), Pure())
    assembly_format = "$value attr-dict `:` type($value)"

    def __init__(self, value: SSAValue):
        super().__init__(operands=[value])


@irdl_op_definition
class MapOp(IRDLOperation):
    """A map in DRAM, at an offset in entries. It lies in the target's blocks of channels."""

    name = "dsconv.map"

    label = prop_def(StringAttr)
    offset = prop_def(IntegerAttr[I64])
    result = result_def(MemRefType)

    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$label `at` $offset attr-dict `:` type($result)"

    def __init__(self, label: str, offset: int, shape: Sequence[int], element: Attribute):
        super().__init__(
            properties={"label": StringAttr(label), "offset": IntegerAttr(offset, i64)},
            result_types=[map_type(shape, element, Space.L2)],
        )

    def verify_(self) -> None:
        verify_spaces([self.result], Space.L2, "a map lies")
        if self.offset.value.data < 0:
            raise VerifyException("an offset in DRAM is not negative")


@irdl_op_definition
class PatchOp(IRDLOperation):
    """Room on chip for a patch of a map CxHxW, for its partial `sums`, or for a block of weights.

    Element (c, y, x) of the map lies at (c mod C, y mod H, x mod W) of the patch. It takes its
    entries from here to the end of its layer, or to its release; times `copies`. A patch `over`
    another takes that one's place, as what is made of it replaces it entry by entry.
    """

    name = "dsconv.patch"

    label = prop_def(StringAttr)
    copies = opt_prop_def(IntegerAttr[I64], default_value=IntegerAttr(1, i64))
    sums = opt_prop_def(UnitAttr)
    over = opt_operand_def(MemRefType)
    result = result_def(MemRefType)

    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = (
        "$label (`sums` $sums^)? (`over` $over^ `:` type($over))? attr-dict `as` type($result)"
    )

    def __init__(
        self,
        label: str,
        shape: Sequence[int],
        element: Attribute,
        *,
        sums: bool = False,
        copies: int = 1,
        over: SSAValue | None = None,
    ):
        super().__init__(
            operands=[over],
            properties={
                "label": StringAttr(label),
                "sums": UnitAttr() if sums else None,
                "copies": IntegerAttr(copies, i64) if copies > 1 else None,
            },
            result_types=[map_type(shape, element, Space.L1)],
        )

    def verify_(self) -> None:
        verify_spaces([self.result], Space.L1, "a patch lies")
        if self.copies.value.data not in (1, 2):
            raise VerifyException(f"a patch is there 1 or 2 times, not {self.copies.value.data}")
        if self.over is not None:
            verify_spaces([self.over], Space.L1, "a patch lies")


@irdl_op_definition
class ReleaseOp(IRDLOperation):
    """Ends the life of a patch that was made between layers."""

    name = "dsconv.release"

    patch = operand_def(MemRefType)
    assembly_format = "$patch attr-dict `:` type($patch)"

    def __init__(self, patch: SSAValue):
        super().__init__(operands=[patch])


class TransferOperation(BoxOperation, abc.ABC):
    """Moves a box of a map between DRAM and a patch, where its condition holds."""

    map = operand_def(MemRefType)
    patch = operand_def(MemRefType)
    condition = opt_operand_def(i1)

    def __init__(
        self,
        map: SSAValue,
        patch: SSAValue,
        box: Sequence[SSAValue],
        condition: SSAValue | None = None,
    ):
        super().__init__(operands=[map, patch, condition, *box])

    def verify_(self) -> None:
        verify_spaces([self.map], Space.L2, "a map lies")
        verify_spaces([self.patch], Space.L1, "a patch lies")


@irdl_op_definition
class FetchOp(TransferOperation):
    """Loads a box of a map from DRAM."""

    name = "dsconv.fetch"
    assembly_format = (
        f"$map {BOX} `to` $patch (`when` $condition^)? attr-dict `:` type($map) `to` type($patch)"
    )


@irdl_op_definition
class PutOp(TransferOperation):
    """Stores a box of a map to DRAM."""

    name = "dsconv.put"
    assembly_format = (
        f"$patch `to` $map {BOX} (`when` $condition^)? attr-dict `:` type($patch) `to` type($map)"
    )


@irdl_op_definition
class FetchWeightsOp(IRDLOperation):
    """Loads weights from DRAM, where its condition holds: of some kernels, for some inputs.

    These lie together, `at` an entry, in the order in which the unit reads them.
    """

    name = "dsconv.fetch_weights"

    unit = prop_def(FlatSymbolRefAttrConstr)
    kernel = operand_def(IndexType)
    kernel_end = operand_def(IndexType)
    channel = operand_def(IndexType)
    channel_end = operand_def(IndexType)
    at = operand_def(IndexType)
    patch = operand_def(MemRefType)
    condition = opt_operand_def(i1)

    assembly_format = (
        "$unit `[` $kernel `to` $kernel_end `,` $channel `to` $channel_end `]` `at` $at "
        "`to` $patch (`when` $condition^)? attr-dict `:` type($patch)"
    )

    def __init__(
        self,
        unit: str,
        block: Sequence[SSAValue],
        at: SSAValue,
        patch: SSAValue,
        condition: SSAValue | None = None,
    ):
        super().__init__(
            operands=[*block, at, patch, condition], properties={"unit": SymbolRefAttr(unit)}
        )

    def verify_(self) -> None:
        verify_spaces([self.patch], Space.L1, "weights lie")


class UnitOperation(BoxOperation, abc.ABC):
    """Runs a unit to make a box of its layer's output."""

    unit = prop_def(FlatSymbolRefAttrConstr)
    target = operand_def(MemRefType)

    def verify_(self) -> None:
        verify_spaces([self.target], Space.L1, "what a unit makes lies")


@irdl_op_definition
class ComputeOp(UnitOperation):
    """Makes a box of a layer's output from patches of its inputs, and all weights for that."""

    name = "dsconv.compute"

    inputs = var_operand_def(MemRefType)
    weights = opt_operand_def(MemRefType)

    irdl_options = (AttrSizedOperandSegments(as_property=True), ParsePropInAttrDict())
    assembly_format = (
        f"$unit {BOX} `from` $inputs (`with` $weights^ `:` type($weights))? `in` $target attr-dict "
        "`:` type($inputs) `to` type($target)"
    )

    def __init__(
        self,
        unit: str,
        box: Sequence[SSAValue],
        inputs: Sequence[SSAValue],
        weights: SSAValue | None,
        target: SSAValue,
    ):
        super().__init__(
            operands=[inputs, weights, target, *box], properties={"unit": SymbolRefAttr(unit)}
        )


@irdl_op_definition
class ClearOp(IRDLOperation):
    """Sets all partial sums of a patch to 0."""

    name = "dsconv.clear"

    patch = operand_def(MemRefType)
    assembly_format = "$patch attr-dict `:` type($patch)"

    def __init__(self, patch: SSAValue):
        super().__init__(operands=[patch])


@irdl_op_definition
class AccumulateOp(UnitOperation):
    """Adds the products of some input channels to partial sums of a box of a layer's output."""

    name = "dsconv.accumulate"
    first = operand_def(IndexType)
    end = operand_def(IndexType)
    input = operand_def(MemRefType)
    weights = operand_def(MemRefType)

    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = (
        f"$unit {BOX} `over` $first `to` $end `from` $input `with` $weights `in` $target attr-dict "
        "`:` type($input) `,` type($weights) `to` type($target)"
    )

    def __init__(
        self,
        unit: str,
        box: Sequence[SSAValue],
        channels: Sequence[SSAValue],
        input: SSAValue,
        weights: SSAValue,
        sums: SSAValue,
    ):
        super().__init__(
            operands=[*channels, input, weights, sums, *box],
            properties={"unit": SymbolRefAttr(unit)},
        )

    def verify_(self) -> None:
        super().verify_()
        verify_sums(self.target)


@irdl_op_definition
class FinishOp(UnitOperation):
    """Makes a box of a layer's output from its sums, which are complete: adds bias, requantises."""

    name = "dsconv.finish"

    sums = operand_def(MemRefType)

    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = (
        f"$unit {BOX} `from` $sums `in` $target attr-dict `:` type($sums) `to` type($target)"
    )

    def __init__(self, unit: str, box: Sequence[SSAValue], sums: SSAValue, target: SSAValue):
        super().__init__(operands=[sums, target, *box], properties={"unit": SymbolRefAttr(unit)})

    def verify_(self) -> None:
        super().verify_()
        verify_sums(self.sums)


def patch_entries(type_: MemRefType, entries: int) -> int:
    """Entries of a patch whose elements take so many each."""
    size = entries
    for length in type_.get_shape():
        size *= length
    return size


def element_bits(type_: MemRefType) -> int:
    """Bits of an element of a map or patch."""
    element = type_.element_type
    if not isinstance(element, IntegerType):
        raise VerifyException(f"elements of maps are integers, not {element}")
    return element.width.data
