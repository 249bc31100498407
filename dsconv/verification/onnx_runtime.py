"""ONNX Runtime as the judge of what an ONNX file means: whole models, and parts of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper

from dsconv.errors import DsconvError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Array = npt.NDArray[Any]

INT8_ON_INTEGERS = "session.qdqisint8allowed"
"""Lets the optimiser compute QDQ layers of int8 activations on integers, as those of uint8."""
OTHER_VALUES = ("WeightBiasQuantization",)
"""What the optimiser does that changes values: it quantises weights that are float in the file."""
NOT_INSTALLED = "this needs ONNX Runtime: pip install 'dsconv-compiler[onnxruntime]'"


def open_session(model: onnx.ModelProto, *, optimised: bool) -> InferenceSession:
    """A session on one thread, with all graph optimisations that keep values, or none.

    Optimised, ONNX Runtime computes QDQ layers on integers; unoptimised, as float sums. Raises
    DsconvError where it is not installed or does not take the model.
    """
    content = model.SerializeToString()
    try:
        return _session(content, optimised=optimised, int8_on_integers=True)
    except DsconvError:  # its optimiser takes a zero point that is left out for one of uint8
        return _session(content, optimised=optimised, int8_on_integers=False)


def _session(content: bytes, *, optimised: bool, int8_on_integers: bool) -> InferenceSession:
    try:
        import onnxruntime
    except ImportError as error:
        raise DsconvError(NOT_INSTALLED) from error
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    levels = onnxruntime.GraphOptimizationLevel
    options.graph_optimization_level = (
        levels.ORT_ENABLE_ALL if optimised else levels.ORT_DISABLE_ALL
    )
    options.add_session_config_entry(INT8_ON_INTEGERS, str(int(int8_on_integers)))
    try:
        return onnxruntime.InferenceSession(
            content,
            options,
            providers=["CPUExecutionProvider"],
            disabled_optimizers=OTHER_VALUES,
        )
    except Exception as error:  # its errors have no common class of their own
        raise refusal("run the model", error) from error


def run_model(
    model: onnx.ModelProto,
    feeds: Sequence[Mapping[str, Array]],
    names: Sequence[str],
    *,
    optimised: bool,
) -> list[dict[str, Array]]:
    """Any tensors of a model by name, for each of the feeds.

    Raises DsconvError where ONNX Runtime cannot run it.
    """
    wanted = list(dict.fromkeys(names))
    session = open_session(with_outputs(model, wanted), optimised=optimised)
    try:
        results = [session.run(wanted, dict(feed)) for feed in feeds]
    except Exception as error:
        raise refusal("run the model", error) from error
    return [dict(zip(wanted, map(np.asarray, result), strict=True)) for result in results]


def refusal(what: str, error: Exception) -> DsconvError:
    """The one line of an error of ONNX Runtime, and what it could not do."""
    reason = str(error).strip().partition("\n")[0]
    return DsconvError(f"ONNX Runtime cannot {what}: {reason}")


def with_outputs(model: onnx.ModelProto, names: Sequence[str]) -> onnx.ModelProto:
    """A copy of a model whose outputs are the named tensors."""
    exposed = onnx.ModelProto()
    exposed.CopyFrom(model)
    del exposed.graph.output[:]
    exposed.graph.output.extend(onnx.ValueInfoProto(name=name) for name in dict.fromkeys(names))
    return exposed


def part_of(model: onnx.ModelProto, known: Mapping[str, Array], output: str) -> onnx.ModelProto:
    """The nodes between one tensor and the known ones that it depends on, as a model."""
    graph = model.graph
    producers = {name: node for node in graph.node for name in node.output}
    needed: set[str] = set()
    open_tensors = [output]
    while open_tensors:
        tensor = open_tensors.pop()
        if tensor in needed or (tensor in known and tensor != output):
            continue
        needed.add(tensor)
        if tensor in producers:
            open_tensors += producers[tensor].input
    nodes = [node for node in graph.node if not needed.isdisjoint(node.output)]
    read = {name for node in nodes for name in node.input}
    inputs = [
        helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape
        )
        for name, array in known.items()
        if name in read
    ]
    part = onnx.ModelProto(ir_version=model.ir_version, opset_import=model.opset_import)
    part.graph.CopyFrom(
        helper.make_graph(
            nodes,
            "part",
            inputs,
            [onnx.ValueInfoProto(name=output)],
            [tensor for tensor in graph.initializer if tensor.name in read],
        )
    )
    return part
