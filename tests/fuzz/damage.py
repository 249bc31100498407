"""Damages ONNX files, as transfers, broken exporters and enemies do, each from one seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from random import Random
from typing import Any, TypeVar

import numpy as np
import onnx
from frontend_models import ModelWriter
from integer_models import WRITERS
from onnx import TensorProto, external_data_helper, helper, numpy_helper
from qcdq_models import QcdqWriter

from dsconv.frontends.arithmetic.scales import Quantisation

ItemT = TypeVar("ItemT")

SECRET = "secret.bin"
"""A file beside the folder of the model, which no model may read."""
HOSTILE_NAMES = (
    *(
        "$(touch owned)",
        "`touch owned`",
        "; rm -rf .",
        "| sh",
        "a\nb",
        "a\r\n#include </etc/passwd>",
    ),
    *(
        "../../escape",
        "/tmp/escape",
        "..",
        ".",
        "con",
        "*/ int main(void) {",
        "/*",
        '"; exit(1); "',
    ),
    *("int", "main", "x" * 5000, "\\", "%s%n", "ä€😀", "\u202e", " ", "\t", "-o", "a b", "'", '"'),
)
HOSTILE_NUMBERS = (0, -1, 1, 2, 7, 2**15, 2**31 - 1, 2**31, 2**32, 2**40, 2**62, -(2**31), -(2**62))
HOSTILE_REALS = (np.nan, np.inf, -np.inf, 0.0, -0.0, -1.0, 1e-45, 1e-38, 1e38, 3e38, -1e-20)
ELEMENT_TYPES = sorted(TensorProto.DataType.values())


def damaged(seed: int) -> bytes:
    """A file with up to three damages to its graph, or one to its bytes."""
    random = Random(seed)
    model = onnx.ModelProto.FromString(pick(random, healthy_files()))
    graph_damages, byte_damages = pick(random, [(1, 0), (2, 0), (3, 0), (0, 1), (1, 1)])
    for _ in range(graph_damages):
        with suppress(NothingLeftError):
            pick(random, GRAPH_DAMAGES)(model, random)
    content = model.SerializeToString()
    for _ in range(byte_damages):
        content = pick(random, BYTE_DAMAGES)(content, random)
    return content


class NothingLeftError(Exception):
    """An earlier damage took away what another one would damage."""


def pick(random: Random, items: Sequence[ItemT]) -> ItemT:
    """One of several."""
    if not items:
        raise NothingLeftError
    return items[random.randrange(len(items))]


@cache
def healthy_files() -> tuple[bytes, ...]:
    """A small network in every flavour."""
    networks = [qdq_network(), moving_network(), qoperator_network(), QcdqWriter(4).network()]
    networks += [writer().network() for writer in WRITERS.values()]
    return tuple(model.SerializeToString() for model in networks)


def qdq_network() -> onnx.ModelProto:
    """An input to normalise, convolutions, functions, a gate, a residual, pools and a product."""
    writer, unit = ModelWriter(opset=14), Quantisation(0.05, 3, "uint8")

    def layer(op_type: str, *inputs: str, **attributes: Any) -> str:
        result = writer.quantize(writer.node(op_type, *inputs, **attributes), unit)
        return writer.dequantize(result, unit)

    def weights(*shape: int) -> str:
        array = np.arange(np.prod(shape)).reshape(shape) % 100 - 50
        scales = np.linspace(0.01, 0.02, shape[0], dtype=np.float32)
        return writer.dequantized_constant(
            array.astype(np.int8), scales, np.zeros(shape[0], np.int8)
        )

    def vector(*values: float) -> str:
        return writer.constant(np.array(values, np.float32))

    image = writer.node("Sub", writer.input("image", "float32", (1, 3, 8, 6)), vector(0.5))
    real = writer.dequantize(writer.quantize(writer.node("Div", image, vector(0.2)), unit), unit)
    first = layer("Conv", real, weights(4, 3, 3, 3), pads=[1, 1, 1, 1])
    second = layer("Conv", first, weights(4, 1, 3, 3), group=4, pads=[1, 1, 1, 1])
    second = layer("HardSwish", second)
    parameters = (vector(*values) for values in np.linspace(0.5, 2, 16).reshape(4, 4))
    second = layer("BatchNormalization", second, *parameters)
    second = layer("Pow", layer("Celu", second, alpha=1.5), vector(2))
    gate = layer("Conv", layer("GlobalAveragePool", second), weights(4, 4, 1, 1))
    second = layer("Mul", second, layer("Sigmoid", gate))
    third = layer("Conv", second, weights(4, 4, 1, 1))
    total = layer("Relu", writer.node("Add", first, third))
    total = layer("Add", total, weights(1))
    pooled = layer("MaxPool", total, kernel_shape=[2, 2], strides=[2, 2])
    mean = layer("GlobalAveragePool", pooled)
    flat = writer.node("Flatten", mean)
    product = writer.node("Gemm", flat, weights(5, 4), transB=1)
    return writer.model(writer.quantize(product, unit), dtype="uint8")


def moving_network() -> onnx.ModelProto:
    """Slices with steps, a shuffle, a pad, a resize, and parts put together along every axis."""
    writer, unit = ModelWriter(opset=18), Quantisation(0.05, 3, "uint8")

    def layer(op_type: str, *inputs: str, **attributes: Any) -> str:
        result = writer.quantize(writer.node(op_type, *inputs, **attributes), unit)
        return writer.dequantize(result, unit)

    def integers(*values: int) -> str:
        return writer.constant(np.array(values, np.int64))

    def part(x: str, *limits: int) -> str:
        return layer("Slice", x, *map(integers, limits))

    x = writer.dequantize(writer.input("image", "uint8", (1, 6, 8, 6)), unit)
    groups = writer.node("Reshape", x, integers(1, 2, 3, 8, 6))
    turned = writer.node("Transpose", groups, perm=[0, 2, 1, 3, 4])
    x = layer("Reshape", turned, integers(1, 6, 8, 6))
    pixels = part(part(x, 0, 6, 1, 2), 0, 1, 1, 1)
    vector = layer("ReduceMax", x, integers(2, 3))
    map_of_one = layer("Expand", vector, integers(1, 6, 8, 6))
    both = layer("Sub", layer("Mul", map_of_one, pixels), x)
    both = layer("Add", both, layer("ReduceMean", x, integers(3)))
    rows = layer("Concat", both, part(both, 1, 8, 2, 3), axis=2)
    limit = writer.constant(np.array(2, np.float32))
    columns = layer("Concat", rows, layer("Min", rows, limit), axis=3)
    chosen = layer("Gather", columns, integers(5, 0, 1, 2), axis=1)
    padded = layer("Pad", chosen, integers(0, 0, 1, 0, 0, 2, 0, 1))
    scales = writer.constant(np.array([1, 1, 2, 1], np.float32))
    return writer.model(writer.quantize(writer.node("Resize", padded, "", scales), unit))


def qoperator_network() -> onnx.ModelProto:
    """Convolutions with integer operands, a sum, an average and products."""
    writer, unit = ModelWriter(), Quantisation(0.05, 0, "int8")
    microsoft = {"domain": "com.microsoft"}

    def weights(*shape: int) -> list[str]:
        array = (np.arange(np.prod(shape)).reshape(shape) % 90 - 45).astype(np.int8)
        parts = (array, np.array(0.02, np.float32), np.array(0, np.int8))
        return [writer.constant(part) for part in parts]

    def scaled(tensor: str) -> list[str]:
        return [tensor, *writer.parameters(unit)]

    def convolution(x: str, *shape: int, **attributes: Any) -> str:
        operands = (*scaled(x), *weights(*shape), *writer.parameters(unit))
        bias = writer.constant(np.arange(shape[0], dtype=np.int32))
        return writer.node("QLinearConv", *operands, bias, **attributes)

    first = convolution(writer.input("x", "int8", (1, 2, 7, 5)), 4, 2, 3, 3, strides=[2, 1])
    second = convolution(first, 4, 1, 3, 3, group=4, pads=[1, 1, 1, 1])
    operands = (*scaled(first), *scaled(second), *writer.parameters(unit))
    total = writer.node("QLinearAdd", *operands, **microsoft)
    constant = scaled(writer.constant(np.arange(4, dtype=np.int8).reshape(4, 1, 1)))
    operands = (*scaled(total), *constant, *writer.parameters(unit))
    total = writer.node("QLinearMul", *operands, **microsoft)
    operands = (*scaled(total), *writer.parameters(unit))
    last = writer.node("Transpose", operands[0], perm=[0, 2, 3, 1])
    last = writer.node("NhwcMaxPool", last, kernel_shape=[2, 2], **microsoft)
    operands = (*scaled(last), *writer.parameters(unit))
    mean = writer.node("QLinearGlobalAveragePool", *operands, channels_last=1, **microsoft)
    flat = writer.node("Reshape", mean, writer.constant(np.array([1, -1])))
    operands = (*scaled(flat), *weights(4, 3), *writer.parameters(unit))
    return writer.model(writer.node("QLinearMatMul", *operands))


def truncate(content: bytes, random: Random) -> bytes:
    """The beginning of the file."""
    return content[: random.randrange(len(content) + 1)]


def flip_bits(content: bytes, random: Random) -> bytes:
    """Some bits turned."""
    flipped = bytearray(content)
    for _ in range(random.randrange(1, 20)):
        flipped[random.randrange(len(content))] ^= 1 << random.randrange(8)
    return bytes(flipped)


def move_bytes(content: bytes, random: Random) -> bytes:
    """A piece cut out and put in elsewhere, or there twice."""
    first, last, at = sorted(random.randrange(len(content) + 1) for _ in range(3))
    rest = content if random.random() < 0.5 else content[:first] + content[last:]
    return rest[:at] + content[first:last] + rest[at:]


def overwrite_bytes(content: bytes, random: Random) -> bytes:
    """A piece of noise."""
    at, size = random.randrange(len(content) + 1), random.randrange(1, 64)
    return content[:at] + random.randbytes(size) + content[at + size :]


def rewire(model: onnx.ModelProto, random: Random) -> None:
    """An input of a node becomes any tensor, of a later node too."""
    node = pick(random, model.graph.node)
    tensors = [name for other in model.graph.node for name in (*other.input, *other.output)]
    if node.input:
        node.input[random.randrange(len(node.input))] = pick(random, ["", "nowhere", *tensors])


def rename_output(model: onnx.ModelProto, random: Random) -> None:
    """Two tensors of one name."""
    first, second = pick(random, model.graph.node), pick(random, model.graph.node)
    first.output[0] = second.output[0]


def drop(model: onnx.ModelProto, random: Random) -> None:
    """A node, input, output or initializer is missing, or a node's input or attribute."""
    node = pick(random, model.graph.node)
    graph = model.graph
    lists = [graph.initializer, graph.node, graph.input, graph.output, node.input, node.attribute]
    chosen = pick(random, [items for items in lists if items])
    del chosen[random.randrange(len(chosen))]


