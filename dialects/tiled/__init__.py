"""Tiled level of the dsconv dialect: buffers in a memory space, transfers, kernels on tiles.

A function at this level is run by every core of the cluster. Transfers and waits are core
0's alone; a barrier makes them visible to the others. Buffers are flat bytes.
"""

from xdsl.ir import Attribute, Operation

from dsconv.dialects.records import RecordAttr
from dsconv.dialects.tiled.box import BoxAttr, Shape
from dsconv.dialects.tiled.buffers import (
    L1_SIZE,
    L2_SIZE,
    L3_IMAGE_SIZE,
    L3_SIZE,
    OFFSETS,
    BarrierOp,
    BufferOp,
    FillOp,
    MoveOp,
    SlotOp,
    ViewOp,
    aligned,
    buffer_size,
    buffer_space,
    buffer_type,
    whole_buffer,
)
from dsconv.dialects.tiled.kernel import (
    KERNEL_SIGNATURES,
    KernelKind,
    KernelOp,
    KernelSignature,
    RunOp,
)
from dsconv.dialects.tiled.layer import PARTS, RESIDENT_INPUTS, LayerOp, enclosing_layer
from dsconv.dialects.tiled.transfers import (
    DmaStartOp,
    L3LoadOp,
    L3StoreOp,
    L3TransferOp,
    L3WaitOp,
    PrefetchOp,
    PrefetchWaitOp,
    TransferType,
    WaitOp,
)

TILED_OPS: list[type[Operation]] = [
    BufferOp,
    SlotOp,
    ViewOp,
    LayerOp,
    DmaStartOp,
    WaitOp,
    PrefetchOp,
    PrefetchWaitOp,
    L3LoadOp,
    L3StoreOp,
    L3WaitOp,
    FillOp,
    MoveOp,
    BarrierOp,
    KernelOp,
    RunOp,
]
TILED_ATTRIBUTES: list[type[Attribute]] = [TransferType, BoxAttr, RecordAttr]

__all__ = [
    "KERNEL_SIGNATURES",
    "L1_SIZE",
    "L2_SIZE",
    "L3_IMAGE_SIZE",
    "L3_SIZE",
    "OFFSETS",
    "PARTS",
    "RESIDENT_INPUTS",
    "TILED_ATTRIBUTES",
    "TILED_OPS",
    "BarrierOp",
    "BoxAttr",
    "BufferOp",
    "DmaStartOp",
    "FillOp",
    "KernelKind",
    "KernelOp",
    "KernelSignature",
    "L3LoadOp",
    "L3StoreOp",
    "L3TransferOp",
    "L3WaitOp",
    "LayerOp",
    "MoveOp",
    "PrefetchOp",
    "PrefetchWaitOp",
    "RunOp",
    "Shape",
    "SlotOp",
    "TransferType",
    "ViewOp",
    "WaitOp",
    "aligned",
    "buffer_size",
    "buffer_space",
    "buffer_type",
    "enclosing_layer",
    "whole_buffer",
]
