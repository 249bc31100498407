"""The least that any schedule of a network moves between an on-chip buffer and DRAM, in entries."""

from __future__ import annotations

from math import prod, sqrt

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue

from dsconv.dialects.graph import (
    BinaryOperation,
    LayerOperation,
    WeightedOperation,
    tensor_type,
)
from dsconv.dialects.run import layers_of, network_of
from dsconv.passes.systolic.array_work import ArrayWork


def compulsory_entries(module: ModuleOp) -> int:
    """Weights, inputs and outputs of a network, each once: what a buffer of any size leaves."""
    function = network_of(module)
    block = function.body.block
    (*_, returned) = block.ops
    weights = sum(
        _weights(op) for op in layers_of(module).values() if isinstance(op, WeightedOperation)
    )
    return weights + sum(map(_entries, (*block.args, *returned.operands)))


def layer_bounds(module: ModuleOp, buffer_entries: int) -> dict[str, int]:
    """Of each layer by its label, where each reads its inputs from DRAM and writes its result.

    That is its tensors, each once, and for a convolution at least
    `2 MACs / sqrt(R S) + outputs`, with S entries in the buffer and R the windows that read an
    input (Chen et al., Communication Lower Bound in Convolution Accelerators, HPCA 2020). An
    addition joins the layer that makes one of its operands, where nothing else reads that.
    """
    return {label: _layer_bound(op, buffer_entries) for label, op in layers_of(module).items()}


def _layer_bound(op: LayerOperation, buffer_entries: int) -> int:
    result = _entries(op.result)
    tensors = sum(map(_entries, op.activations)) + result
    if isinstance(op, WeightedOperation):
        window = ArrayWork.of(op).window
        reuse = max(1.0, prod(window.kernel) / prod(window.strides))
        moved = 2 * op.macs / sqrt(reuse * buffer_entries) + result
        return max(tensors + _weights(op), int(moved))
    if isinstance(op, BinaryOperation):
        joined = [_entries(value) for value in op.activations if _is_between_two(value)]
        return tensors - 2 * max(joined, default=0)
    return tensors


def _is_between_two(value: SSAValue) -> bool:
    """Whether a layer with weights makes an activation that one other layer alone reads."""
    return isinstance(value.owner, WeightedOperation) and value.has_one_use()


def _weights(op: WeightedOperation) -> int:
    work = ArrayWork.of(op)
    return work.groups * work.kernels * work.taps


def _entries(value: SSAValue) -> int:
    return prod(tensor_type(value).get_shape())