def repeat(model: onnx.ModelProto, random: Random) -> None:
    """A node, input, output or initializer is there twice."""
    graph = model.graph
    items = pick(random, [graph.initializer, graph.node, graph.input, graph.output])
    items.append(pick(random, items))  # pyright: ignore[reportArgumentType]


def resize(model: onnx.ModelProto, random: Random) -> None:
    """An input or a constant with huge, negative or wrong dimensions."""
    number = pick(random, HOSTILE_NUMBERS)
    if random.random() < 0.3:
        shape = pick(random, model.graph.input).type.tensor_type.shape
        pick(random, shape.dim).dim_value = number
        return
    tensor = pick(random, model.graph.initializer)
    if tensor.dims and random.random() < 0.7:
        tensor.dims[random.randrange(len(tensor.dims))] = number
    else:
        tensor.dims.append(number)


def retype(model: onnx.ModelProto, random: Random) -> None:
    """A constant or an input of another type."""
    kind = pick(random, ELEMENT_TYPES)
    if random.random() < 0.3:
        pick(random, model.graph.input).type.tensor_type.elem_type = kind
    else:
        pick(random, model.graph.initializer).data_type = kind


def refill(model: onnx.ModelProto, random: Random) -> None:
    """A constant of hostile values, in the type and shape that it had."""
    tensor = pick(random, model.graph.initializer)
    if tensor.data_location == TensorProto.EXTERNAL:
        raise NothingLeftError
    try:
        array = numpy_helper.to_array(tensor).copy()
    except (ValueError, TypeError, KeyError) as error:  # damaged before
        raise NothingLeftError from error
    values = HOSTILE_REALS if array.dtype.kind == "f" else HOSTILE_NUMBERS
    flat = array.reshape(-1)
    for position in range(flat.size) if random.random() < 0.5 else range(min(flat.size, 1)):
        with np.errstate(all="ignore"):
            flat[position] = np.asarray(pick(random, values)).astype(array.dtype)
    tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))


