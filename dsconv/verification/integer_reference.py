"""Graphs on integers, evaluated node by node in doubles, which hold all their integers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun

from dsconv.errors import DsconvError
from dsconv.verification.onnx_runtime import Array, with_outputs

QUANTLABS_DOMAIN = "PACTOps"


class RequantShift(OpRun):
    """What Deeploy's node means, in integers of 64 bits."""

    def _run(
        self, x: Array, mul: Array, add: Array, *, div: Any, n_levels_out: Any, signed: Any
    ) -> tuple[Array]:
        divisor, levels, is_signed = (
            int(np.ravel(value)[0]) for value in (div, n_levels_out, signed)
        )
        total = x.astype(np.int64) * mul.astype(np.int64) + add.astype(np.int64) + divisor // 2
        low = -(levels // 2) if is_signed else 0
        clipped = np.clip(total >> (divisor.bit_length() - 1), low, low + levels - 1)
        return (clipped.astype(x.dtype),)


class QuantLabsRequantShift(RequantShift):
    """The same in QuantLab's domain."""

    op_domain = QUANTLABS_DOMAIN


QuantLabsRequantShift.__name__ = RequantShift.__name__


def run_in_doubles(
    model: onnx.ModelProto, feeds: Sequence[Mapping[str, Array]], names: Sequence[str]
) -> list[dict[str, Array]]:
    """Any tensors of a model by name, for each of the feeds, with doubles in place of floats.

    Raises DsconvError where onnx's reference evaluator does not take the model.
    """
    wanted = list(dict.fromkeys(names))
    doubled = with_outputs(model, wanted)
    if all(opset.domain != QUANTLABS_DOMAIN for opset in doubled.opset_import):
        doubled.opset_import.append(helper.make_opsetid(QUANTLABS_DOMAIN, 1))
    for tensor in _floats(doubled.graph):
        array = numpy_helper.to_array(tensor)
        tensor.CopyFrom(numpy_helper.from_array(array.astype(np.float64), tensor.name))
    for node in doubled.graph.node:
        for attribute in node.attribute:
            if (node.op_type, attribute.name, attribute.i) == ("Cast", "to", TensorProto.FLOAT):
                attribute.i = TensorProto.DOUBLE
    try:
        evaluator = ReferenceEvaluator(doubled, new_ops=[RequantShift, QuantLabsRequantShift])
        results = [evaluator.run(wanted, _in_doubles(feed)) for feed in feeds]
    except Exception as error:  # its errors have no common class
        raise DsconvError(f"onnx's reference evaluator cannot run the model: {error}") from error
    return [dict(zip(wanted, map(np.asarray, result), strict=True)) for result in results]


def _floats(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    """Constants of float32."""
    values = (
        attribute.t
        for node in graph.node
        if node.op_type == "Constant"
        for attribute in node.attribute
        if attribute.HasField("t")
    )
    for tensor in (*graph.initializer, *values):
        if tensor.data_type == TensorProto.FLOAT:
            yield tensor


def _in_doubles(feed: Mapping[str, Array]) -> dict[str, Array]:
    return {
        name: array.astype(np.float64) if array.dtype == np.float32 else array
        for name, array in feed.items()
    }
