"""Tiled level: what computes a tile."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import ClassVar

from xdsl.dialects.builtin import (
    I64,
    ArrayAttr,
    DenseArrayBase,
    FlatSymbolRefAttrConstr,
    FunctionType,
    IndexType,
    IntegerAttr,
    MemRefType,
    StringAttr,
    SymbolNameConstraint,
    SymbolRefAttr,
    TensorType,
    UnitAttr,
    i64,
)
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    traits_def,
    var_operand_def,
)
from xdsl.traits import SymbolOpInterface
from xdsl.utils.exceptions import VerifyException

from dsconv.dialects.attributes import (
    Layout,
    LayoutAttr,
    NarrowRequantAttr,
    RequantAttr,
    WindowAttr,
    i64_array,
)
from dsconv.dialects.records import RecordAttr


@irdl_op_definition
class KernelOp(IRDLOperation):
    """What a kernel computes on one tile in L1, to be lowered to loops for exactly this shape.

    `function_type` gives the tiles as tensors with layouts. Where a window has padding, a pad pixel
    (C bytes, or 1 in CHW) of `pad_value` lies right behind the tile, and taps outside it read that.
    Weighted kernels read one channel record per output channel. A kernel requantises by `narrow`
    or by `requant`: what all channels share is there, the rest in the records. The record of a
    lookup is its table, in the order of the bytes; `shared_record` says that all channels have the
    same. An average with `counted_pads` multiplies divisor and addend by the pixels of each window
    that lie in the tile or in these pads. A resize repeats rows and columns by its `factors`; a
    concat is along an `axis` of 1xCxHxW; a shuffle takes channels of `shuffled_groups` in turns.
    An addition requantises each product by its own `terms` first, where they are there.
    `row_starts` and `column_starts` are all places in the tile where the first window may begin. An
    output tile that is part of a larger one has `output_pitch`: rows of a plane of that one in CHW,
    channels of a pixel in HWC.

    The input tile of a `circular` depthwise kernel is a ring of rows: row H is row 0 again. Whoever
    fills it fills in the padding of rows, too; the window's own is of columns only.
    """

    name = "dsconv.kernel"

    KINDS: ClassVar[tuple[str, ...]] = (
        "conv2d",
        "depthwise",
        "add",
        "mul",
        "avg_pool",
        "max_pool",
        "rescale",
        "lookup",
        "concat",
        "resize",
        "shuffle",
    )

    sym_name = prop_def(SymbolNameConstraint())
    kind = prop_def(StringAttr)
    function_type = prop_def(FunctionType)
    window = prop_def(WindowAttr)
    requant = opt_prop_def(RequantAttr)
    narrow = opt_prop_def(NarrowRequantAttr)
    record = opt_prop_def(RecordAttr)
    shared_record = opt_prop_def(UnitAttr)
    counted_pads = opt_prop_def(DenseArrayBase[I64])
    factors = opt_prop_def(DenseArrayBase[I64], default_value=i64_array((1, 1)))
    axis = opt_prop_def(IntegerAttr[I64], default_value=IntegerAttr(1, i64))
    shuffled_groups = opt_prop_def(IntegerAttr[I64], default_value=IntegerAttr(1, i64))
    zero_points = opt_prop_def(DenseArrayBase[I64], default_value=i64_array(()))
    multipliers = opt_prop_def(DenseArrayBase[I64], default_value=i64_array(()))
    terms = opt_prop_def(ArrayAttr[RequantAttr])
    pad_value = opt_prop_def(IntegerAttr[I64], default_value=IntegerAttr(0, i64))
    row_starts = opt_prop_def(DenseArrayBase[I64], default_value=i64_array((0,)))
    column_starts = opt_prop_def(DenseArrayBase[I64], default_value=i64_array((0,)))
    output_pitch = opt_prop_def(IntegerAttr[I64], default_value=IntegerAttr(0, i64))
    circular = opt_prop_def(UnitAttr)

    traits = traits_def(SymbolOpInterface())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$kind $sym_name `:` $function_type `window` $window attr-dict"

    def __init__(
        self,
        symbol: str,
        kind: str,
        inputs: Sequence[TensorType],
        output: TensorType,
        window: WindowAttr,
        *,
        requant: RequantAttr | None = None,
        narrow: NarrowRequantAttr | None = None,
        record: RecordAttr | None = None,
        shared_record: bool = False,
        counted_pads: DenseArrayBase[I64] | None = None,
        factors: tuple[int, int] = (1, 1),
        axis: int = 1,
        shuffled_groups: int = 1,
        zero_points: Sequence[int] = (),
        multipliers: Sequence[int] = (),
        terms: Sequence[RequantAttr] = (),
        pad_value: int = 0,
        starts: tuple[Sequence[int], Sequence[int]] = ((0,), (0,)),
        output_pitch: int = 0,
        circular: bool = False,
    ):
        super().__init__(
            properties={
                "sym_name": StringAttr(symbol),
                "kind": StringAttr(kind),
                "function_type": FunctionType.from_lists(inputs, [output]),
                "window": window,
                "requant": requant,
                "narrow": narrow,
                "record": record,
                "shared_record": UnitAttr() if shared_record else None,
                "counted_pads": counted_pads,
                "factors": i64_array(factors) if factors != (1, 1) else None,
                "axis": IntegerAttr(axis, i64) if axis != 1 else None,
                "shuffled_groups": (
                    IntegerAttr(shuffled_groups, i64) if shuffled_groups != 1 else None
                ),
                "zero_points": i64_array(zero_points) if zero_points else None,
                "multipliers": i64_array(multipliers) if multipliers else None,
                "terms": ArrayAttr(terms) if terms else None,
                "pad_value": IntegerAttr(pad_value, i64) if pad_value else None,
                "row_starts": self._starts_property(starts[0]),
                "column_starts": self._starts_property(starts[1]),
                "output_pitch": IntegerAttr(output_pitch, i64) if output_pitch else None,
                "circular": UnitAttr() if circular else None,
            },
        )

    @staticmethod
    def _starts_property(starts: Sequence[int]) -> DenseArrayBase[I64] | None:
        """Nothing for the default of 0, as the parser leaves it."""
        return i64_array(starts) if tuple(starts) != (0,) else None

    @property
    def inputs(self) -> tuple[TensorType, ...]:
        """Types of the activation tiles it reads."""
        types = self.function_type.inputs
        return tuple(type_ for type_ in types if isinstance(type_, TensorType))

    @property
    def output(self) -> TensorType:
        """Type of the tile it writes."""
        (type_,) = self.function_type.outputs
        if not isinstance(type_, TensorType):
            raise VerifyException(f"a kernel makes a tensor, got {type_}")
        return type_

    @property
    def dense_pitch(self) -> int:
        """Rows of a plane in CHW, or channels of a pixel in HWC, of the output alone."""
        _, channels, rows, _ = self.output.get_shape()
        encoding = self.output.encoding
        is_hwc = isinstance(encoding, LayoutAttr) and encoding.data is Layout.HWC
        return channels if is_hwc else rows

    @property
    def pitch(self) -> int:
        """The same of what the output lies in."""
        return self.output_pitch.value.data or self.dense_pitch

    @property
    def zero_point_values(self) -> tuple[int, ...]:
        """Zero points of the inputs, where the kernel needs them."""
        return self.zero_points.get_values()

    @property
    def multiplier_values(self) -> tuple[int, ...]:
        """Weights of the two operands of an addition."""
        return self.multipliers.get_values()

    @property
    def term_requants(self) -> tuple[RequantAttr, ...]:
        """Requantisations of both products of an addition; nothing where there are none."""
        return () if self.terms is None else self.terms.data

    @property
    def groups(self) -> int:
        """Groups of channels in the tile of a convolution: what a record has weights for is one."""
        assert self.record is not None, "a convolution has weights"
        taps = prod(self.window.kernel)
        return self.inputs[0].get_shape()[1] * taps // self.record.weight_bytes

    @property
    def padding(self) -> int:
        """What a tap outside the map reads."""
        return self.pad_value.value.data

    @property
    def starts(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Rows, and columns, of the tile where the first window may begin."""
        return self.row_starts.get_values(), self.column_starts.get_values()

    @property
    def window_rows(self) -> int:
        """Rows of input under the windows of all outputs."""
        _, _, rows, _ = self.output.get_shape()
        return (rows - 1) * self.window.strides[0] + self.window.extent[0]

    @property
    def identity(self) -> tuple[Attribute, ...]:
        """What two kernels have in common exactly when one can stand for the other."""
        rest = (value for name, value in sorted(self.properties.items()) if name != "sym_name")
        return tuple(rest)

    def verify_(self) -> None:
        if self.kind.data not in self.KINDS:
            raise VerifyException(f"no kernel {self.kind.data}; there are {', '.join(self.KINDS)}")
        count = {"add": 2, "mul": 2, "concat": len(self.inputs)}.get(self.kind.data, 1)
        if len(self.inputs) != count:
            raise VerifyException(f"wrong number of inputs for a kernel {self.kind.data}")
        if len(self.function_type.outputs) != 1:
            raise VerifyException(
                f"a kernel makes one tensor, not {len(self.function_type.outputs)}"
            )
        if self.pitch < self.dense_pitch:
            raise VerifyException(
                f"an output of pitch {self.dense_pitch} does not lie in one of {self.pitch}"
            )
        if self.circular is not None:
            self._verify_ring()

    def _verify_ring(self) -> None:
        if self.kind.data != "depthwise":
            raise VerifyException(f"a kernel {self.kind.data} reads no circular tile")
        top, _, bottom, _ = self.window.pads
        if top or bottom:
            raise VerifyException("a circular tile has its padding of rows in it")
        _, _, height, _ = self.inputs[0].get_shape()
        row_starts, _ = self.starts
        if not all(0 <= start < height for start in row_starts):
            raise VerifyException(f"windows begin in one of the {height} rows of a circular tile")
        if self.window_rows > height:
            raise VerifyException(
                f"windows over {self.window_rows} rows do not fit a circular tile of {height}"
            )


@irdl_op_definition
class RunOp(IRDLOperation):
    """Runs a kernel on tiles in L1, all cores together.

    `row` and `column` say where the first output's window begins, in the tile's rows and columns;
    negative inside the padding.
    """

    name = "dsconv.run"

    kernel = prop_def(FlatSymbolRefAttrConstr)
    buffers = var_operand_def(MemRefType)
    row = operand_def(IndexType)
    column = operand_def(IndexType)

    assembly_format = "$kernel `(` $buffers `)` `at` $row `,` $column attr-dict `:` type($buffers)"

    def __init__(self, kernel: str, buffers: Sequence[SSAValue], row: SSAValue, column: SSAValue):
        super().__init__(
            operands=[buffers, row, column], properties={"kernel": SymbolRefAttr(kernel)}
        )