def change_attribute(model: onnx.ModelProto, random: Random) -> None:
    """An attribute with a hostile value, or of another type."""
    node = pick(random, model.graph.node)
    numbers = random.choices(HOSTILE_NUMBERS, k=random.randrange(6))
    values: list[Any] = [
        *(pick(random, HOSTILE_NUMBERS), numbers, pick(random, HOSTILE_REALS)),
        *(pick(random, HOSTILE_NAMES), [1.5], ["a"], numpy_helper.from_array(np.zeros(2))),
        helper.make_graph([], "inner", [], []),
    ]
    known = [attribute.name for attribute in node.attribute]
    name = pick(random, [*known, "pads", "strides", "dilations", "group", "axis", "kernel_shape"])
    kept = [attribute for attribute in node.attribute if attribute.name != name]
    del node.attribute[:]
    value = pick(random, values)
    node.attribute.extend([*kept, helper.make_attribute(name, value, attr_type=_type_of(value))])


def _type_of(value: Any) -> int | None:
    """The type that an empty list does not tell."""
    return onnx.AttributeProto.INTS if value == [] else None


def change_operation(model: onnx.ModelProto, random: Random) -> None:
    """A node of another operation or domain."""
    node, other = pick(random, model.graph.node), pick(random, model.graph.node)
    operations = (other.op_type, "If", "Loop", "Softmax", "Reshape", "Transpose", "Concat", "", "?")
    node.op_type = pick(random, operations)
    if random.random() < 0.2:
        node.domain = pick(random, ("com.microsoft", "ai.onnx.ml", "PACTOps", "\n"))


