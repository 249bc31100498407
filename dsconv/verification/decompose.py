"""Nodes that runtimes lack as the standard operations that they mean.

These are RequantShift, and the Add of QuantLab whose operands and sum are requantised as its
attributes say. Attributes that ONNX does not have, such as numbers of bits, are left out.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET_OF_CLIP_INPUTS = 13
"""Of a model with RequantShift: its Clip has bounds that are inputs."""
OPERANDS = ("in1", "in2")
TERMS = (("mul", "Mul", 1), ("add", "Add", 0), ("shift", "Div", 0))
"""Steps of a requantisation: attribute, operation, default."""


def spelled_out(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy in which Mul, Add, Div and Floor in doubles stand for every such node.

    A model without them is returned as it is. Attributes have been checked by the importer.
    """
    if not any(_is_shift(node) or _own_attributes(node) for node in model.graph.node):
        return model
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    del copy.graph.node[:]
    for node in model.graph.node:
        copy.graph.node.extend(_standard(node, model, copy.graph))
    if any(map(_is_shift, model.graph.node)):
        for opset in copy.opset_import:
            if not opset.domain:
                opset.version = max(opset.version, OPSET_OF_CLIP_INPUTS)
    return copy


def _is_shift(node: onnx.NodeProto) -> bool:
    return node.op_type == "RequantShift"


def _own_attributes(node: onnx.NodeProto) -> list[onnx.AttributeProto]:
    """Attributes of a standard operation that ONNX does not know."""
    if node.domain or not onnx.defs.has(node.op_type):
        return []
    since = {name for schema in _schemas(node.op_type) for name in schema.attributes}
    return [item for item in node.attribute if item.name not in since]


def _schemas(operation: str) -> Iterator[onnx.defs.OpSchema]:
    """All versions of an operation, the newest first."""
    version = onnx.defs.onnx_opset_version()
    while version > 0 and onnx.defs.has(operation, version):
        schema = onnx.defs.get_schema(operation, version)
        yield schema
        version = schema.since_version - 1


def _standard(
    node: onnx.NodeProto, model: onnx.ModelProto, graph: onnx.GraphProto
) -> Iterator[onnx.NodeProto]:
    """The operations that a node means; their constants become initializers of the graph."""
    own = _own_attributes(node)
    if _is_shift(node):
        yield from _steps(node, graph)
    elif node.op_type == "Add" and any(item.name.endswith("_rq") for item in own):
        yield from _sum(node, model, graph)
    else:
        plain = onnx.NodeProto()
        plain.CopyFrom(node)
        for item in own:
            plain.attribute.remove(item)
        yield plain


def _sum(
    node: onnx.NodeProto, model: onnx.ModelProto, graph: onnx.GraphProto
) -> Iterator[onnx.NodeProto]:
    """`((x1 * m1 + a1) >> s1) + ((x2 * m2 + a2) >> s2)`, then the same of the sum, clipped."""
    output = node.output[0]
    attributes = {item.name: _number(item) for item in node.attribute}
    for part, source in zip(OPERANDS, node.input, strict=True):
        wide = f"{output}/{part}/wide"
        yield helper.make_node("Cast", [source], [wide], to=TensorProto.DOUBLE)
        yield from _requantised(part, wide, output, attributes, graph)
    terms = [f"{output}/{part}" for part in OPERANDS]
    yield helper.make_node("Add", terms, [f"{output}/sum"])
    yield from _requantised("out", f"{output}/sum", output, attributes, graph)
    real = f"{output}/real"
    yield helper.make_node("Cast", [f"{output}/out"], [real], to=TensorProto.FLOAT)
    levels = attributes.get("out_n_levels", 256)
    low = -(levels // 2) if _is_signed(model) else 0
    if _opset(model) < 11:
        clip = helper.make_node("Clip", [real], [output], name=node.name)
        limits = {"min": float(low), "max": float(low + levels - 1)}
        clip.attribute.extend(helper.make_attribute(name, limit) for name, limit in limits.items())
        yield clip
        return
    bounds = [f"{output}/low", f"{output}/high"]
    for name, value in zip(bounds, (low, low + levels - 1), strict=True):
        graph.initializer.append(numpy_helper.from_array(np.array(value, np.float32), name))
    yield helper.make_node("Clip", [real, *bounds], [output], name=node.name)


def _requantised(
    part: str,
    value: str,
    output: str,
    attributes: dict[str, int],
    graph: onnx.GraphProto,
) -> Iterator[onnx.NodeProto]:
    """`(value * mul + add) >> shift`, where an Add asks for it of this part."""
    if attributes.get(f"{part}_rq", 0):
        for step, operation, default in TERMS:
            number = attributes.get(f"{part}_{step}", default)
            result = f"{output}/{part}/{step}"
            operand = np.array(1 << number if step == "shift" else number, np.float64)
            graph.initializer.append(numpy_helper.from_array(operand, f"{result}/by"))
            yield helper.make_node(operation, [value, f"{result}/by"], [result])
            value = result
    yield helper.make_node("Floor", [value], [f"{output}/{part}"])


def _is_signed(model: onnx.ModelProto) -> bool:
    """Whether a network has signed activations: its inputs, or what a Clip leaves."""
    inputs = (value.type.tensor_type.elem_type for value in model.graph.input)
    bounds = (
        item.f
        for node in model.graph.node
        if node.op_type == "Clip"
        for item in node.attribute
        if item.name == "min"
    )
    return TensorProto.INT8 in inputs or any(bound < 0 for bound in bounds)


def _opset(model: onnx.ModelProto) -> int:
    return next(known.version for known in model.opset_import if not known.domain)


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
