"""Kernels of a network: what computes a tile of a layer, and the symbols they have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain, count

from xdsl.dialects import memref
from xdsl.dialects.builtin import ModuleOp, StringAttr, TensorType, UnitAttr
from xdsl.ir import SSAValue

from dsconv.dialects.accelerator import UnitOp
from dsconv.dialects.attributes import WindowAttr
from dsconv.dialects.graph import (
    IntTensorType,
    LayerOperation,
    RequantisedOperation,
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
from dsconv.passes.analysis.diagnostics import OperationError


class Symbols:
    """The symbols of a module, and of what is to be added to it."""

    def __init__(self, module: ModuleOp):
        names = (op.get_attr_or_prop("sym_name") for op in module.body.block.ops)
        self.taken = {name.data for name in names if isinstance(name, StringAttr)}

    def settle(self, op: KernelOp | memref.GlobalOp | UnitOp) -> None:
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

    Shapes are (C, H, W); `starts`, `output_pitch` and `circular` as in `dsconv.kernel`. Raises
    DiagnosticException where no one kernel computes the layer.
    """
    if op.KERNEL is None:
        raise OperationError(op, f'no kernel computes layer "{op.label}", of kind {op.kind}')
    narrow = op.narrow if isinstance(op, RequantisedOperation) else None
    requant = op.requant if isinstance(op, RequantisedOperation) and not narrow else None
    return KernelOp(
        f"{op.label}_kernel",
        op.KERNEL,
        [tile_type(*tile) for tile in zip(op.activations, input_shapes, strict=True)],
        tile_type(op.result, output_shape),
        window,
        requant=uniform_requant(with_one_divisor(requant)) if requant else None,
        narrow=uniform_narrow(narrow) if narrow else None,
        record=record,
        pad_value=op.pad_value if any(window.pads) else 0,
        starts=starts,
        output_pitch=output_pitch,
        circular=UnitAttr() if circular else None,
        **op.kernel_properties,
    )


def requantised_channels(op: LayerOperation) -> tuple[int, int]:
    """Output channels of a layer that are requantised in 32 bits, and in 64."""
    if not isinstance(op, RequantisedOperation):
        return 0, 0
    channels = tensor_type(op.result).get_shape()[1]
    return (0, channels) if op.narrow is None else (channels, 0)