def rename(model: onnx.ModelProto, random: Random) -> None:
    """Names of shell or C syntax: of a node, the graph, or a tensor wherever it is used."""
    name = pick(random, HOSTILE_NAMES)
    match random.randrange(3):
        case 0:
            pick(random, model.graph.node).name = name
        case 1:
            model.graph.name = name
        case _:
            _rename_tensor(model.graph, pick(random, pick(random, model.graph.node).output), name)


def _rename_tensor(graph: onnx.GraphProto, old: str, new: str) -> None:
    for node in graph.node:
        for names in (node.input, node.output):
            for index, tensor in enumerate(names):
                if tensor == old:
                    names[index] = new
    for value in graph.output:
        value.name = new if value.name == old else value.name


def point_outside(model: onnx.ModelProto, random: Random) -> None:
    """Data of a constant in a file that is not the model's to read, or not there."""
    tensor = pick(random, model.graph.initializer)
    places = (f"../{SECRET}", "/etc/passwd", "link.bin", "absent.bin", ".", "", "/dev/zero", "\0")
    size = pick(random, HOSTILE_NUMBERS) if random.random() < 0.5 else None
    tensor.raw_data = b""
    external_data_helper.set_external_data(tensor, pick(random, places), 0, size)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL


def change_versions(model: onnx.ModelProto, random: Random) -> None:
    """Other or missing versions of the format and the operations."""
    model.ir_version = pick(random, HOSTILE_NUMBERS)
    if random.random() < 0.5:
        del model.opset_import[:]
    else:
        pick(random, model.opset_import).version = pick(random, HOSTILE_NUMBERS)


def deepen(model: onnx.ModelProto, random: Random) -> None:
    """A chain of many nodes before the output."""
    output = pick(random, model.graph.output)
    last = output.name
    for number in range(random.randrange(1, 3000)):
        result = f"deep_{number}"
        model.graph.node.append(helper.make_node("Identity", [last], [result]))
        last = result
    output.name = last


BYTE_DAMAGES: tuple[Callable[[bytes, Random], bytes], ...] = (
    *(truncate, flip_bits, move_bytes, overwrite_bytes),
)
GRAPH_DAMAGES: tuple[Callable[[onnx.ModelProto, Random], None], ...] = (
    *(rewire, rename_output, drop, repeat, resize, retype, refill, change_attribute),
    *(change_operation, rename, point_outside, change_versions, deepen),
)
