"""Operations that move values: Concat, Pad, Resize and Slice against ONNX Runtime."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import pytest
from frontend_layers import (
    DTYPES,
    FLAVOURS,
    Weighted,
    assert_agrees,
    qdq_weights,
    random_integers,
    random_quantisation,
)
from frontend_models import ModelWriter
from frontend_support import layer_operations

import dsconv
from dsconv.errors import ModelError
from dsconv.frontends import ImportedNetwork, import_onnx
from dsconv.frontends.arithmetic.scales import Quantisation

SHAPE = (1, 3, 6, 5)
X = Quantisation(0.0625, 5, "int8")
Y = Quantisation(0.1, -20, "int8")


def integers(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def kinds(network: ImportedNetwork) -> list[str]:
    return [operation.kind for operation in layer_operations(network).values()]


def moved(operation: str, *constants: np.ndarray | None, **options: Any) -> onnx.ModelProto:
    """One operation between DequantizeLinear and QuantizeLinear, to `y` or the input's scale."""
    writer = ModelWriter(18)
    x = writer.dequantize(writer.input("x", "int8", SHAPE), X)
    inputs = ["" if constant is None else writer.constant(constant) for constant in constants]
    y: Quantisation = options.pop("y", X)
    return writer.model(writer.quantize(writer.node(operation, x, *inputs, **options), y))


def agrees(model: onnx.ModelProto) -> ImportedNetwork:
    return assert_agrees(model, {"x": random_integers(np.random.default_rng(0), "int8", SHAPE)})


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("same_scale", [False, True])
def test_concat(flavour: str, dtype: str, same_scale: bool):
    rng = np.random.default_rng(1)
    y = random_quantisation(rng, dtype)
    meanings = [y if same_scale else random_quantisation(rng, dtype) for _ in range(3)]
    shapes = [(1, channels, 4, 5) for channels in (2, 1, 4)]
    writer = ModelWriter()
    tensors = [writer.input(f"x{n}", dtype, shape) for n, shape in enumerate(shapes)]
    if flavour == "QDQ":
        real = [writer.dequantize(*part) for part in zip(tensors, meanings, strict=True)]
        result = writer.quantize(writer.node("Concat", *real, axis=1), y)
    else:
        parts = [
            name
            for tensor, meaning in zip(tensors, meanings, strict=True)
            for name in (tensor, *writer.parameters(meaning))
        ]
        result = writer.node(
            "QLinearConcat", *writer.parameters(y), *parts, domain="com.microsoft", axis=1
        )
    feeds = {
        tensor: random_integers(rng, dtype, shape)
        for tensor, shape in zip(tensors, shapes, strict=True)
    }
    network = assert_agrees(writer.model(result, dtype=dtype), feeds)
    assert kinds(network) == ([] if same_scale else ["lookup"] * 3) + ["concat"]


def test_concat_of_layers_that_are_not_quantised_in_between():
    rng = np.random.default_rng(2)
    layers = [Weighted.random(rng, "uint8", "uint8", "int8", (4, 3, 1, 1)) for _ in range(2)]
    writer = ModelWriter()
    x = writer.dequantize(writer.input("x", "uint8", (1, 3, 4, 4)), layers[0].x)
    real = [writer.node("Conv", x, qdq_weights(writer, layer)) for layer in layers]
    joined = writer.node("Relu", writer.node("Concat", *real, axis=-3))
    model = writer.model(writer.quantize(joined, layers[0].y), dtype="uint8")
    network = assert_agrees(model, {"x": random_integers(rng, "uint8", (1, 3, 4, 4))})
    assert kinds(network) == ["pointwise", "pointwise", "concat"]


@pytest.mark.parametrize("axis", [2, 3, -1])
@pytest.mark.parametrize("y", [X, Y])
def test_concat_along_rows_or_columns(axis: int, y: Quantisation):
    rng = np.random.default_rng(1)
    writer = ModelWriter()
    feeds: dict[str, np.ndarray] = {}
    for number, size in enumerate((2, 1, 4)):
        shape: list[int] = list(SHAPE)
        shape[axis] = size
        name = writer.input(f"x{number}", "int8", shape)
        feeds[name] = random_integers(rng, "int8", tuple(shape))
    real = [writer.dequantize(name, X) for name in feeds]
    model = writer.model(writer.quantize(writer.node("Concat", *real, axis=axis), y))
    network = assert_agrees(model, feeds)
    assert kinds(network) == ([] if y == X else ["lookup"] * 3) + ["concat"]


