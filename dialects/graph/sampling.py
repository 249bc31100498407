"""Graph level: values read at places that lie anywhere in the map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from xdsl.dialects.builtin import I64, DenseArrayBase, TensorType, UnitAttr
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import irdl_op_definition, operand_def, opt_prop_def, prop_def
from xdsl.utils.exceptions import VerifyException

from dsconv.dialects.attributes import RequantAttr, i64_array
from dsconv.dialects.graph.base import (
    ELEMENTS,
    CentredOperation,
    IntTensorType,
    layer_format,
    tensor_type,
    verify_activation,
    verify_shape,
    verify_sums,
    zero_point_property,
)
from dsconv.dialects.tiled.kernel import KernelKind

Places = tuple[int, int, int]
"""Step, offset and parts: output i lies at `(i * step + offset) / parts` of the input."""
MOST_PIXEL_PARTS = 2**22
"""Of one pixel, so that the sum of all parts of an activation fits 32 bits."""


@irdl_op_definition
class InterpolateOp(CentredOperation):
    """Rows and columns read at other places, requantised: a resize by any factors, or backwards.

    `rows` and `columns` are step, offset and parts: output i lies at (i * step + offset) / parts,
    moved into the map. There it has the four pixels around, each times the parts by which the
    place is near it, rows times columns: the sum is that of all parts. With `nearest` it has the
    pixel that the place, rounded down, is. A result of i32 is the sums, and that of i32 always.
    """

    name = "dsconv.interpolate"

    KERNEL: ClassVar[KernelKind | None] = KernelKind.INTERPOLATE
    RESULT_ELEMENTS: ClassVar[Sequence[Attribute]] = ELEMENTS

    input = operand_def(TensorType)
    rows = prop_def(DenseArrayBase[I64])
    columns = prop_def(DenseArrayBase[I64])
    nearest = opt_prop_def(UnitAttr)

    assembly_format = layer_format(["input"], ["rows", "columns", "requant"])

    def __init__(
        self,
        layer: str,
        input: SSAValue | Operation,
        rows: Places,
        columns: Places,
        requant: RequantAttr,
        result_type: IntTensorType,
        *,
        nearest: bool = False,
        input_zero_point: int = 0,
    ):
        super().__init__(
            layer,
            [input],
            result_type,
            rows=i64_array(rows),
            columns=i64_array(columns),
            requant=requant,
            nearest=UnitAttr() if nearest else None,
            input_zero_point=zero_point_property(input_zero_point),
        )

    @property
    def places(self) -> tuple[Places, Places]:
        """Those of rows, and of columns."""
        (step, offset, parts), (step_x, offset_x, parts_x) = (
            values.get_values() for values in (self.rows, self.columns)
        )
        return (step, offset, parts), (step_x, offset_x, parts_x)

    @property
    def parts(self) -> int:
        """Parts of a pixel that each sum has."""
        (*_, rows), (*_, columns) = self.places
        return 1 if self.nearest is not None else rows * columns

    @property
    def kernel_properties(self) -> Mapping[str, Attribute | None]:
        rows, columns = self.places
        return {
            "zero_points": i64_array((self.zero_point,)),
            "places": i64_array((*rows, *columns)),
            "nearest": self.nearest,
        }

    def _verify_operands(self) -> None:
        verify_activation(self.input, "input", ELEMENTS)
        verify_sums(self, self.input)
        shape, sizes = (tensor_type(value).get_shape() for value in (self.input, self.result))
        verify_shape(self.result, "result has", (*shape[:2], *sizes[2:]))
        for axis in (self.rows, self.columns):
            if len(axis) != 3:
                raise VerifyException(f"places have a step, an offset and parts, not {len(axis)}")
            step, _, parts = axis.get_values()
            if parts < 1:
                raise VerifyException(f"places with step {step} of {parts} parts")


SAMPLING_OPS: list[type[Operation]] = [InterpolateOp]
