"""Random layers at the graph level, each alone in a function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import SSAValue

from dsconv.dialects import graph, reference
from dsconv.dialects.attributes import Layout, RequantAttr, Rounding, WindowAttr
from dsconv.dialects.graph import activation_type, dtype_of, layout_of, tensor_type

Array = npt.NDArray[np.integer]
Dtype = type[np.integer]

WEIGHTED = ("conv2d", "depthwise", "pointwise", "linear")
BINARY = ("add", "mul", "pair_lookup", "sum_steps")
SEVERAL_INPUTS = (*BINARY, "concat")
MOVING = ("concat", "depth_to_space", "pad", "resize", "slice", "shuffle")
KINDS = (
    *(*WEIGHTED, *BINARY, *MOVING),
    *("avg_pool", "max_pool", "rescale", "lookup", "steps", "interpolate"),
)
OF_SUMS = (*MOVING, "avg_pool", "max_pool", "interpolate", "mul")
"""Kinds that may read sums of 32 bits, and give such."""
SPARE_BITS = 11
"""Of sums, so that what layers add and multiply fits 32 bits."""
SUMS = RequantAttr.of([1], [1], clip=(-(2**31), 2**31 - 1))
"""Leaves sums as they are."""
IN_LITTLE_L1 = tuple(kind for kind in KINDS if kind != "pair_lookup")
"""Kinds without a table of 8 kB."""


@dataclass(frozen=True, repr=False)
class RandomLayer:
    """A module with one layer, and (1, C, H, W) inputs for it."""

    module: ModuleOp
    inputs: tuple[Array, ...]
    input_layouts: tuple[Layout | None, ...]
    output_layout: Layout | None

    def __repr__(self) -> str:
        return str(self.module)


def divisors_of(number: int) -> list[int]:
    """Numbers that divide it."""
    return [divisor for divisor in range(1, number + 1) if number % divisor == 0]


class LayerMaker:
    """Draws one layer into a function."""

    MOST_CHANNELS = 9
    gives_sums = False
    """Whether a layer gives its sums as they are."""
    LARGEST_RESIZED = 30

    def __init__(self, draw: st.DrawFn, kind: str, max_size: int):
        self.draw = draw
        self.kind = kind
        self.random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
        self.height, self.width = self.integer(1, max_size), self.integer(1, max_size)
        self.channels = self.integer(1, self.MOST_CHANNELS)
        self.gives_sums = kind in OF_SUMS and draw(st.booleans())
        shapes = [(1, self.channels, self.height, self.width)]
        if kind in BINARY:
            channels, height, width = (draw(st.sampled_from([n, 1])) for n in shapes[0][1:])
            shapes.append((1, channels, height, width))
        self.dtypes = [self.operand_dtype() for _ in shapes]
        if kind == "mul":
            self.dtypes[1] = self.dtype()
        if kind == "concat":
            self.axis = self.integer(1, 3)
            limit = self.MOST_CHANNELS if self.axis == 1 else max_size
            for _ in range(self.integer(0, 2)):
                sizes = list(shapes[0])
                sizes[self.axis] = self.integer(1, limit)
                shapes.append((sizes[0], sizes[1], sizes[2], sizes[3]))
            self.dtypes *= len(shapes)
        types = [
            activation_type(shape, dtype, self.layout())
            for shape, dtype in zip(shapes, self.dtypes, strict=True)
        ]
        self.function = FuncOp("net", (types, []))
        self.block = self.function.body.block

    def operand_dtype(self) -> Dtype:
        """Of 8 bits, or that of sums where the layer may read these."""
        if self.kind == "steps":
            return np.int32
        if self.kind == "sum_steps" or self.gives_sums:
            return self.draw(st.sampled_from([np.int8, np.uint8, np.int32]))
        return self.dtype()

    def result_dtype(self) -> Dtype:
        """Of 8 bits, or that of sums where the layer gives these."""
        return np.int32 if self.gives_sums else self.dtype()

    def make(self) -> RandomLayer:
        """The function with its layer, and inputs."""
        if self.kind in MOVING:
            layer = self.moving()
        else:
            layer = self.weighted() if self.kind in WEIGHTED else self.plain()
        self.block.add_ops([layer, ReturnOp(layer.result)])
        self.function.update_function_type()
        module = ModuleOp([self.function])
        module.verify()
        arguments = self.block.args
        return RandomLayer(
            module,
            tuple(
                self.argument(dtype_of(argument), *tensor_type(argument).get_shape())
                for argument in arguments
            ),
            tuple(layout_of(argument) for argument in arguments),
            layout_of(layer.result),
        )

    def integer(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def layout(self) -> Layout:
        return self.draw(st.sampled_from(list(Layout)))

    def dtype(self) -> Dtype:
        return self.draw(st.sampled_from([np.int8, np.uint8]))

    def value(self, dtype: Dtype) -> int:
        limits = np.iinfo(dtype)
        return self.integer(int(limits.min), int(limits.max))

    def array(self, dtype: Dtype, *shape: int) -> Array:
        limits = np.iinfo(dtype)
        return self.random.integers(limits.min, limits.max + 1, shape, dtype)

    def argument(self, dtype: Dtype, *shape: int) -> Array:
        """Values of an input; sums leave some bits free."""
        array = self.array(dtype, *shape)
        return array >> SPARE_BITS if dtype is np.int32 else array

    def constant(self, array: Array) -> SSAValue:
        operation = graph.ConstantOp.of(array)
        self.block.add_op(operation)
        return operation.result

    def window(self) -> WindowAttr:
        fy, fx = self.integer(1, min(3, self.height)), self.integer(1, min(4, self.width))
        pads = [self.integer(0, extent - 1) for extent in (fy, fx, fy, fx)]
        roomy = self.height >= 2 * fy and self.width >= 2 * fx
        dilation = self.integer(1, 2) if roomy else 1
        strides = self.integer(1, 2), self.integer(1, 2)
        return WindowAttr.of((fy, fx), strides, pads, (dilation, dilation))

    def counted_pads(self, window: WindowAttr, outputs: tuple[int, int]) -> list[int] | None:
        """A part of the pads, or nothing; every window has a pixel that counts."""
        counted = [self.integer(0, pad) for pad in window.pads]
        top, left, _, _ = window.pads
        size = (self.height, self.width)
        pixels = reference.pixels_inside(window, size, outputs, (-top, -left), counted)
        return counted if self.draw(st.booleans()) and pixels.min() else None

    def result_type(
        self, dtype: Dtype, channels: int, size: tuple[int, int]
    ) -> graph.IntTensorType:
        return activation_type((1, channels, *size), dtype, self.layout())

    def requant(
        self,
        channels: int,
        spread: int,
        dtype: Dtype,
        roundings: Sequence[Rounding] = tuple(Rounding),
    ) -> RequantAttr:
        """Maps sums of about `spread` to the range of `dtype`, or only clips them to it."""
        if dtype is np.int32:
            return SUMS
        limits = np.iinfo(dtype)
        if self.draw(st.integers(0, 7)) == 7:
            clip = (int(limits.min), int(limits.max))
            return RequantAttr.of([1], [1], zero_point=self.value(dtype), clip=clip)
        count = self.draw(st.sampled_from([1, channels]))
        shift = self.integer(8, 40)
        scale = 2**shift * 200 / spread
        rounding = self.draw(st.sampled_from(roundings))
        divisors = [2**shift] if rounding is Rounding.TWICE else [2**shift, 2**shift - 1]
        return RequantAttr.of(
            [
                max(1, min(2**31 - 1, int(scale * factor)))
                for factor in self.random.uniform(0.5, 1.5, count)
            ],
            [self.draw(st.sampled_from(divisors))],
            addends=[self.draw(st.sampled_from([0, 2 ** (shift - 1), -12345]))],
            rounding=rounding,
            zero_point=self.value(dtype),
            clip=(min(self.value(dtype), 0), int(limits.max)),
        )

    def term(self) -> RequantAttr:
        """A requantisation of one side of an addition to 32 bits, which makes nothing larger."""
        shift = self.integer(31, 40)
        rounding = self.draw(st.sampled_from(list(Rounding)))
        return RequantAttr.of(
            [self.integer(1, 2**31 - 1)],
            [2**shift],
            addends=[self.draw(st.sampled_from([0, 12345]))],
            rounding=rounding,
            clip=(-(2**31), 2**31 - 1),
        )

    def weighted(self) -> graph.LayerOperation:
        window = self.window()
        kernels = self.channels if self.kind == "depthwise" else self.integer(1, self.MOST_CHANNELS)
        inputs = self.channels
        if self.kind == "conv2d":
            groups = self.draw(st.sampled_from([n for n in divisors_of(inputs) if n < 10]))
            kernels, inputs = groups * self.integer(1, 3), inputs // groups
        size = window.output_size(self.height, self.width)
        shapes = {
            "conv2d": ((kernels, inputs, *window.kernel), size),
            "depthwise": ((kernels, 1, *window.kernel), size),
            "pointwise": ((kernels, self.channels), (self.height, self.width)),
            "linear": ((kernels, self.channels * self.height * self.width), (1, 1)),
        }
        weight_shape, output_size = shapes[self.kind]
        weight_dtype = self.dtype()
        output_dtype = np.int32 if self.gives_sums else self.dtype()
        zero_points = self.draw(st.sampled_from([1, kernels]))
        bias = self.random.integers(-5000, 5000, kernels, np.int32)
        x = self.block.args[0]
        weights = self.constant(self.array(weight_dtype, *weight_shape))
        biases = self.constant(bias)
        spread = 80 * 80 * int(np.prod(weight_shape[1:]))
        requant = SUMS if self.gives_sums else self.requant(kernels, spread, output_dtype)
        result = self.result_type(output_dtype, kernels, output_size)
        input_zero = self.value(self.dtypes[0])
        zeros = [self.value(weight_dtype) for _ in range(zero_points)]
        match self.kind:
            case "conv2d" | "depthwise":
                return (graph.Conv2DOp if self.kind == "conv2d" else graph.DepthwiseOp)(
                    "layer",
                    x,
                    weights,
                    biases,
                    window,
                    requant,
                    result,
                    input_zero_point=input_zero,
                    weight_zero_points=zeros,
                )
            case _:
                return (graph.PointwiseOp if self.kind == "pointwise" else graph.LinearOp)(
                    "layer",
                    x,
                    weights,
                    biases,
                    requant,
                    result,
                    input_zero_point=input_zero,
                    weight_zero_points=zeros,
                )

    def moving(self) -> graph.LayerOperation:
        x, dtype = self.block.args[0], self.dtypes[0]
        size = (self.height, self.width)
        if self.kind == "concat":
            sizes = [tensor_type(value).get_shape()[self.axis] for value in self.block.args]
            shape = [1, self.channels, *size]
            shape[self.axis] = sum(sizes)
            result = self.result_type(dtype, shape[1], (shape[2], shape[3]))
            return graph.ConcatOp("layer", self.block.args, result, self.axis)
        if self.kind == "shuffle":
            groups = self.draw(st.sampled_from(divisors_of(self.channels)))
            result = self.result_type(dtype, self.channels, size)
            return graph.ShuffleOp("layer", x, groups, result)
        if self.kind == "depth_to_space":
            by = self.draw(st.sampled_from(divisors_of(self.channels)))
            bx = self.draw(st.sampled_from(divisors_of(self.channels // by)))
            larger = (self.height * by, self.width * bx)
            result = self.result_type(dtype, self.channels // (by * bx), larger)
            return graph.DepthToSpaceOp("layer", x, (by, bx), result)
        if self.kind == "pad":
            top, left, bottom, right = pads = [self.integer(0, 3) for _ in range(4)]
            size = (self.height + top + bottom, self.width + left + right)
            result = self.result_type(dtype, self.channels, size)
            value = 0 if dtype is np.int32 else self.value(dtype)
            return graph.PadOp("layer", x, pads, value, result)
        if self.kind == "resize":
            size = (
                self.height * self.integer(1, max(1, min(3, self.LARGEST_RESIZED // self.height))),
                self.width * self.integer(1, max(1, min(3, self.LARGEST_RESIZED // self.width))),
            )
            return graph.ResizeOp("layer", x, self.result_type(dtype, self.channels, size))
        first = [self.integer(0, limit - 1) for limit in (self.channels, *size)]
        channels, *size = (
            self.integer(1, limit - start)
            for start, limit in zip(first, (self.channels, *size), strict=True)
        )
        strides = [self.integer(1, 3), self.integer(1, 3)]
        rows, columns = (
            (part - 1) // stride + 1 for part, stride in zip(size, strides, strict=True)
        )
        result = self.result_type(dtype, channels, (rows, columns))
        return graph.SliceOp("layer", x, first, result, strides)

    def plain(self) -> graph.LayerOperation:
        window = self.window()
        x = self.block.args[0]
        size, pooled = (self.height, self.width), window.output_size(self.height, self.width)
        if self.kind == "max_pool":
            result = self.result_type(self.dtypes[0], self.channels, pooled)
            return graph.MaxPoolOp("layer", x, window, result)
        dtype = self.result_dtype()
        zero_points = [0 if own is np.int32 else self.value(own) for own in self.dtypes]
        if self.kind == "lookup":
            count = self.draw(st.sampled_from([1, self.channels]))
            tables = self.constant(self.array(dtype, count, graph.TABLE_ENTRIES))
            result = self.result_type(dtype, self.channels, size)
            return graph.LookupOp("layer", x, tables, result)
        if self.kind == "steps":
            count = self.draw(st.sampled_from([1, self.channels]))
            passed = 2 ** self.integer(1, 6) - 1
            spread = self.array(np.int32, count, passed) >> self.integer(0, 20)
            thresholds = np.sort(spread, axis=1)
            values = self.constant(self.array(dtype, count, passed + 1))
            result = self.result_type(dtype, self.channels, size)
            return graph.StepsOp("layer", x, self.constant(thresholds), values, result)
        if self.kind == "sum_steps":
            rows, tables = (self.draw(st.sampled_from([1, self.channels])) for _ in range(2))
            passed = 2 ** self.integer(1, 6) - 1
            weights = self.array(np.int64, rows, len(self.block.args) + 1) >> self.integer(30, 60)
            spread = self.array(np.int64, tables, passed) >> self.integer(0, 50)
            thresholds = np.sort(spread, axis=1)
            return graph.SumStepsOp(
                "layer",
                self.block.args,
                self.constant(weights),
                self.constant(thresholds),
                self.constant(self.array(dtype, tables, passed + 1)),
                self.result_type(dtype, self.channels, size),
            )
        if self.kind == "pair_lookup":
            table = self.constant(self.array(np.uint8, graph.TABLE_ENTRIES, graph.BIT_ROW))
            result = self.result_type(dtype, self.channels, size)
            return graph.PairLookupOp("layer", x, self.block.args[1], table, result)
        if self.kind == "interpolate":
            return self.interpolation(x, dtype, zero_points[0])
        if self.kind == "add":
            sign = self.draw(st.sampled_from([1, -1]))
            return graph.AddOp(
                "layer",
                x,
                self.block.args[1],
                self.requant(1, 200 * 2**20, dtype),
                self.result_type(dtype, self.channels, size),
                multipliers=(self.integer(1, 2**21), sign * self.integer(1, 2**21)),
                zero_points=(zero_points[0], zero_points[1]),
                terms=[self.term(), self.term()] if self.draw(st.booleans()) else (),
            )
        if self.kind == "mul":
            return graph.MulOp(
                "layer",
                x,
                self.block.args[1],
                self.requant(1, 120 * 120, dtype),
                self.result_type(dtype, self.channels, size),
                zero_points=(zero_points[0], zero_points[1]),
            )
        if self.kind == "avg_pool":
            counted = None if self.gives_sums else self.counted_pads(window, pooled)
            pixels, roundings = int(np.prod(window.kernel)), list(Rounding)
            if counted is not None:
                pixels, roundings = 1, [way for way in Rounding if way is not Rounding.TWICE]
            return graph.AveragePoolOp(
                "layer",
                x,
                window,
                self.requant(1, 100 * pixels, dtype, roundings),
                self.result_type(dtype, self.channels, pooled),
                input_zero_point=zero_points[0],
                counted_pads=counted,
            )
        return graph.RescaleOp(
            "layer",
            x,
            self.requant(1, 200, dtype),
            self.result_type(dtype, self.channels, size),
            input_zero_point=zero_points[0],
        )

    def interpolation(self, x: SSAValue, dtype: Dtype, zero_point: int) -> graph.LayerOperation:
        """Outputs of any number at places of any step, some of them outside the map."""
        sizes = [self.integer(1, self.LARGEST_RESIZED // 2) for _ in range(2)]
        rows, columns = (
            (self.integer(-9, 9), self.integer(-9, 36), self.integer(1, 9)) for _ in sizes
        )
        nearest = self.draw(st.booleans())
        return graph.InterpolateOp(
            "layer",
            x,
            rows,
            columns,
            self.requant(1, 100 * (1 if nearest else rows[2] * columns[2]), dtype),
            self.result_type(dtype, self.channels, (sizes[0], sizes[1])),
            nearest=nearest,
            input_zero_point=zero_point,
        )


@st.composite
def random_layers(
    draw: st.DrawFn, kinds: tuple[str, ...] = KINDS, max_size: int = 8
) -> RandomLayer:
    """One layer of a random kind, shape, signs, zero points and layouts."""
    return LayerMaker(draw, draw(st.sampled_from(kinds)), max_size).make()
