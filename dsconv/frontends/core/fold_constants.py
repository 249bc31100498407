"""Works out an operation on an activation and a constant for each of the activation's values."""

from __future__ import annotations

import numpy as np

from dsconv.dialects import reference
from dsconv.dialects.graph import AddOp, ConstantOp, LookupOp, MulOp, dtype_of, tensor_type
from dsconv.dialects.layer_semantics import accumulators


def fold_constant(operation: AddOp | MulOp) -> AddOp | MulOp | LookupOp:
    """A lookup in place of an operation on one constant; any other as it is.

    The constant has one value or one a channel.
    """
    activations = [value for value in operation.operands if not isinstance(value.owner, ConstantOp)]
    if len(activations) == 2:
        return operation
    (x,) = activations
    limits = np.iinfo(dtype_of(x))
    every_value = np.arange(limits.min, limits.max + 1).reshape(1, 1, 1, -1)
    sums = accumulators(
        operation,
        tuple(
            value.owner.array if isinstance(value.owner, ConstantOp) else every_value
            for value in operation.operands
        ),
    )
    result = reference.requantise(sums, operation.requant, dtype_of(operation.result))
    tables = ConstantOp.of(result.reshape(-1, every_value.size))
    lookup = LookupOp(operation.label, x, tables, tensor_type(operation.result))
    operation.drop_all_references()
    return lookup