@pytest.mark.parametrize(("other", "axis"), [((1, 3, 6, 4), 2), (SHAPE, 0)])
def test_other_concats_are_an_error(other: tuple[int, ...], axis: int):
    writer = ModelWriter()
    a, b = (
        writer.dequantize(writer.input(name, "int8", shape), X)
        for name, shape in (("a", SHAPE), ("b", other))
    )
    model = writer.model(writer.quantize(writer.node("Concat", a, b, axis=axis), X))
    with pytest.raises(ModelError, match=f"along axis {axis}; channels, rows or columns"):
        import_onnx(model)


@pytest.mark.parametrize("value", [None, 0.0, -1.5])
@pytest.mark.parametrize("y", [X, Y])
def test_pad(value: float | None, y: Quantisation):
    constant = [] if value is None else [np.array(value, np.float32)]
    model = moved("Pad", integers(0, 0, 1, 0, 0, 0, 2, 3), *constant, y=y)
    assert kinds(agrees(model)) == (["pad"] if y == X else ["lookup", "pad"])


@pytest.mark.parametrize("value", [None, -1.5])
@pytest.mark.parametrize("y", [X, Y])
@pytest.mark.parametrize(
    ("pads", "expected"),
    [((0, 2, 0, 0, 0, 3, 0, 0), ["pointwise"]), ((0, 0, 1, 0, 0, 1, 0, 2), ["pointwise", "pad"])],
)
def test_channels_are_padded(
    pads: tuple[int, ...], expected: list[str], y: Quantisation, value: float | None
):
    constant = [] if value is None else [np.array(value, np.float32)]
    model = moved("Pad", integers(*pads), *constant, y=y)
    assert kinds(agrees(model)) == ([] if y == X else ["lookup"]) + expected


@pytest.mark.parametrize("runner", ["host", "qemu"])
def test_a_shortcut_with_more_channels(runner: str):
    """Every other pixel, zeros for the channels that are new: ResNet's first shortcut."""
    writer = ModelWriter(18)
    x = writer.dequantize(writer.input("x", "int8", (1, 3, 8, 6)), X)
    half = writer.node(
        "Slice",
        x,
        *map(writer.constant, (integers(0, 0), integers(8, 6))),
        *map(writer.constant, (integers(2, 3), integers(2, 2))),
    )
    wide = writer.node("Pad", half, writer.constant(integers(0, 1, 0, 0, 0, 2, 0, 0)))
    model = writer.model(writer.quantize(wide, X))
    assert kinds(
        assert_agrees(model, {"x": random_integers(np.random.default_rng(1), "int8", (1, 3, 8, 6))})
    ) == ["slice", "pointwise"]
    assert dsconv.compile(model, target="pulp_open").run(on=runner).equal


@pytest.mark.parametrize("axis", [1, -3])
@pytest.mark.parametrize("chosen", [(2, 0, 1), (0, 0, 2, 1, 1)])
def test_channels_in_any_order(chosen: tuple[int, ...], axis: int):
    assert kinds(agrees(moved("Gather", integers(*chosen), axis=axis))) == ["pointwise"]


def test_pad_of_named_axes():
    model = moved("Pad", integers(1, 2, 0, 1), None, integers(3, -2))
    assert kinds(agrees(model)) == ["pad"]


def test_pad_of_integers():
    writer = ModelWriter()
    x = writer.input("x", "int8", SHAPE)
    pads, value = writer.constant(integers(0, 0, 1, 1, 0, 0, 1, 1)), np.array(-7, np.int8)
    padded = writer.node("Pad", x, pads, writer.constant(value))
    assert kinds(agrees(writer.model(padded))) == ["pad"]


