"""Tiled level: what computes a tile, and what each kind of kernel reads, needs and takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

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
from xdsl.utils.str_enum import StrEnum

from dsconv.dialects.attributes import (
    Layout,
    LayoutAttr,
    NarrowRequantAttr,
    RequantAttr,
    WindowAttr,
    i64_array,
)
from dsconv.dialects.records import RecordAttr


class KernelKind(StrEnum):
    """What a kernel computes on a tile."""

    CONV2D = "conv2d"
    DEPTHWISE = "depthwise"
    ADD = "add"
    MUL = "mul"
    AVG_POOL = "avg_pool"
    MAX_POOL = "max_pool"
    RESCALE = "rescale"
    LOOKUP = "lookup"
    STEPS = "steps"
    SUM_STEPS = "sum_steps"
    PAIR_LOOKUP = "pair_lookup"
    CONCAT = "concat"
    RESIZE = "resize"
    SHUFFLE = "shuffle"
    DEPTH_TO_SPACE = "depth_to_space"
    INTERPOLATE = "interpolate"


@dataclass(frozen=True)
class KernelSignature:
    """What a kind of kernel reads, needs and takes.

    `inputs` is the number of activation tiles, None where it is any. A kernel that requantises has
    `requant` or `narrow`. All kinds take a window, its starts, a pad value and a pitch.
    """

    inputs: int | None = 1
    requantises: bool = False
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()


KERNEL_SIGNATURES: Mapping[KernelKind, KernelSignature] = {
    KernelKind.CONV2D: KernelSignature(requantises=True, needs=("record",)),
    KernelKind.DEPTHWISE: KernelSignature(requantises=True, needs=("record",), takes=("circular",)),
    KernelKind.ADD: KernelSignature(
        inputs=2, requantises=True, needs=("zero_points", "multipliers"), takes=("terms",)
    ),
    KernelKind.MUL: KernelSignature(inputs=2, requantises=True, needs=("zero_points",)),
    KernelKind.AVG_POOL: KernelSignature(
        requantises=True, needs=("zero_points",), takes=("counted_pads",)
    ),
    KernelKind.MAX_POOL: KernelSignature(),
    KernelKind.RESCALE: KernelSignature(requantises=True, needs=("zero_points",)),
    KernelKind.LOOKUP: KernelSignature(needs=("record",), takes=("shared_record",)),
    KernelKind.STEPS: KernelSignature(needs=("record",), takes=("shared_record",)),
    KernelKind.SUM_STEPS: KernelSignature(
        inputs=None, needs=("record", "thresholds"), takes=("shared_record",)
    ),
    KernelKind.PAIR_LOOKUP: KernelSignature(inputs=2, needs=("record", "shared_record")),
    KernelKind.CONCAT: KernelSignature(inputs=None, takes=("axis",)),
    KernelKind.RESIZE: KernelSignature(needs=("factors",)),
    KernelKind.SHUFFLE: KernelSignature(needs=("shuffled_groups",)),
    KernelKind.DEPTH_TO_SPACE: KernelSignature(needs=("factors",)),
    KernelKind.INTERPOLATE: KernelSignature(
        requantises=True, needs=("zero_points", "places"), takes=("nearest",)
    ),
}

KIND_PROPERTIES = frozenset(
    name for signature in KERNEL_SIGNATURES.values() for name in signature.needs + signature.takes
)
"""Properties of a kernel that belong to some kinds."""


@irdl_op_definition
class KernelOp(IRDLOperation):
    """What a kernel computes on one tile in L1, to be lowered to loops for exactly this shape.

    `function_type` gives the tiles as tensors with layouts. Where a window has padding, a pad pixel
    (C bytes, or 1 in CHW) of `pad_value` lies right behind the tile, and taps outside it read that.
    A kernel requantises by `narrow` or by `requant`: what all channels share is there, the rest in
    the records. `row_starts` and `column_starts` are all places in the tile where the first window
    may begin. An output tile that is part of a larger one has `output_pitch`: rows of a plane of
    that one in CHW, channels of a pixel in HWC.

    Other properties belong to kinds of their own, and are refused elsewhere (KERNEL_SIGNATURES).
    Weighted kernels read one channel record per output channel. The record of a lookup is its
    table, in the order of the bytes, that of steps their thresholds and values, and that of a pair
    lookup a row of bits for each byte of the first input; `shared_record` says that all channels
    have the same. Sums of weighted inputs have factors of 64 bits and what is added to their sum in
    front of so many `thresholds`; a shared record may have a row of these for every channel. An
    average with `counted_pads` multiplies divisor and addend by the pixels of each window that lie
    in the tile or in these pads. A resize repeats rows and columns by its `factors`,
    which are the sizes of a block of depth_to_space; a concat is along an `axis` of 1xCxHxW; a
    shuffle takes channels of `shuffled_groups` in turns. An interpolation has its `places`, those
    of rows and then of columns, as the layer does; its `row` and `column` are the place of the
    first output in the tile, in parts. An addition
    requantises each product by its own `terms` first, where they are there.

    The input tile of a `circular` depthwise kernel is a ring of rows: row H is row 0 again. Whoever
    fills it fills in the padding of rows, too; the window's own is of columns only.
    """

    name = "dsconv.kernel"

    sym_name = prop_def(SymbolNameConstraint())
    kind_name = prop_def(StringAttr, prop_name="kind")
    function_type = prop_def(FunctionType)
    window = prop_def(WindowAttr)
    requant = opt_prop_def(RequantAttr)
    narrow = opt_prop_def(NarrowRequantAttr)
    record = opt_prop_def(RecordAttr)
    shared_record = opt_prop_def(UnitAttr)
    thresholds = opt_prop_def(IntegerAttr[I64], default_value=IntegerAttr(0, i64))
    counted_pads = opt_prop_def(DenseArrayBase[I64])
    factors = opt_prop_def(DenseArrayBase[I64], default_value=i64_array((1, 1)))
    axis = opt_prop_def(IntegerAttr[I64], default_value=IntegerAttr(1, i64))
    shuffled_groups = opt_prop_def(IntegerAttr[I64], default_value=IntegerAttr(1, i64))
    places = opt_prop_def(DenseArrayBase[I64], default_value=i64_array(()))
    nearest = opt_prop_def(UnitAttr)
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
        kind: KernelKind,
        inputs: Sequence[TensorType],
        output: TensorType,
        window: WindowAttr,
        *,
        requant: RequantAttr | None = None,
        narrow: NarrowRequantAttr | None = None,
        record: RecordAttr | None = None,
        pad_value: int = 0,
        starts: tuple[Sequence[int], Sequence[int]] = ((0,), (0,)),
        output_pitch: int = 0,
        **own: Attribute | None,
    ):
        """`own` are properties that belong to the kind."""
        super().__init__(
            properties={
                "sym_name": StringAttr(symbol),
                "kind": StringAttr(kind.value),
                "function_type": FunctionType.from_lists(inputs, [output]),
                "window": window,
                "requant": requant,
                "narrow": narrow,
                "record": record,
                **own,
                "pad_value": IntegerAttr(pad_value, i64) if pad_value else None,
                "row_starts": self._starts_property(starts[0]),
                "column_starts": self._starts_property(starts[1]),
                "output_pitch": IntegerAttr(output_pitch, i64) if output_pitch else None,
            },
        )

    @staticmethod
    def _starts_property(starts: Sequence[int]) -> DenseArrayBase[I64] | None:
        """Nothing for the default of 0, as the parser leaves it."""
        return i64_array(starts) if tuple(starts) != (0,) else None

    @property
    def kind(self) -> KernelKind:
        """What it computes."""
        return KernelKind(self.kind_name.data)

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
    def thresholds_count(self) -> int:
        """Thresholds of each record of a kernel on weighted sums."""
        return self.thresholds.value.data

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
        if self.kind_name.data not in set(KernelKind):
            raise VerifyException(
                f"no kernel {self.kind_name.data}; there are {', '.join(KernelKind)}"
            )
        signature = KERNEL_SIGNATURES[self.kind]
        if len(self.inputs) != (signature.inputs or max(len(self.inputs), 1)):
            raise VerifyException(f"wrong number of inputs for a kernel {self.kind}")
        if len(self.function_type.outputs) != 1:
            raise VerifyException(
                f"a kernel makes one tensor, not {len(self.function_type.outputs)}"
            )
        if self.pitch < self.dense_pitch:
            raise VerifyException(
                f"an output of pitch {self.dense_pitch} does not lie in one of {self.pitch}"
            )
        self._verify_properties(signature)
        if self.circular is not None:
            self._verify_ring()

    def _verify_properties(self, signature: KernelSignature) -> None:
        """Whether the kernel has what its kind needs, and nothing that belongs to others."""
        own = [name for name in KIND_PROPERTIES if name in self.properties]
        for name in own:
            if name not in (*signature.needs, *signature.takes):
                raise VerifyException(f"a kernel {self.kind} has no {name}")
        for name in signature.needs:
            if name not in own:
                raise VerifyException(f"a kernel {self.kind} needs {name}")
        forms = [form for form in (self.requant, self.narrow) if form is not None]
        if signature.requantises and len(forms) != 1:
            raise VerifyException(f"a kernel {self.kind} has requant or narrow, one of them")
        if forms and not signature.requantises:
            raise VerifyException(f"a kernel {self.kind} requantises nothing")
        for name, values in (
            ("zero_points", self.zero_point_values),
            ("multipliers", self.multiplier_values),
            ("terms", self.term_requants),
        ):
            if name in own and len(values) != len(self.inputs):
                raise VerifyException(f"{len(values)} {name} for {len(self.inputs)} inputs")

    def _verify_ring(self) -> None:
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
