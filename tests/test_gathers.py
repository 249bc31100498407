"""Constant places of an activation: Gather, Tile, steps backwards, pads of its own values."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from exact_support import assert_means
from frontend_layers import assert_agrees, random_integers
from frontend_models import Array, ModelWriter
from frontend_support import layer_operations
from handwritten import needs_gvsoc
from integer_models import WRITERS

import dsconv
from dsconv.errors import ModelError
from dsconv.frontends import ImportedNetwork, import_onnx
from dsconv.frontends.arithmetic.scales import Quantisation
from dsconv.frontends.handlers.gathers import progressions

SHAPE = (1, 3, 6, 5)
CHANNELS_LAST = (1, 6, 5, 3)
X = Quantisation(0.0625, 5, "int8")
Y = Quantisation(0.1, -20, "int8")
END = -(2**63)


def integers(*values: int) -> Array:
    return np.array(values, np.int64)


def moved(
    operation: str,
    *constants: Array,
    shape: tuple[int, ...] = SHAPE,
    y: Quantisation = X,
    **options: Any,
) -> onnx.ModelProto:
    """One operation between DequantizeLinear and QuantizeLinear."""
    writer = ModelWriter(18)
    x = writer.dequantize(writer.input("x", "int8", shape), X)
    result = writer.node(operation, x, *map(writer.constant, constants), **options)
    return writer.model(writer.quantize(result, y))


def agrees(model: onnx.ModelProto, shape: tuple[int, ...] = SHAPE) -> ImportedNetwork:
    return assert_agrees(model, {"x": random_integers(np.random.default_rng(0), "int8", shape)})


def kinds(network: ImportedNetwork) -> list[str]:
    return [operation.kind for operation in layer_operations(network).values()]


def channels_last(operation: str, *constants: Array, **options: Any) -> onnx.ModelProto:
    """The same of an input N, H, W, C that a layer takes transposed, and transposed again."""
    writer = ModelWriter(18)
    x = writer.node("Transpose", writer.input("x", "int8", CHANNELS_LAST), perm=[0, 3, 1, 2])
    x = writer.node("MaxPool", writer.dequantize(x, X), kernel_shape=[1, 1])
    x = writer.node("Transpose", x, perm=[0, 2, 3, 1])
    result = writer.node(operation, x, *map(writer.constant, constants), **options)
    return writer.model(writer.quantize(result, X))


@pytest.mark.parametrize("y", [X, Y])
@pytest.mark.parametrize("axis", [1, 2, 3, -1])
@pytest.mark.parametrize("index", [0, 2, -1])
def test_one_index(index: int, axis: int, y: Quantisation):
    model = moved("Gather", np.array(index, np.int64), axis=axis, y=y)
    assert kinds(agrees(model)) == ["slice"] if y == X else ["lookup", "slice"]


@pytest.mark.parametrize("axis", [2, 3])
@pytest.mark.parametrize(
    ("indices", "expected"),
    [
        ((1, 2, 3), ["slice"]),
        ((0, 2, 4), ["slice"]),
        ((4, 3, 2), ["interpolate"]),
        ((1, 1, 1), ["interpolate"]),
        ((0, 0, 1, 2, 3, 4), ["interpolate"]),
        ((3, 1, 4, 1, 0), ["interpolate", "interpolate", "slice", "concat"]),
    ],
)
def test_rows_or_columns_in_any_order(indices: tuple[int, ...], axis: int, expected: list[str]):
    network = agrees(moved("Gather", integers(*indices), axis=axis))
    assert sorted(kinds(network)) == sorted(expected)


def test_progressions():
    assert progressions([1, 0, 1, 2, 4, 6, 5]) == [[1, 0], [1, 2], [4, 6], [5]]
    assert progressions([3]) == [[3]]


@pytest.mark.parametrize(
    ("indices", "axis", "reason"),
    [
        (integers(3), 1, r"indices \[3\] of 3"),
        (integers(), 1, "takes 0 indices"),
        (integers(1, 2).reshape(1, 2), 2, "one index, or a list"),
        (integers(0, 0), 0, "channels, rows and columns can be taken"),
        (integers(*[0, 3, 1] * 50), 2, "in an order of [0-9]+ parts"),
    ],
)
def test_other_gathers_are_an_error(indices: Array, axis: int, reason: str):
    with pytest.raises(ModelError, match=rf"gather_\d.*{reason}"):
        import_onnx(moved("Gather", indices, axis=axis))


@pytest.mark.parametrize(
    ("operation", "constants", "options"),
    [
        ("Gather", [np.array(1, np.int64)], {"axis": 1}),
        ("Gather", [integers(2, 0)], {"axis": 3}),
        ("Tile", [integers(1, 2, 1, 2)], {}),
        ("Slice", [integers(-1, 0), integers(END, 2), integers(2, 3), integers(-2, 1)], {}),
        ("Split", [integers(6)], {"axis": 1}),
        ("Pad", [integers(0, 1, 1, 0, 0, 2, 0, 0)], {"mode": "reflect"}),
    ],
)
def test_channels_last(operation: str, constants: list[Array], options: dict[str, Any]):
    x = random_integers(np.random.default_rng(0), "int8", CHANNELS_LAST)
    assert_means(channels_last(operation, *constants, **options), {"x": x})


@pytest.mark.parametrize("y", [X, Y])
@pytest.mark.parametrize("repeats", [(1, 1, 2, 2), (1, 3, 1, 1), (1, 2, 1, 3), (1, 1, 1, 1)])
def test_tile(repeats: tuple[int, ...], y: Quantisation):
    agrees(moved("Tile", integers(*repeats), y=y))


def test_one_value_is_tiled():
    shape = (1, 1, 1, 4)
    network = agrees(moved("Tile", integers(1, 3, 2, 1), shape=shape), shape)
    assert kinds(network) == ["pointwise", "interpolate"]


@pytest.mark.parametrize("repeats", [(2, 1, 1, 1), (1, 1, 2), (1, 1, 0, 1)])
def test_other_tiles_are_an_error(repeats: tuple[int, ...]):
    with pytest.raises(ModelError, match=r"tile_\d"):
        import_onnx(moved("Tile", integers(*repeats)))


@pytest.mark.parametrize(
    ("starts", "ends", "axes", "steps", "expected"),
    [
        ((-1,), (END,), (3,), (-1,), ["interpolate"]),
        ((5,), (0,), (2,), (-2,), ["interpolate"]),
        ((-1, -1), (END, END), (2, 3), (-1, -1), ["interpolate"] * 2),
        ((2,), (END,), (1,), (-1,), ["pointwise"]),
        ((0,), (3,), (1,), (2,), ["pointwise"]),
        ((2, 0), (END, 4), (1, 3), (-2, 2), ["pointwise", "slice"]),
    ],
)
def test_slices_backwards(
    starts: tuple[int, ...],
    ends: tuple[int, ...],
    axes: tuple[int, ...],
    steps: tuple[int, ...],
    expected: list[str],
):
    model = moved("Slice", *(integers(*values) for values in (starts, ends, axes, steps)))
    assert kinds(agrees(model)) == expected


@pytest.mark.parametrize(("first", "last", "step"), [(0, 0, 1), (3, 1, 1), (0, 6, 0)])
def test_a_slice_of_nothing_is_an_error(first: int, last: int, step: int):
    model = moved("Slice", *(integers(value) for value in (first, last, 2, step)))
    with pytest.raises(ModelError, match=r"slice_\d.*takes"):
        import_onnx(model)


@pytest.mark.parametrize("y", [X, Y])
@pytest.mark.parametrize(
    ("mode", "pads", "expected"),
    [
        ("edge", (0, 0, 1, 2, 0, 0, 2, 0), ["interpolate"] * 2),
        ("edge", (0, 1, 0, 0, 0, 2, 0, 0), ["pointwise"]),
        ("reflect", (0, 0, 0, 4, 0, 0, 0, 1), ["concat", "interpolate", "slice", "slice"]),
        ("reflect", (0, 1, 1, 1, 0, 1, 1, 1), None),
        ("wrap", (0, 0, 2, 0, 0, 0, 1, 0), ["concat", "slice", "slice"]),
        ("reflect", (0,) * 8, ["slice"]),
    ],
)
def test_pads_of_its_own_values(
    mode: str, pads: tuple[int, ...], expected: list[str] | None, y: Quantisation
):
    network = assert_means(moved("Pad", integers(*pads), mode=mode, y=y), feeds())
    found = [kind for kind in kinds(network) if kind != "lookup"]
    assert expected is None or sorted(found) == expected
    if mode != "wrap":  # which ONNX Runtime reads in opset 19
        agrees(moved("Pad", integers(*pads), mode=mode, y=y))


def feeds() -> dict[str, Array]:
    return {"x": random_integers(np.random.default_rng(0), "int8", SHAPE)}


def test_negative_pads_take_off():
    assert kinds(agrees(moved("Pad", integers(0, 0, -1, 1, 0, 0, 2, -2)))) == [
        *("slice", "slice", "pad")
    ]
    assert kinds(agrees(moved("Pad", integers(0, 0, -1, 0, 0, 0, -2, 0)))) == ["slice"]


@pytest.mark.parametrize(
    ("shape", "wanted", "expected"),
    [
        ((1, 1, 6, 5), (1, 4, 6, 5), ["pointwise"]),
        ((1, 1, 1, 5), (4, 3, 5), ["pointwise", "resize"]),
    ],
)
def test_channels_are_expanded(
    shape: tuple[int, ...], wanted: tuple[int, ...], expected: list[str]
):
    assert kinds(agrees(moved("Expand", integers(*wanted), shape=shape), shape)) == expected


@pytest.mark.parametrize("flavour", WRITERS)
def test_integer_flavours(flavour: str):
    writer = WRITERS[flavour](3)
    image = writer.input("image", "float32", (1, 4, 8, 6))
    x = writer.requantised(writer.convolution(image, 6, 4, 3), 6)
    x = writer.node("Tile", x, writer.constant(integers(1, 1, 1, 2)))
    x = writer.node("Gather", x, writer.constant(integers(5, 3, 1, 0)), axis=2)
    x = writer.node("Pad", x, pads=[0, 0, 1, 1, 0, 0, 1, 1], mode="reflect")
    x = writer.requantised(writer.convolution(x, 3, 6, 3), 3)
    model = writer.model(x, dtype="float32")
    image_values = np.random.default_rng(1).integers(0, 256, (1, 4, 8, 6)).astype(np.float32)
    network = assert_means(model, {"image": image_values})
    assert "interpolate" in kinds(network)


@pytest.mark.parametrize("runner", ["host", "qemu", pytest.param("gvsoc", marks=needs_gvsoc)])
def test_every_way_on_every_runner(runner: str):
    writer = ModelWriter(18)
    x = writer.dequantize(writer.input("x", "int8", (1, 4, 24, 22)), X)
    backwards = [integers(-1, -1), integers(END, END), integers(2, 3), integers(-1, -1)]
    x = writer.node("Slice", x, *map(writer.constant, backwards))
    x = writer.node("Pad", x, writer.constant(integers(0, 0, 2, 3, 0, 0, 1, 2)), mode="reflect")
    x = writer.node("Tile", x, writer.constant(integers(1, 2, 1, 2)))
    x = writer.node("Gather", x, writer.constant(integers(*range(25, 3, -3), 1, 0, 7)), axis=2)
    x = writer.node("Pad", x, writer.constant(integers(0, 0, 2, 1, 0, 0, 2, 1)), mode="edge")
    model = writer.model(writer.quantize(x, X))
    assert dsconv.compile(model, target="pulp_open", l1=9600).run(on=runner).equal


def test_a_movement_at_the_end_has_the_scale_of_its_input():
    writer = ModelWriter(18)
    x = writer.dequantize(writer.input("x", "int8", SHAPE), X)
    gathered = writer.node("Gather", x, writer.constant(integers(3, 1)), axis=3)
    network = assert_means(writer.model(gathered, dtype="float32"), feeds())
    (port,) = network.outputs
    assert (port.scale, port.zero_point, port.caller_steps) == (
        *(X.scale, X.zero_point),
        ("DequantizeLinear",),
    )
