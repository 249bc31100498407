"""Graph level: sliding windows without weights."""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from math import prod
from typing import ClassVar

from xdsl.dialects.builtin import I64, DenseArrayBase, TensorType
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import irdl_op_definition, operand_def, opt_prop_def, prop_def
from xdsl.utils.exceptions import VerifyException

from dsconv.dialects.attributes import RequantAttr, Rounding, WindowAttr, i64_array
from dsconv.dialects.graph.base import (
    ELEMENTS,
    CentredOperation,
    IntTensorType,
    LayerOperation,
    layer_format,
    tensor_type,
    verify_activation,
    verify_sums,
    verify_window,
    zero_point_property,
)
from dsconv.dialects.reference import Accumulators, pixels_inside
from dsconv.dialects.tiled.kernel import KernelKind

NO_PADS = (0, 0, 0, 0)


class PoolOperation(LayerOperation, abc.ABC):
    """A sliding window without weights."""

    input = operand_def(TensorType)
    window = prop_def(WindowAttr)

    RESULT_ELEMENTS: ClassVar[Sequence[Attribute]] = ELEMENTS

    def _verify_operands(self) -> None:
        verify_activation(self.input, "input", ELEMENTS)
        channels = tensor_type(self.input).get_shape()[1]
        verify_window(self.window, self.input, self.result, channels)

    def pixels_inside(self, pads: Sequence[int] = NO_PADS) -> Accumulators:
        """How many pixels under each window (OY, OX) lie in the input, or within `pads` of it."""
        size, outputs = (tensor_type(value).get_shape()[2:] for value in (self.input, self.result))
        top, left, _, _ = self.window.pads
        return pixels_inside(self.window, size, outputs, (-top, -left), pads)


@irdl_op_definition
class AveragePoolOp(PoolOperation, CentredOperation):
    """Sum of (x - zx) over the window, requantised; the window's size is part of the divisor.

    Padding counts as a real 0. With `counted_pads`, only these pads do, as part of the window's
    own, and divisor and addend are multiplied by the number of pixels that count in each window.
    A result of i32 is the sums, and that of i32 always.
    """

    name = "dsconv.avg_pool"

    KERNEL: ClassVar[KernelKind | None] = KernelKind.AVG_POOL

    counted_pads = opt_prop_def(DenseArrayBase[I64])

    assembly_format = layer_format(["input"], ["window", "requant"])

    def __init__(
        self,
        layer: str,
        input: SSAValue | Operation,
        window: WindowAttr,
        requant: RequantAttr,
        result_type: IntTensorType,
        *,
        input_zero_point: int = 0,
        counted_pads: Sequence[int] | None = None,
    ):
        super().__init__(
            layer,
            [input],
            result_type,
            window=window,
            requant=requant,
            input_zero_point=zero_point_property(input_zero_point),
            counted_pads=None if counted_pads is None else i64_array(counted_pads),
        )

    @property
    def kernel_properties(self) -> Mapping[str, Attribute | None]:
        return {"zero_points": i64_array((self.zero_point,)), "counted_pads": self.counted_pads}

    def verify_(self) -> None:
        super().verify_()
        verify_sums(self, self.input)
        if self.counted_pads is None:
            return
        if self.gives_accumulators:
            raise VerifyException("sums are not divided by the pixels that count")
        counted, pads = self.counted_pads.get_values(), self.window.pads
        if len(counted) != 4 or any(
            not 0 <= part <= pad for part, pad in zip(counted, pads, strict=False)
        ):
            raise VerifyException(
                f"counted pads {list(counted)} are no part of the pads {list(pads)}"
            )
        if self.pixels_inside(counted).min() < 1:
            raise VerifyException("a window of an average has at least one pixel that counts")
        if prod(self.window.kernel) * max(self.requant.divisors) >= 2**63:
            raise VerifyException("the divisor times the window's size does not fit 64 bits")
        if self.requant.rounding is Rounding.TWICE:
            raise VerifyException("an average of varying divisors is rounded once")
        if self.narrow is not None:
            raise VerifyException("an average of varying divisors has no narrow requantisation")


@irdl_op_definition
class MaxPoolOp(PoolOperation):
    """Maximum over the window; padding never wins."""

    name = "dsconv.max_pool"

    KERNEL: ClassVar[KernelKind | None] = KernelKind.MAX_POOL

    assembly_format = layer_format(["input"], ["window"])

    def __init__(
        self,
        layer: str,
        input: SSAValue | Operation,
        window: WindowAttr,
        result_type: IntTensorType,
    ):
        super().__init__(layer, [input], result_type, window=window)

    def verify_(self) -> None:
        super().verify_()
        if tensor_type(self.input).element_type != tensor_type(self.result).element_type:
            raise VerifyException("input and result of a max pool have the same elements")
        if self.pixels_inside().min() < 1:
            raise VerifyException("a window of a max pool covers at least one pixel of the input")


POOLING_OPS: list[type[Operation]] = [AveragePoolOp, MaxPoolOp]
