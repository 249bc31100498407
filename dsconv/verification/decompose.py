"""RequantShift nodes as the standard operations that they mean, for runtimes that lack them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET_OF_CLIP_INPUTS = 13


def spelled_out(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy in which Mul, Add, Div and Floor in doubles stand for every RequantShift.

    A model without them is returned as it is. Attributes have been checked by the importer.
    """
    if all(node.op_type != "RequantShift" for node in model.graph.node):
        return model
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    del copy.graph.node[:]
    for node in model.graph.node:
        replaced = _steps(node, copy.graph) if node.op_type == "RequantShift" else [node]
        copy.graph.node.extend(replaced)
    for opset in copy.opset_import:
        if not opset.domain:
            opset.version = max(opset.version, OPSET_OF_CLIP_INPUTS)
    return copy


def _steps(node: onnx.NodeProto, graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    """The operations of one node; their constants become initializers of the graph."""
    output = node.output[0]
    attributes = {item.name: _number(item) for item in node.attribute}
    divisor, levels = attributes["div"], attributes["n_levels_out"]
    low = -(levels // 2) if attributes["signed"] else 0

    def constant(name: str, value: int, dtype: type[np.floating]) -> str:
        tensor = numpy_helper.from_array(np.array(value, dtype), f"{output}/{name}")
        graph.initializer.append(tensor)
        return tensor.name

    wide = [f"{output}/{name}" for name in ("sums", "mul", "add")]
    for source, target in zip(node.input, wide, strict=True):
        yield helper.make_node("Cast", [source], [target], to=TensorProto.DOUBLE)
    value, factors, addends = wide
    for number, (operation, operand) in enumerate(
        [
            ("Mul", factors),
            ("Add", addends),
            ("Add", constant("half", divisor // 2, np.float64)),
            ("Div", constant("div", divisor, np.float64)),
        ]
    ):
        result = f"{output}/{number}"
        yield helper.make_node(operation, [value, operand], [result])
        value = result
    yield helper.make_node("Floor", [value], [f"{output}/floor"])
    yield helper.make_node("Cast", [f"{output}/floor"], [f"{output}/real"], to=TensorProto.FLOAT)
    limits = constant("low", low, np.float32), constant("high", low + levels - 1, np.float32)
    yield helper.make_node("Clip", [f"{output}/real", *limits], [output], name=node.name)


def _number(attribute: onnx.AttributeProto) -> int:
    value = helper.get_attribute_value(attribute)
    if isinstance(value, TensorProto):
        value = numpy_helper.to_array(value)
    return int(np.asarray(value).reshape(-1)[0])
