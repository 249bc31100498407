"""Writes TOSA functions in the generic form, and evaluates them in numpy after TOSA 1.0."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
ELEMENTS = {"int8": "i8", "int16": "i16", "int32": "i32"}


def rescaled(
    values: Array,
    multipliers: Array,
    shifts: Array,
    zero_points: tuple[int, int],
    *,
    double: bool,
    dtype: str,
) -> Array:
    """TOSA's apply_scale_32 of every value, channels last."""
    centred = values.astype(object) - zero_points[0]
    rounds = np.array([1 << (int(shift) - 1) for shift in shifts], object)
    nudge = np.where(centred >= 0, 2**30, -(2**30))
    extra = np.where(np.asarray(shifts) > 31, 1, 0) * (1 if double else 0)
    total = centred * multipliers.astype(object) + rounds + nudge * extra
    powers = np.array([1 << int(shift) for shift in shifts], object)
    limits = np.iinfo(dtype)
    return np.clip(total // powers + zero_points[1], limits.min, limits.max).astype(dtype)


@dataclass
class TosaFunction:
    """A function and the values of its operations for inputs that are drawn with it."""

    rng: np.random.Generator
    lines: list[str] = field(default_factory=list)
    inputs: list[Array] = field(default_factory=list)
    values: dict[str, Array] = field(default_factory=dict)

    def input(self, *shape: int) -> str:
        name = f"%arg{len(self.inputs)}"
        self.inputs.append(self.rng.integers(-128, 128, shape).astype(np.int8))
        self.values[name] = self.inputs[-1]
        return name

    def constant(self, array: Array) -> str:
        numbers = array.tolist()
        text = f"dense<{numbers}> : {self._type(array)}"
        return self._add("tosa.const", [], f"values = {text}", array)

    def scalar(self, value: int, dtype: str = "int8") -> str:
        return self.constant(np.array([value], dtype))

    def shape_constant(self, *sizes: int) -> str:
        name = f"%s{len(self.lines)}"
        count = len(sizes)
        self.lines.append(
            f'{name} = "tosa.const_shape"() <{{values = dense<{list(sizes)}> : '
            f"tensor<{count}xindex>}}> : () -> !tosa.shape<{count}>"
        )
        self.values[name] = np.array(sizes)
        return name

    def rescale(
        self,
        x: str,
        scales: Sequence[float],
        zero_points: tuple[int, int] = (0, 0),
        *,
        double: bool = True,
        dtype: str = "int8",
    ) -> str:
        """A rescale by real factors, each as 31 bits and a shift."""
        fractions, exponents = np.frexp(np.asarray(scales, np.float64))
        multipliers = np.minimum(np.rint(fractions * 2**31), 2**31 - 1).astype(np.int32)
        shifts = (31 - exponents).astype(np.int8)
        result = rescaled(
            self.values[x], multipliers, shifts, zero_points, double=double, dtype=dtype
        )
        operands = [
            x,
            self.constant(multipliers),
            self.constant(shifts),
            self.scalar(zero_points[0], self.values[x].dtype.name),
            self.scalar(zero_points[1], dtype),
        ]
        mode = "DOUBLE_ROUND" if double else "SINGLE_ROUND"
        attributes = (
            f"input_unsigned = false, output_unsigned = false, per_channel = "
            f"{str(len(scales) > 1).lower()}, rounding_mode = #tosa.rounding_mode<{mode}>, "
            "scale32 = true"
        )
        return self._add("tosa.rescale", operands, attributes, result)

    def clamp(self, x: str, low: int, high: int) -> str:
        attributes = (
            f"max_val = {high} : i8, min_val = {low} : i8, nan_mode = #tosa.nan_mode<PROPAGATE>"
        )
        return self._add("tosa.clamp", [x], attributes, np.clip(self.values[x], low, high))

    def convolution(
        self, x: str, weights: Array, bias: Array, pads: Sequence[int], zero_points: tuple[int, int]
    ) -> str:
        """conv2d of weights OHWI; pads are top, bottom, left, right."""
        image = self._padded(x, pads, zero_points[0])
        result = sum(
            image[:, i : i + rows, j : j + columns, :] @ (tap.astype(int) - zero_points[1]).T
            for i, j, rows, columns, tap in _taps(image, np.moveaxis(weights, 0, 2))
        )
        return self._convolution("tosa.conv2d", x, weights, bias, pads, zero_points, result)

    def depthwise(
        self, x: str, weights: Array, bias: Array, pads: Sequence[int], zero_points: tuple[int, int]
    ) -> str:
        """depthwise_conv2d of weights HWCM."""
        image = self._padded(x, pads, zero_points[0])
        taps = _taps(image, weights)
        parts = [
            image[:, i : i + rows, j : j + columns, :, None] * (tap.astype(int) - zero_points[1])
            for i, j, rows, columns, tap in taps
        ]
        result = sum(parts)
        flat = np.asarray(result).reshape(*np.shape(result)[:3], -1)
        return self._convolution("tosa.depthwise_conv2d", x, weights, bias, pads, zero_points, flat)

    def _convolution(
        self,
        name: str,
        x: str,
        weights: Array,
        bias: Array,
        pads: Sequence[int],
        zero_points: tuple[int, int],
        sums: Any,
    ) -> str:
        operands = [x, self.constant(weights), self.constant(bias), *map(self.scalar, zero_points)]
        attributes = (
            f"acc_type = i32, dilation = array<i64: 1, 1>, pad = array<i64: {_list(pads)}>, "
            "stride = array<i64: 1, 1>"
        )
        return self._add(name, operands, attributes, (sums + bias).astype(np.int32))

    def matmul(self, x: str, matrix: Array, zero_points: tuple[int, int]) -> str:
        """matmul with a constant matrix."""
        left = self.values[x].astype(int) - zero_points[0]
        result = (left @ (matrix.astype(int) - zero_points[1])).astype(np.int32)
        operands = [x, self.constant(matrix), *map(self.scalar, zero_points)]
        return self._add("tosa.matmul", operands, "", result)

    def _padded(self, x: str, pads: Sequence[int], zero_point: int) -> Array:
        top, bottom, left, right = pads
        edges = ((0, 0), (top, bottom), (left, right), (0, 0))
        return np.pad(self.values[x].astype(int) - zero_point, edges)

    def binary(self, name: str, x: str, y: str) -> str:
        """add, sub or mul of int32."""
        functions = {"tosa.add": np.add, "tosa.sub": np.subtract, "tosa.mul": np.multiply}
        operands = [x, y, self.scalar(0)] if name == "tosa.mul" else [x, y]
        return self._add(name, operands, "", functions[name](self.values[x], self.values[y]))

    def reduce_sum(self, x: str, axis: int) -> str:
        total = self.values[x].sum(axis=axis, keepdims=True).astype(np.int32)
        return self._add("tosa.reduce_sum", [x], f"axis = {axis} : i32", total)

    def pool(self, name: str, x: str, kernel: tuple[int, int], zero_points: tuple[int, int]) -> str:
        """avg_pool2d or max_pool2d of windows side by side, without pads."""
        batch, height, width, channels = self.values[x].shape
        rows, columns = height // kernel[0], width // kernel[1]
        cut = self.values[x].reshape(batch, rows, kernel[0], columns, kernel[1], channels)
        window = (
            f"kernel = array<i64: {_list(kernel)}>, pad = array<i64: 0, 0, 0, 0>, "
            f"stride = array<i64: {_list(kernel)}>"
        )
        if name == "tosa.max_pool2d":
            attributes = f"{window}, nan_mode = #tosa.nan_mode<PROPAGATE>"
            return self._add(name, [x], attributes, cut.max(axis=(2, 4)))
        totals = (cut.astype(int) - zero_points[0]).sum(axis=(2, 4))
        count = kernel[0] * kernel[1]
        average = np.sign(totals) * ((2 * np.abs(totals) + count) // (2 * count)) + zero_points[1]
        operands = [x, *map(self.scalar, zero_points)]
        result = np.clip(average, -128, 127).astype(np.int8)
        return self._add(name, operands, f"acc_type = i32, {window}", result)

    def table(self, x: str, entries: Array) -> str:
        result = entries[self.values[x].astype(int) + 128]
        return self._add("tosa.table", [x, self.constant(entries)], "", result)

    def concat(self, axis: int, *parts: str) -> str:
        joined = np.concatenate([self.values[part] for part in parts], axis)
        return self._add("tosa.concat", parts, f"axis = {axis} : i32", joined)

    def slice(self, x: str, start: Sequence[int], size: Sequence[int]) -> str:
        places = tuple(slice(at, at + count) for at, count in zip(start, size, strict=True))
        operands = [x, self.shape_constant(*start), self.shape_constant(*size)]
        return self._add("tosa.slice", operands, "", self.values[x][places])

    def pad(self, x: str, edges: Sequence[int], value: int) -> str:
        pairs = np.reshape(edges, (4, 2))
        result = np.pad(self.values[x], pairs, constant_values=value)
        operands = [x, self.shape_constant(*edges), self.scalar(value)]
        return self._add("tosa.pad", operands, "", result)

    def resize(
        self, x: str, sizes: Sequence[int], scale: Sequence[int], offset: Sequence[int], mode: str
    ) -> str:
        """resize to so many rows and columns; scale and offset as TOSA has them."""
        values = self.values[x].astype(int)
        for axis, count in enumerate(sizes):
            up, down = scale[2 * axis : 2 * axis + 2]
            places, rests = np.divmod(np.arange(count) * down + offset[axis], up)
            last = values.shape[1 + axis] - 1
            if mode == "BILINEAR":
                lines = [1] * 4
                lines[1 + axis] = count
                rest = rests.reshape(lines)
                first = values.take(np.clip(places, 0, last), 1 + axis)
                second = values.take(np.clip(places + 1, 0, last), 1 + axis)
                values = first * (up - rest) + second * rest
            else:
                nearest = places + (2 * rests >= up)
                values = values.take(np.clip(nearest, 0, last), 1 + axis)
        dtype = np.int32 if mode == "BILINEAR" else np.int8
        operands = [x, *(self.shape_constant(*part) for part in (scale, offset, (0, 0)))]
        attributes = f"mode = #tosa.resize_mode<{mode}>"
        return self._add("tosa.resize", operands, attributes, values.astype(dtype))

    def reshape(self, x: str, *shape: int) -> str:
        operands = [x, self.shape_constant(*shape)]
        return self._add("tosa.reshape", operands, "", self.values[x].reshape(shape))

    def _add(self, name: str, operands: Sequence[str], attributes: str, result: Array) -> str:
        value = f"%{len(self.lines)}"
        types = [
            f"!tosa.shape<{self.values[operand].size}>"
            if operand.startswith("%s")
            else self._type(self.values[operand])
            for operand in operands
        ]
        properties = f" <{{{attributes}}}>" if attributes else ""
        self.lines.append(
            f'{value} = "{name}"({", ".join(operands)}){properties} : ({", ".join(types)}) -> '
            f"{self._type(result)}"
        )
        self.values[value] = result
        return value

    @staticmethod
    def _type(array: Array) -> str:
        return f"tensor<{'x'.join(map(str, array.shape))}x{ELEMENTS[array.dtype.name]}>"

    def text(self, *results: str, name: str = "main") -> str:
        """The function, in the generic form."""
        arguments = [f"%arg{index}: {self._type(x)}" for index, x in enumerate(self.inputs)]
        inputs = ", ".join(self._type(x) for x in self.inputs)
        outputs = ", ".join(self._type(self.values[result]) for result in results)
        body = "\n    ".join(self.lines)
        return (
            f'"func.func"() <{{function_type = ({inputs}) -> ({outputs}), sym_name = "{name}"}}> '
            f"({{\n  ^bb0({', '.join(arguments)}):\n    {body}\n"
            f'    "func.return"({", ".join(results)}) : ({outputs}) -> ()\n}}) : () -> ()'
        )


def module(*functions: str) -> str:
    """A module of functions."""
    return '"builtin.module"() ({\n' + "\n".join(functions) + "\n}) : () -> ()\n"


def _list(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))


def _taps(image: Array, weights: Array) -> list[tuple[int, int, int, int, Array]]:
    """Places of a kernel, the rows and columns of the result, and the weights there."""
    height, width = weights.shape[:2]
    rows, columns = image.shape[1] - height + 1, image.shape[2] - width + 1
    return [(i, j, rows, columns, weights[i, j]) for i in range(height) for j in range(width)]


def random_weights(rng: np.random.Generator, *shape: int) -> Array:
    return rng.integers(-128, 128, shape).astype(np.int8)


def _sizes(rng: np.random.Generator) -> tuple[int, int, int, int]:
    height, width, channels = (int(size) for size in rng.integers(2, 8, 3))
    return 1, height, width, channels


def _zero_point(rng: np.random.Generator) -> int:
    return int(rng.integers(-128, 128))


def write_convolution(f: TosaFunction) -> str:
    rng, sizes = f.rng, _sizes(f.rng)
    x, filters, kernel = f.input(*sizes), int(rng.integers(1, 6)), int(rng.choice((1, 2, 3)))
    pads = [int(pad) for pad in rng.integers(0, kernel, 4)]
    if min(size + pads[0] + pads[1] for size in sizes[1:3]) < kernel or kernel > min(sizes[1:3]):
        pads, kernel = [0, 0, 0, 0], 1
    weights = random_weights(rng, filters, kernel, kernel, sizes[3])
    bias = rng.integers(-999, 999, filters).astype(np.int32)
    centres = (_zero_point(rng), int(rng.integers(-3, 4)))
    sums = f.convolution(x, weights, bias, pads, centres)
    scales = rng.uniform(0.0005, 0.01, filters).tolist()
    result = f.rescale(sums, scales, (0, _zero_point(rng)), double=bool(rng.integers(2)))
    return f.clamp(result, -100, 90)


def write_depthwise(f: TosaFunction) -> str:
    rng, sizes = f.rng, _sizes(f.rng)
    x, multiplier = f.input(*sizes), int(rng.integers(1, 3))
    weights = random_weights(rng, 2, 2, sizes[3], multiplier)
    count = sizes[3] * multiplier
    bias = rng.integers(-999, 999, count).astype(np.int32)
    sums = f.depthwise(x, weights, bias, [1, 0, 0, 1], (_zero_point(rng), 0))
    return f.rescale(sums, rng.uniform(0.001, 0.02, count).tolist(), (0, _zero_point(rng)))


def write_matrix(f: TosaFunction) -> str:
    """A fully connected layer, as TFLite's becomes one."""
    rng, sizes = f.rng, _sizes(f.rng)
    x, depth = f.input(*sizes), sizes[1] * sizes[2] * sizes[3]
    flat = f.reshape(f.reshape(x, 1, depth), 1, 1, 1, depth)
    weights, bias = random_weights(rng, 5, 1, 1, depth), rng.integers(-99, 99, 5).astype(np.int32)
    sums = f.convolution(flat, weights, bias, [0, 0, 0, 0], (_zero_point(rng), 0))
    return f.reshape(f.rescale(sums, [0.0007], (0, 3)), 1, 5)


def write_rows_times_matrix(f: TosaFunction) -> str:
    rng = f.rng
    rows, depth, columns = (int(size) for size in rng.integers(1, 9, 3))
    matrix = random_weights(rng, 1, depth, columns)
    sums = f.matmul(f.input(1, rows, depth), matrix, (_zero_point(rng), int(rng.integers(-5, 6))))
    return f.rescale(sums, [0.004], (0, _zero_point(rng)))


def write_sum(f: TosaFunction) -> str:
    """Two rescales to 32 bits with 20 places more, a sum or difference, and one back."""
    rng, sizes = f.rng, _sizes(f.rng)
    x, y, centres = f.input(*sizes), f.input(*sizes), [_zero_point(rng) for _ in range(3)]
    wide = f.rescale(x, [2.0**20], (centres[0], 0), dtype="int32")
    wide = f.rescale(wide, [float(rng.uniform(0.1, 0.99))], dtype="int32")
    other = f.rescale(y, [2.0**19], (centres[1], 0), dtype="int32")
    total = f.binary("tosa.add" if rng.integers(2) else "tosa.sub", wide, other)
    return f.rescale(total, [float(rng.uniform(0.5, 2.0)) / 2**20], (0, centres[2]))


def write_sum_with_constant(f: TosaFunction) -> str:
    rng, sizes = f.rng, _sizes(f.rng)
    x = f.rescale(f.input(*sizes), [2.0**20], (_zero_point(rng), 0), dtype="int32")
    constant = f.constant(random_weights(rng, 1, 1, 1, sizes[3]))
    other = f.rescale(constant, [2.0**19], (_zero_point(rng), 0), dtype="int32")
    pair = (x, other) if rng.integers(2) else (other, x)
    total = f.binary("tosa.add" if rng.integers(2) else "tosa.sub", *pair)
    return f.rescale(total, [float(rng.uniform(0.5, 2.0)) / 2**20], (0, _zero_point(rng)))


def write_product(f: TosaFunction) -> str:
    rng, sizes = f.rng, _sizes(f.rng)
    terms = [
        f.rescale(f.input(*sizes), [1.0], (_zero_point(rng), 0), dtype="int32") for _ in range(2)
    ]
    total = f.binary("tosa.mul", *terms)
    return f.rescale(total, [float(rng.uniform(0.001, 0.02))], (0, _zero_point(rng)))


def write_mean(f: TosaFunction) -> str:
    rng, sizes = f.rng, _sizes(f.rng)
    wide = f.rescale(f.input(*sizes), [1.0], (_zero_point(rng), 0), dtype="int32")
    total = f.reduce_sum(f.reduce_sum(wide, 1), 2)
    result = f.rescale(total, [1.3 / (sizes[1] * sizes[2])], (0, _zero_point(rng)))
    return f.reshape(result, 1, sizes[3])


def write_average_pool(f: TosaFunction) -> str:
    rng = f.rng
    x = f.input(1, 6, 4, int(rng.integers(1, 6)))
    return f.pool("tosa.avg_pool2d", x, (3, 2), (_zero_point(rng), _zero_point(rng)))


def write_movements(f: TosaFunction) -> str:
    """A maximum, a pad, a part, a concatenation and a table."""
    rng = f.rng
    x = f.pool("tosa.max_pool2d", f.input(1, 6, 4, 3), (2, 2), (0, 0))
    padded = f.pad(x, [0, 0, 1, 0, 2, 1, 0, 0], _zero_point(rng))
    part = f.slice(padded, [0, 1, 1, 1], [1, 2, 3, 2])
    joined = f.concat(int(rng.integers(1, 4)), part, part)
    return f.table(joined, random_weights(rng, 256))


def write_resize(f: TosaFunction) -> str:
    """A resize by any factors."""
    rng, x = f.rng, f.input(*_sizes(f.rng))
    up_y, down_y, up_x, down_x = (int(number) for number in rng.integers(1, 9, 4))
    offset = [int(number) for number in rng.integers(-4, 5, 2)]
    sizes, scale = [int(size) for size in rng.integers(1, 12, 2)], [up_y, down_y, up_x, down_x]
    if rng.random() < 0.5:
        return f.resize(x, sizes, scale, offset, "NEAREST_NEIGHBOR")
    sums = f.resize(x, sizes, scale, offset, "BILINEAR")
    return f.rescale(sums, [1 / (up_y * up_x)])


def write_chain(f: TosaFunction) -> str:
    """A rescale to another zero point, clamped alone, and clamped again."""
    rng = f.rng
    x = f.clamp(f.input(*_sizes(rng)), -90, 100)
    return f.clamp(f.rescale(x, [0.7], (_zero_point(rng), 5), double=False), -50, 60)


def write_clamps_apart(f: TosaFunction) -> str:
    """A clamp to values that the one before it leaves none of."""
    rescaled = f.rescale(f.input(*_sizes(f.rng)), [0.7], (_zero_point(f.rng), 5))
    return f.clamp(f.clamp(rescaled, -100, -20), 30, 60)


WRITERS: Mapping[str, Callable[[TosaFunction], str]] = {
    "average pool": write_average_pool,
    "chain": write_chain,
    "clamps apart": write_clamps_apart,
    "convolution": write_convolution,
    "depthwise": write_depthwise,
    "matrix": write_matrix,
    "mean": write_mean,
    "movements": write_movements,
    "product": write_product,
    "resize": write_resize,
    "rows times a matrix": write_rows_times_matrix,
    "sum": write_sum,
    "sum with constant": write_sum_with_constant,
}