@pytest.mark.parametrize(
    ("constants", "options"),
    [
        ([integers(1, 0, 1, 1, 0, 0, 1, 1)], {}),
        ([integers(0, 0, -4, 1, 0, 0, -2, 1)], {}),
        ([integers(0, 0, 6, 1, 0, 0, 1, 1)], {"mode": "reflect"}),
        ([integers(0, 0, 1, 1, 0, 0, 1, 1)], {"mode": "mirror"}),
        ([integers(0, 0, 1)], {}),
    ],
)
def test_other_pads_are_an_error(constants: list[np.ndarray], options: dict[str, Any]):
    with pytest.raises(ModelError, match=r"pad_\d.* pads "):
        import_onnx(moved("Pad", *constants, **options))


@pytest.mark.parametrize(
    "modes",
    [
        {},
        {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"},
        {"coordinate_transformation_mode": "pytorch_half_pixel"},
        {"coordinate_transformation_mode": "half_pixel", "nearest_mode": "round_prefer_ceil"},
    ],
)
@pytest.mark.parametrize("factors", [(2, 2), (3, 1), (1, 4)])
def test_resize(modes: dict[str, str], factors: tuple[int, int]):
    scales = np.array([1, 1, *factors], np.float32)
    assert kinds(agrees(moved("Resize", None, scales, **modes))) == ["resize"]


def one_pixel(operation: str, *constants: np.ndarray | None, **options: Any) -> onnx.ModelProto:
    """An operation on a vector, as a pool leaves it."""
    writer = ModelWriter(18)
    x = writer.dequantize(writer.input("x", "int8", (1, 3, 1, 1)), X)
    inputs = ["" if constant is None else writer.constant(constant) for constant in constants]
    return writer.model(writer.quantize(writer.node(operation, x, *inputs, **options), X))


@pytest.mark.parametrize(
    "model",
    [
        one_pixel("Resize", None, None, integers(1, 3, 6, 5), mode="linear"),
        one_pixel("Resize", None, np.array([1, 1, 4, 3], np.float32), mode="cubic"),
        one_pixel("Expand", integers(1, 3, 6, 5)),
        one_pixel("Expand", integers(4, 1)),
    ],
)
def test_one_pixel_becomes_a_map(model: onnx.ModelProto):
    x = random_integers(np.random.default_rng(2), "int8", (1, 3, 1, 1))
    assert kinds(assert_agrees(model, {"x": x})) == ["resize"]


def test_a_resize_that_keeps_the_aspect_ratio_is_an_error():
    model = moved(
        "Resize", None, None, integers(1, 3, 12, 15), keep_aspect_ratio_policy="not_larger"
    )
    with pytest.raises(ModelError, match="keeps the aspect ratio"):
        import_onnx(model)


def test_one_pixel_and_what_is_around_it_is_an_error():
    mode = {"coordinate_transformation_mode": "tf_crop_and_resize"}
    with pytest.raises(ModelError, match="has coordinates by 'tf_crop_and_resize'"):
        import_onnx(one_pixel("Resize", None, None, integers(1, 3, 6, 5), **mode))


@pytest.mark.parametrize("shape", [(1, 6, 6, 5), (1, 1, 1, 3, 6, 5), (2, 3, 1, 1), (12, 5), (0, 5)])
def test_other_expansions_are_an_error(shape: tuple[int, ...]):
    with pytest.raises(ModelError, match=r"expand_\d.*a single channel, row, column or pixel"):
        import_onnx(moved("Expand", integers(*shape)))


def test_resize_to_sizes_and_new_scale():
    model = moved("Resize", None, None, integers(1, 3, 12, 10), y=Y)
    assert kinds(agrees(model)) == ["lookup", "resize"]


@pytest.mark.parametrize(
    ("scales", "modes", "reason"),
    [
        ((1, 2, 1, 1), {}, "rows and columns can be resized"),
        ((1, 1, 2, 2), {"mode": "cubic"}, "nearest is supported"),
    ],
)
def test_other_resizes_are_an_error(scales: tuple[float, ...], modes: dict[str, str], reason: str):
    with pytest.raises(ModelError, match=reason):
        import_onnx(moved("Resize", None, np.array(scales, np.float32), **modes))


@pytest.mark.parametrize(
    ("starts", "ends", "axes"),
    [((1,), (3,), (1,)), ((0, -4), (2**40, -1), (2, -1)), ((0, 1, 2), (1, 9, 4), (0, 1, 2))],
)
def test_slice(starts: tuple[int, ...], ends: tuple[int, ...], axes: tuple[int, ...]):
    model = moved("Slice", integers(*starts), integers(*ends), integers(*axes))
    assert kinds(agrees(model)) == ["slice"]


def sliced(start: int, end: int, axis: int, step: int, channels: int = 3) -> onnx.ModelProto:
    writer = ModelWriter()
    x = writer.dequantize(writer.input("x", "int8", (1, channels, 6, 5)), X)
    constants = (writer.constant(integers(value)) for value in (start, end, axis, step))
    return writer.model(writer.quantize(writer.node("Slice", x, *constants), X))


@pytest.mark.parametrize(
    ("start", "end", "axis", "step"), [(0, 6, 2, 2), (1, 99, 2, 3), (4, 5, 2, 2), (0, -1, 3, 3)]
)
def test_slice_of_every_nth_row_or_column(start: int, end: int, axis: int, step: int):
    assert kinds(agrees(sliced(start, end, axis, step))) == ["slice"]


@pytest.mark.parametrize(("start", "end", "step"), [(0, 12, 2), (1, 12, 3), (5, 11, 4), (2, 3, 6)])
def test_slice_of_every_nth_channel(start: int, end: int, step: int):
    x = random_integers(np.random.default_rng(0), "int8", (1, 12, 6, 5))
    network = assert_agrees(sliced(start, end, 1, step, channels=12), {"x": x})
    assert kinds(network) == (["slice"] if end - start == 1 else ["shuffle", "slice"])


def shuffled(groups: int, quantised: bool, channels_last: bool) -> onnx.ModelProto:
    """ShuffleNet's reshape, transpose, reshape of 12 channels between two pointwise layers."""
    rng = np.random.default_rng(4)
    layers = [Weighted.random(rng, "uint8", "uint8", "int8", (12, 12, 1, 1)) for _ in range(2)]
    layers[1] = replace(layers[1], x=layers[0].y)
    size = (12, 4, 5)
    writer = ModelWriter()
    x = writer.dequantize(writer.input("x", "uint8", (1, *size)), layers[0].x)
    y = writer.quantize(writer.node("Conv", x, qdq_weights(writer, layers[0])), layers[0].y)

    def step(tensor: str, operation: str, *inputs: str, **attributes: Any) -> str:
        result = writer.node(operation, tensor, *inputs, **attributes)
        if not quantised:
            return result
        return writer.dequantize(writer.quantize(result, layers[0].y), layers[0].y)

    def shape(*sizes: int) -> str:
        return writer.constant(integers(*sizes))

    y = writer.dequantize(y, layers[0].y)
    if channels_last:
        y = step(y, "Transpose", perm=[0, 2, 3, 1])
        y = step(y, "Reshape", shape(1, 4, 5, groups, 12 // groups))
        y = step(y, "Transpose", perm=[0, 1, 2, 4, 3])
        y = step(step(y, "Reshape", shape(1, 4, 5, 12)), "Transpose", perm=[0, 3, 1, 2])
    else:
        y = step(y, "Reshape", shape(1, groups, 12 // groups, 4, 5))
        y = step(step(y, "Transpose", perm=[0, 2, 1, 3, 4]), "Reshape", shape(1, *size))
    last = writer.node("Conv", y, qdq_weights(writer, layers[1]))
    return writer.model(writer.quantize(last, layers[1].y), dtype="uint8")


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("quantised", [False, True])
@pytest.mark.parametrize("groups", [2, 3, 6])
def test_channel_shuffle(groups: int, quantised: bool, channels_last: bool):
    model = shuffled(groups, quantised, channels_last)
    x = random_integers(np.random.default_rng(0), "uint8", (1, 12, 4, 5))
    assert kinds(assert_agrees(model, {"x": x})) == ["pointwise", "shuffle", "pointwise"]


@pytest.mark.parametrize("channels_last", [False, True])
def test_channels_of_an_input_are_shuffled(channels_last: bool):
    writer = ModelWriter()
    shape = (1, 4, 5, 6) if channels_last else (1, 6, 4, 5)
    x = writer.dequantize(writer.input("x", "int8", shape), X)
    if channels_last:
        x = writer.node("Transpose", x, perm=[0, 3, 1, 2])
    cut = writer.node("Reshape", x, writer.constant(integers(1, 2, 3, 4, 5)))
    turned = writer.node("Transpose", cut, perm=[0, 2, 1, 3, 4])
    joined = writer.node("Reshape", turned, writer.constant(integers(1, 6, 4, 5)))
    model = writer.model(writer.quantize(joined, X))
    feeds = {"x": random_integers(np.random.default_rng(0), "int8", shape)}
    assert kinds(assert_agrees(model, feeds)) == ["shuffle"]


def test_a_transpose_of_parts_of_rows_is_an_error():
    writer = ModelWriter()
    x = writer.dequantize(writer.input("x", "int8", (1, 3, 6, 5)), X)
    pooled = writer.quantize(writer.node("MaxPool", x, kernel_shape=[1, 1]), X)
    cut = writer.node(
        "Reshape", writer.dequantize(pooled, X), writer.constant(integers(1, 3, 2, 3, 5))
    )
    turned = writer.node("Transpose", cut, perm=[0, 1, 3, 2, 4])
    with pytest.raises(ModelError, match="only part of a channel, row or column"):
        import_onnx(writer.model(writer.quantize(turned, X)))


@pytest.mark.parametrize("runner", ["host", "qemu"])
def test_a_shufflenet_unit(runner: str):
    """Half of the channels through a depthwise layer, rows and columns put together, shuffled."""
    writer = ModelWriter(18)
    q = Quantisation(0.1, 9, "uint8")
    rng = np.random.default_rng(8)
    layer = replace(Weighted.random(rng, "uint8", "uint8", "int8", (6, 1, 3, 3)), x=q, y=q)
    x = writer.dequantize(writer.input("x", "uint8", (1, 12, 9, 8)), q)

    def quantised(tensor: str) -> str:
        return writer.dequantize(writer.quantize(tensor, q), q)

    def part(tensor: str, *limits: int) -> str:
        return quantised(
            writer.node("Slice", tensor, *(writer.constant(integers(n)) for n in limits))
        )

    kept, changed = part(x, 0, 6, 1), part(x, 6, 12, 1)
    weights = qdq_weights(writer, layer)
    changed = quantised(writer.node("Conv", changed, weights, group=6, pads=[1] * 4))
    joined = quantised(writer.node("Concat", kept, changed, axis=1))
    groups = writer.node("Reshape", joined, writer.constant(integers(1, 2, 6, 9, 8)))
    turned = writer.node("Transpose", groups, perm=[0, 2, 1, 3, 4])
    joined = quantised(writer.node("Reshape", turned, writer.constant(integers(1, 12, 9, 8))))
    rows = quantised(writer.node("Concat", joined, part(joined, 0, 9, 2, 4), axis=2))
    result = writer.node("Concat", part(rows, 1, 8, 3, 3), rows, axis=3)
    model = writer.model(writer.quantize(result, q), dtype="uint8")
    found = kinds(import_onnx(model))
    assert sorted(found) == ["concat"] * 3 + ["depthwise", "shuffle"] + ["slice"] * 4
    assert dsconv.compile(model, target="pulp_open", l1=9600).run(on=runner).equal


@pytest.mark.parametrize("scale", [np.nan, np.inf, 1e30, -1.0])
def test_a_resize_to_no_size_is_an_error(scale: float):
    with pytest.raises(ModelError, match=r"resizes \[1, 3, 6, 5\] to"):
        import_onnx(moved("Resize", None, np.array([1, 1, scale, 2], np.float32)))


@pytest.mark.parametrize(
    "model",
    [
        moved("Slice", np.array([0.0]), integers(3), integers(2)),
        moved("Pad", np.zeros(8, np.float32)),
    ],
)
def test_places_that_are_no_integers_are_an_error(model: onnx.ModelProto):
    with pytest.raises(ModelError, match="integers are needed"):
        import_onnx(model)


def split(sizes: tuple[int, ...], *constants: np.ndarray, **options: Any) -> onnx.ModelProto:
    """A Split whose parts are put together again in another order."""
    writer = ModelWriter(18)
    x = writer.dequantize(writer.input("x", "int8", (1, 6, 4, 5)), X)
    inputs = [x, *map(writer.constant, constants)]
    names = [f"part_{number}" for number in range(len(sizes))]
    writer.nodes.append(onnx.helper.make_node("Split", inputs, names, name="split", **options))
    parts = [writer.dequantize(writer.quantize(name, X), X) for name in names]
    return writer.model(writer.quantize(writer.node("Concat", *reversed(parts), axis=1), X))


@pytest.mark.parametrize(
    ("sizes", "listed", "options"),
    [
        ((3, 3), False, {"num_outputs": 2}),
        ((2, 2, 2), False, {"num_outputs": 3}),
        ((1, 2, 3), True, {}),
        ((5, 1), True, {}),
    ],
)
def test_split(sizes: tuple[int, ...], listed: bool, options: dict[str, int]):
    constants = [integers(*sizes)] if listed else []
    model = split(sizes, *constants, axis=1, **options)
    x = random_integers(np.random.default_rng(0), "int8", (1, 6, 4, 5))
    network = assert_agrees(model, {"x": x})
    assert sorted(kinds(network)) == ["concat"] + ["slice"] * len(sizes)


def test_split_into_other_sizes_is_an_error():
    with pytest.raises(ModelError, match=r"'split'.* splits 6 into \[2, 3\]"):
        import_onnx(split((2, 3), integers(2, 3), axis=1))


def test_moved_reals_feed_a_layer():
    """Padding without a QuantizeLinear behind it, which folds into the convolution."""
    rng = np.random.default_rng(3)
    layer = Weighted.random(rng, "uint8", "uint8", "int8", (2, 3, 3, 3))
    writer = ModelWriter()
    x = writer.dequantize(writer.input("x", "uint8", (1, 3, 6, 6)), layer.x)
    padded = writer.node("Pad", x, writer.constant(integers(0, 0, 0, 0, 0, 0, 1, 1)))
    y = writer.quantize(writer.node("Conv", padded, qdq_weights(writer, layer)), layer.y)
    model = writer.model(y, dtype="uint8")
    network = assert_agrees(model, {"x": random_integers(rng, "uint8", (1, 3, 6, 6))})
    assert kinds(network) == ["pad", "conv2d"]
    report = dsconv.compile(model, target="host").run()
    assert report.equal
    assert [compiled.op for compiled in report.layers] == ["conv2d"]


@pytest.mark.parametrize("runner", ["host", "qemu"])
def test_all_movements_in_one_network(runner: str):
    """Two halves of the channels, one pooled and repeated, padded and put together again."""
    writer = ModelWriter(18)
    q = Quantisation(0.1, 9, "uint8")
    x = writer.dequantize(writer.input("x", "uint8", (1, 8, 8, 6)), q)
    halves = [
        writer.node("Slice", x, *(writer.constant(integers(value)) for value in (start, end, 1)))
        for start, end in ((0, 5), (5, 8))
    ]
    first, second = (writer.dequantize(writer.quantize(half, q), q) for half in halves)
    pooled = writer.node("MaxPool", first, kernel_shape=[2, 2], strides=[2, 2])
    pooled = writer.dequantize(writer.quantize(pooled, q), q)
    scales = writer.constant(np.array([1, 1, 2, 2], np.float32))
    repeated = writer.dequantize(writer.quantize(writer.node("Resize", pooled, "", scales), q), q)
    joined = writer.quantize(writer.node("Concat", second, repeated, axis=1), q)
    pads = writer.constant(integers(0, 0, 1, 1, 0, 0, 0, 2))
    padded = writer.node("Pad", writer.dequantize(joined, q), pads)
    model = writer.model(writer.quantize(padded, q), dtype="uint8")
    network = import_onnx(model)
    assert sorted(kinds(network)) == ["concat", "max_pool", "pad", "resize", "slice", "slice"]
    assert dsconv.compile(model, target="pulp_open", l1=9600).run(on=runner).equal
