"""Kernels of a network: what computes a tile of a layer, and the symbols they have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain, count

import numpy as np
from xdsl.dialects import memref
from xdsl.dialects.builtin import ModuleOp, StringAttr, TensorType
from xdsl.ir import SSAValue

from dsconv.dialects.attributes import WindowAttr
from dsconv.dialects.graph import (
    AddOp,
    AveragePoolOp,
    BinaryOperation,
    ConcatOp,
    DepthwiseOp,
    IntTensorType,
    LayerOperation,
    LookupOp,
    PadOp,
    RequantisedOperation,
    RescaleOp,
    ResizeOp,
    ShuffleOp,
    SliceOp,
    WeightedOperation,
    dtype_of,
    tensor_type,
)
from dsconv.dialects.records import (
    RecordAttr,
    uniform_narrow,
    uniform_requant,
    with_one_divisor,
)
from dsconv.dialects.tiled import KernelOp
from dsconv.lowering.c_names import c_identifier


class Symbols:
    """The symbols of a module, and of what is to be added to it."""

    def __init__(self, module: ModuleOp):
        names = (op.get_attr_or_prop("sym_name") for op in module.body.block.ops)
        self.taken = {name.data for name in names if isinstance(name, StringAttr)}

    def settle(self, op: KernelOp | memref.GlobalOp) -> None:
        """Makes an operation's symbol a C identifier that no other has."""
        base = c_identifier(op.sym_name.data)
        candidates = chain([base], (f"{base}_{number}" for number in count(2)))
        free = next(symbol for symbol in candidates if symbol not in self.taken)
        self.taken.add(free)
        op.sym_name = StringAttr(free)


@dataclass
class KernelTable:
    """A network's kernels. Layers of one shape share one."""

    symbols: Symbols
    kernels: list[KernelOp] = field(default_factory=list[KernelOp])

    def symbol(self, kernel: KernelOp) -> str:
        """Name of this kernel or of an equal one that is there already."""
        for known in self.kernels:
            if known.identity == kernel.identity:
                return known.sym_name.data
        self.symbols.settle(kernel)
        self.kernels.append(kernel)
        return kernel.sym_name.data


def kernel_kind(op: LayerOperation) -> str:
    """The kind of kernel that computes a graph operation."""
    if isinstance(op, WeightedOperation) and not isinstance(op, DepthwiseOp):
        return "conv2d"
    if isinstance(op, PadOp | SliceOp):
        return "max_pool"  # of windows of one pixel
    return op.kind


def raw_zero_points(op: LayerOperation) -> Sequence[int]:
    """Zero points that the kernel subtracts itself; weighted kernels have them in their bias."""
    if isinstance(op, AveragePoolOp | RescaleOp):
        return (op.zero_point,)
    if isinstance(op, BinaryOperation):
        return op.zero_points.get_values()
    return ()


def pad_value(op: LayerOperation) -> int:
    """What a tap outside the map reads."""
    if isinstance(op, WeightedOperation | AveragePoolOp):
        return op.zero_point
    if isinstance(op, PadOp):
        return op.value.value.data
    return int(np.iinfo(dtype_of(op.result)).min)


def tile_type(value: SSAValue, shape: Sequence[int]) -> IntTensorType:
    """Type of a tile (C, H, W) of an activation."""
    type_ = tensor_type(value)
    return TensorType(type_.element_type, (1, *shape), type_.encoding)


def tile_kernel(
    op: LayerOperation,
    record: RecordAttr | None,
    input_shapes: Sequence[Sequence[int]],
    output_shape: Sequence[int],
    window: WindowAttr,
    *,
    starts: tuple[Sequence[int], Sequence[int]] = ((0,), (0,)),
    output_pitch: int = 0,
    circular: bool = False,
) -> KernelOp:
    """The kernel that computes a layer's tile of `output_shape` from tiles of `input_shapes`.

    Shapes are (C, H, W); `starts`, `output_pitch` and `circular` as in `dsconv.kernel`.
    """
    narrow = op.narrow if isinstance(op, RequantisedOperation) else None
    requant = op.requant if isinstance(op, RequantisedOperation) and not narrow else None
    return KernelOp(
        f"{op.label}_kernel",
        kernel_kind(op),
        [tile_type(*tile) for tile in zip(op.activations, input_shapes, strict=True)],
        tile_type(op.result, output_shape),
        window,
        requant=uniform_requant(with_one_divisor(requant)) if requant else None,
        narrow=uniform_narrow(narrow) if narrow else None,
        record=record,
        counted_pads=op.counted_pads if isinstance(op, AveragePoolOp) else None,
        factors=op.factors if isinstance(op, ResizeOp) else (1, 1),
        axis=op.joined_axis if isinstance(op, ConcatOp) else 1,
        shuffled_groups=op.groups.value.data if isinstance(op, ShuffleOp) else 1,
        shared_record=isinstance(op, LookupOp) and op.shares_table,
        zero_points=raw_zero_points(op),
        multipliers=op.multipliers.get_values() if isinstance(op, AddOp) else (),
        terms=op.term_requants if isinstance(op, AddOp) else (),
        pad_value=pad_value(op) if any(window.pads) else 0,
        starts=starts,
        output_pitch=output_pitch,
        circular=circular,
    )


def requantised_channels(op: LayerOperation) -> tuple[int, int]:
    """Output channels of a layer that are requantised in 32 bits, and in 64."""
    if not isinstance(op, RequantisedOperation):
        return 0, 0
    channels = tensor_type(op.result).get_shape()[1]
    return (0, channels) if op.narrow is None else (channels, 0)
