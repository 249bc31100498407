"""Random kernels, each alone on the tiles it is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from xdsl.builder import ImplicitBuilder
from xdsl.dialects.builtin import ArrayAttr, IntegerAttr, ModuleOp, UnitAttr, i64
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Attribute

from dsconv.dialects.attributes import (
    Layout,
    NarrowRequantAttr,
    RequantAttr,
    Rounding,
    Space,
    WindowAttr,
    i64_array,
)
from dsconv.dialects.graph import IntTensorType, activation_type, element_bytes
from dsconv.dialects.layer_semantics import layout_of_type, run_kernel
from dsconv.dialects.records import (
    BIAS,
    WEIGHT_ZERO_POINT,
    depthwise_row_bytes,
    pack_records,
    uniform_narrow,
    uniform_requant,
    varying_narrow_fields,
    varying_requant_fields,
)
from dsconv.dialects.run import make_interpreter
from dsconv.dialects.tiled import KernelKind, KernelOp, RunOp, buffer_type
from dsconv.driver.pipeline import run_pipeline
from dsconv.lowering.building import index_value
from dsconv.passes.analysis.requant_proof import (
    narrowed,
    narrowed_by_channel,
    steps_of_range,
)

Bytes = npt.NDArray[np.uint8]
Accumulators = npt.NDArray[np.int64]
Dtype = type[np.integer]
Option = TypeVar("Option")

PADDING = 77
PIXELS_ONE_TO_ONE = WindowAttr.of((1, 1))
LAYOUTS = list(Layout)
DTYPES: list[Dtype] = [np.uint8, np.int8]
ROUNDINGS = [Rounding.HALF_EVEN, Rounding.HALF_UP, Rounding.FLOOR]
"""Those that assembly has in 64 bits."""
FULL_RANGE: dict[Dtype, tuple[int, int]] = {np.uint8: (0, 255), np.int8: (-128, 127)}


@dataclass(frozen=True)
class KernelRun:
    """A kernel, what its input tiles hold, and where its first window begins."""

    kernel: KernelOp
    tiles: tuple[Bytes, ...]
    row: int = 0
    column: int = 0

    @property
    def output_bytes(self) -> int:
        """Of all that the output is a part of."""
        elements = int(np.prod(self.kernel.output.get_shape()))
        size = element_bytes(self.kernel.output)
        return elements // self.kernel.dense_pitch * self.kernel.pitch * size

    def expected(self) -> Bytes:
        """What the reference semantics make of the tiles."""
        output = np.zeros(self.output_bytes, np.uint8)
        run_kernel(self.kernel, [*self.tiles, output], self.row, self.column)
        return output

    def lowered(self) -> Bytes:
        """What the kernel's loops make of them."""
        output = np.zeros(self.output_bytes, np.uint8)
        buffers = [*self.tiles, output]
        network = FuncOp("run", ([buffer_type(buffer.size, Space.L1) for buffer in buffers], []))
        with ImplicitBuilder(network.body):
            place = index_value(self.row), index_value(self.column)
            RunOp(self.kernel.sym_name.data, network.body.block.args, *place)
            ReturnOp()
        module = ModuleOp([self.kernel.clone(), network])
        run_pipeline(module, "lower-kernels,canonicalize,cse")
        make_interpreter(module).call_op("run", tuple(buffers))
        return output


class RandomKernel:
    """Draws what a weighted kernel of a given shape leaves open: signs, layouts, requantisation."""

    largest_bias = 5000

    def __init__(self, seed: int, channels: int, size: tuple[int, int]):
        self.random = np.random.default_rng(seed)
        self.channels = channels
        self.height, self.width = size

    def dense(
        self,
        kernels: int,
        window: WindowAttr = PIXELS_ONE_TO_ONE,
        *,
        start: tuple[int, int] = (0, 0),
        layouts: tuple[Layout, Layout] | None = None,
        spread: int = 0,
        groups: int = 1,
    ) -> KernelRun:
        """A convolution to `kernels` channels; it begins at `start`, inside the pads.

        Scales of channels are up to `spread` powers of two apart.
        """
        size = self.channels // groups * window.kernel[0] * window.kernel[1]
        weights = self.random.integers(-128, 128, (kernels, size), np.int8)
        output = window.output_size(self.height, self.width)
        layouts = layouts or self._layouts()
        return self._weighted(
            KernelKind.CONV2D, weights, window, output, layouts, start, spread=spread
        )

    def sums(self, kernels: int, layouts: tuple[Layout, Layout]) -> KernelRun:
        """A pointwise kernel that gives its accumulators."""
        source, target = layouts
        weights = self.random.integers(-128, 128, (kernels, self.channels), np.int8)
        record, packed = pack_records(weights, {BIAS: self._integers(-5000, 5000, kernels)})
        limits = np.iinfo(np.int32)
        size = self.height, self.width
        kernel = KernelOp(
            "kernel",
            KernelKind.CONV2D,
            [activation_type((1, self.channels, *size), self._choose(DTYPES), source)],
            activation_type((1, kernels, *size), np.int32, target),
            PIXELS_ONE_TO_ONE,
            requant=RequantAttr.of([1], [1], clip=(int(limits.min), int(limits.max))),
            record=record,
        )
        return self._run(kernel, [self._tile(PIXELS_ONE_TO_ONE), packed.reshape(-1)])

    def depthwise(self, window: WindowAttr, layouts: tuple[Layout, Layout]) -> KernelRun:
        """A depthwise convolution of a whole map."""
        top, left, _, _ = window.pads
        output = window.output_size(self.height, self.width)
        return self._depthwise(window, output, layouts, (-top, -left))

    def ring(self, window: WindowAttr, rows: int, layouts: tuple[Layout, Layout]) -> KernelRun:
        """A depthwise convolution to so many rows, on a ring that begins anywhere."""
        _, columns = window.output_size(self.height, self.width)
        start = int(self.random.integers(self.height)), -window.pads[1]
        return self._depthwise(window, (rows, columns), layouts, start, circular=True)

    def elementwise(self, kind: KernelKind) -> KernelRun:
        """An addition, product or rescale; its second input may belong to all of a dimension."""
        shapes = [(self.channels, self.height, self.width)]
        if kind is not KernelKind.RESCALE:
            broadcasts = self.random.random(3) < self._choose([0.0, 0.5])
            shapes.append(tuple(np.where(broadcasts, 1, shapes[0]).tolist()))
        *dtypes, output_type = [self._choose(DTYPES) for _ in (*shapes, "output")]
        types = list(map(self._activation, shapes, dtypes))
        zero_points = [int(self.random.integers(*FULL_RANGE[dtype])) for dtype in dtypes]
        multipliers = (
            self._integers(1, 1 << self._choose([3, 21]), 2) if kind is KernelKind.ADD else []
        )
        reach = 255 * sum(multipliers) if kind is KernelKind.ADD else 255 ** len(shapes)
        output = self._activation(shapes[0], output_type)
        requant = self._requant(1, 255 / reach, output_type)
        narrow = self._proved(requant, -np.array([reach]), np.array([reach]))
        return self._run(
            KernelOp(
                "kernel",
                kind,
                types,
                output,
                PIXELS_ONE_TO_ONE,
                narrow=uniform_narrow(narrow) if narrow else None,
                requant=None if narrow else requant,
                zero_points=i64_array(zero_points),
                multipliers=i64_array(multipliers) if multipliers else None,
                output_pitch=self._pitch(output),
            ),
            [self._bytes(int(np.prod(shape))) for shape in shapes],
        )

    def sum_of_terms(self) -> KernelRun:
        """An addition whose terms are requantised first, to bytes or to many more bits."""
        shape = self.channels, self.height, self.width
        dtypes = [self._choose(DTYPES) for _ in range(3)]
        zero_points = [int(self.random.integers(*FULL_RANGE[dtype])) for dtype in dtypes[:2]]
        places = self._choose([0, 4, 20])
        clip = -(1 << 31), (1 << 31) - 1
        terms = [
            RequantAttr.of(
                self._integers(1 << 30, 1 << 31, 1),
                [1 << 31 + self._choose([0, 3])],
                rounding=self._choose(list(Rounding)),
                clip=clip,
            )
            for _ in range(2)
        ]
        requant = self._requant(1, 2.0**-places, dtypes[2])
        reach = np.array([2**places * 510])
        narrow = self._proved(requant, -reach, reach)
        output = self._activation(shape, dtypes[2])
        kernel = KernelOp(
            "kernel",
            KernelKind.ADD,
            [self._activation(shape, dtype) for dtype in dtypes[:2]],
            output,
            PIXELS_ONE_TO_ONE,
            narrow=uniform_narrow(narrow) if narrow else None,
            requant=None if narrow else requant,
            zero_points=i64_array(zero_points),
            multipliers=i64_array([1 << places] * 2),
            terms=ArrayAttr(terms),
            output_pitch=self._pitch(output),
        )
        return self._run(kernel, [self._bytes(prod(shape)) for _ in range(2)])

    def pool(
        self,
        kind: KernelKind,
        window: WindowAttr,
        *,
        pad_value: int | None = None,
        starts: tuple[Sequence[int], Sequence[int]] | None = None,
        counted: Sequence[int] | None = None,
    ) -> KernelRun:
        """A max pool or an average, padded with what counts as nothing, or else.

        It begins where a whole map does, or at one of `starts`. An average may count its pixels,
        those in `counted` pads among them.
        """
        shape = self.channels, self.height, self.width
        dtype, output_type = self._choose(DTYPES), self._choose(DTYPES)
        lowest, highest = FULL_RANGE[dtype]
        zero_point = (
            int(self.random.integers(lowest, highest)) if kind is KernelKind.AVG_POOL else lowest
        )
        zero_point = zero_point if pad_value is None else pad_value
        narrow = requant = None
        if kind is KernelKind.AVG_POOL:
            taps = prod(window.kernel)
            requant = self._requant(1, 1 / taps if counted is None else 1, output_type)
            reach = np.array([255 * taps])
            narrow = self._proved(requant, -reach, reach) if counted is None else None
        else:
            output_type = dtype
        output = self._activation(
            (self.channels, *window.output_size(self.height, self.width)), output_type
        )
        top, left, _, _ = window.pads
        starts = starts or ([-top], [-left])
        kernel = KernelOp(
            "kernel",
            kind,
            [self._activation(shape, dtype)],
            output,
            window,
            narrow=uniform_narrow(narrow) if narrow else None,
            requant=None if narrow else requant,
            zero_points=i64_array([zero_point]) if kind is KernelKind.AVG_POOL else None,
            counted_pads=None if counted is None else i64_array(counted),
            pad_value=zero_point if any(window.pads) else 0,
            starts=starts,
            output_pitch=self._pitch(output),
        )
        place = map(self._choose, starts)
        return KernelRun(kernel, (self._tile(window, zero_point),), *place)

    def lookup(self) -> KernelRun:
        """A table for all channels, or one for each."""
        shape = self.channels, self.height, self.width
        tables = self.channels if self._choose([True, False]) else 1
        record, packed = pack_records(self._bytes(tables * 256).reshape(-1, 256).view(np.int8), {})
        output = self._activation(shape, self._choose(DTYPES))
        return self._run(
            KernelOp(
                "kernel",
                KernelKind.LOOKUP,
                [self._activation(shape, self._choose(DTYPES))],
                output,
                PIXELS_ONE_TO_ONE,
                record=record,
                shared_record=UnitAttr() if tables == 1 else None,
                output_pitch=self._pitch(output),
            ),
            [self._bytes(int(np.prod(shape))), packed.reshape(-1)],
        )

    def concat(self, inputs: int) -> KernelRun:
        """So many tiles one after the other, along any axis."""
        axis = int(self.random.integers(3))
        shapes = [[self.channels, self.height, self.width] for _ in range(inputs)]
        for shape in shapes:
            shape[axis] = int(self.random.integers(1, 12))
        joined = [*shapes[0]]
        joined[axis] = sum(shape[axis] for shape in shapes)
        dtype = self._choose(DTYPES)
        output = self._activation(joined, dtype)
        return self._run(
            KernelOp(
                "kernel",
                KernelKind.CONCAT,
                [self._activation(shape, dtype) for shape in shapes],
                output,
                PIXELS_ONE_TO_ONE,
                axis=IntegerAttr(axis + 1, i64) if axis else None,
                output_pitch=self._pitch(output),
            ),
            [self._bytes(int(np.prod(shape))) for shape in shapes],
        )

    def shuffle(self) -> KernelRun:
        """The channels of any number of groups in turns."""
        divisors = [size for size in range(1, self.channels + 1) if self.channels % size == 0]
        shape, groups = (self.channels, self.height, self.width), self._choose(divisors)
        return self._moving(KernelKind.SHUFFLE, shape, shuffled_groups=IntegerAttr(groups, i64))

    def resize(self) -> KernelRun:
        """Rows and columns up to four times."""
        fy, fx = self._integers(1, 5, 2)
        shape = self.channels, fy * self.height, fx * self.width
        return self._moving(KernelKind.RESIZE, shape, factors=i64_array((fy, fx)))

    def depth_to_space(self) -> KernelRun:
        """Blocks of up to three rows and columns."""
        by, bx = self._integers(1, 4, 2)
        output = self.channels, by * self.height, bx * self.width
        self.channels *= by * bx
        return self._moving(KernelKind.DEPTH_TO_SPACE, output, factors=i64_array((by, bx)))

    def _moving(
        self,
        kind: KernelKind,
        shape: Sequence[int],
        *,
        factors: Attribute | None = None,
        shuffled_groups: Attribute | None = None,
    ) -> KernelRun:
        dtype, source = self._choose(DTYPES), (self.channels, self.height, self.width)
        output = self._activation(shape, dtype)
        kernel = KernelOp(
            "kernel",
            kind,
            [self._activation(source, dtype)],
            output,
            PIXELS_ONE_TO_ONE,
            output_pitch=self._pitch(output),
            factors=factors,
            shuffled_groups=shuffled_groups,
        )
        return self._run(kernel, [self._bytes(prod(source))])

    def _activation(self, shape: Sequence[int], dtype: Dtype) -> IntTensorType:
        return activation_type((1, *shape), dtype, self._choose(LAYOUTS))

    def _pitch(self, output: IntTensorType) -> int:
        """That of a larger tile, or 0."""
        _, channels, rows, _ = output.get_shape()
        dense = channels if layout_of_type(output) is Layout.HWC else rows
        return self._choose([0, 0, dense + int(self.random.integers(1, 9))])

    def _run(self, kernel: KernelOp, tiles: Sequence[Bytes]) -> KernelRun:
        kernel.verify()
        return KernelRun(kernel, tuple(tiles))

    def _bytes(self, size: int) -> Bytes:
        return self.random.integers(0, 256, size, np.uint8)

    def _depthwise(
        self,
        window: WindowAttr,
        output: tuple[int, int],
        layouts: tuple[Layout, Layout],
        start: tuple[int, int],
        *,
        circular: bool = False,
    ) -> KernelRun:
        fy, fx = window.kernel
        weights = self.random.integers(-128, 128, (self.channels, fy, fx), np.int8)
        padded = np.zeros((self.channels, fy, depthwise_row_bytes(fx)), np.int8)
        padded[..., :fx] = weights
        rows = padded.reshape(self.channels, -1)
        return self._weighted(
            KernelKind.DEPTHWISE, rows, window, output, layouts, start, circular=circular
        )

    def _weighted(
        self,
        kind: KernelKind,
        weights: npt.NDArray[np.int8],
        window: WindowAttr,
        output: tuple[int, int],
        layouts: tuple[Layout, Layout],
        start: tuple[int, int],
        *,
        circular: bool = False,
        spread: int = 0,
    ) -> KernelRun:
        kernels, size = weights.shape
        input_type, output_type = self._choose(DTYPES), self._choose(DTYPES)
        less = self._integers(0, spread + 1, kernels)
        biases = self._integers(-self.largest_bias, self.largest_bias, kernels)
        bias = [value << places for value, places in zip(biases, less, strict=True)]
        fields: dict[str, Sequence[int]] = {BIAS: bias}
        requant = self._requant(kernels, 60 / (255 * 74 * size**0.5), output_type)
        if spread:
            requant = self._with_less(requant, less)
        zero_points = [0] * kernels
        if self.random.random() < 0.3:
            zero_points = self._integers(-128, 128, kernels)
            fields[WEIGHT_ZERO_POINT] = zero_points
        narrow = self._narrow(requant, weights, zero_points, bias)
        if narrow is not None:
            fields |= varying_narrow_fields(narrow)
        else:
            fields |= varying_requant_fields(requant)
        record, packed = pack_records(weights, fields)
        source, target = layouts
        kernel = KernelOp(
            "kernel",
            kind,
            [activation_type((1, self.channels, self.height, self.width), input_type, source)],
            activation_type((1, kernels, *output), output_type, target),
            window,
            narrow=uniform_narrow(narrow) if narrow else None,
            requant=None if narrow else uniform_requant(requant),
            record=record,
            pad_value=PADDING,
            starts=((start[0],), (start[1],)),
            circular=UnitAttr() if circular else None,
        )
        kernel.verify()
        return KernelRun(kernel, (self._tile(window), packed.reshape(-1)), *start)

    def _with_less(self, requant: RequantAttr, less: Sequence[int]) -> RequantAttr:
        """Scales that are less by powers of two, without addends."""
        (divisor,) = requant.divisors
        divisors = [divisor << places for places in less]
        multipliers = [multiplier | 1 for multiplier in requant.multipliers]
        return RequantAttr.of(multipliers, divisors, zero_point=3, clip=requant.clip)

    def _choose(self, options: Sequence[Option]) -> Option:
        return options[int(self.random.integers(len(options)))]

    def _layouts(self) -> tuple[Layout, Layout]:
        return self._choose(LAYOUTS), self._choose(LAYOUTS)

    def _integers(self, low: int, high: int, count: int) -> list[int]:
        return self.random.integers(low, high, count).tolist()

    def _tile(self, window: WindowAttr, padding: int = PADDING) -> Bytes:
        """An input tile, with its pad pixel where the window has padding."""
        size = self.channels * self.height * self.width
        tile = self._bytes(size)
        if not any(window.pads):
            return tile
        return np.concatenate([tile, np.full(self.channels, padding & 0xFF, np.uint8)])

    def _clip(self, dtype: Dtype) -> tuple[int, int]:
        low, high = FULL_RANGE[dtype]
        return self._choose([(low, high), (low + 3, high), (0, high - 20)])

    def _narrow(
        self,
        requant: RequantAttr,
        weights: npt.NDArray[np.int8],
        zero_points: Sequence[int],
        bias: Sequence[int],
    ) -> NarrowRequantAttr | None:
        """The form in 32 bits, proved for any input of either sign."""
        reach = 255 * np.abs(weights - np.array(zero_points)[:, None]).sum(axis=1)
        return self._proved(requant, np.array(bias) - reach, np.array(bias) + reach)

    def _proved(
        self, requant: RequantAttr, lowest: Accumulators, highest: Accumulators
    ) -> NarrowRequantAttr | None:
        steps = steps_of_range(requant, lowest, highest)
        if steps is None:
            return None
        if len(lowest) > 1 and self.random.random() < 0.3:
            return narrowed_by_channel(requant, steps)
        with_slack = self._choose([True, False])
        return narrowed(requant, steps, with_slack=with_slack) or narrowed(requant, steps)

    def _requant(self, kernels: int, ratio: float, dtype: Dtype) -> RequantAttr:
        """Multiplier, addend and shift that come to a ratio.

        Half of them have the 24 bits of a float32, which long sums take to an upper word.
        """
        as_float = 24 - int(np.ceil(np.log2(ratio)))
        shift = self._choose([int(self.random.integers(3, 45)), as_float])
        scale = 2**shift * ratio
        largest = max(1, min(2**30, int(scale)))
        multipliers = self._integers(max(1, largest // 2), largest + 1, kernels)
        addends = self._choose(
            [[0], [2 ** (shift - 1)], self._integers(-12345, 2 ** (shift - 1), kernels)]
        )
        return RequantAttr.of(
            self._choose([multipliers, multipliers[:1]]),
            [2**shift],
            addends=addends,
            rounding=self._choose(ROUNDINGS),
            zero_point=int(self.random.integers(*FULL_RANGE[dtype])),
            clip=self._clip(dtype),
        )


class KernelThatRoundsTwice(RandomKernel):
    """Kernels with gemmlowp's multipliers, all of whose sums of 32 bits may come."""

    def __init__(self, seed: int, channels: int, size: tuple[int, int]):
        super().__init__(seed, channels, size)
        self.largest_bias = self._choose([5000, 2**30])

    def _narrow(
        self,
        requant: RequantAttr,
        weights: npt.NDArray[np.int8],
        zero_points: Sequence[int],
        bias: Sequence[int],
    ) -> None:
        """None, as where none is proved."""

    def _requant(self, kernels: int, ratio: float, dtype: Dtype) -> RequantAttr:
        shift = max(32, 31 - round(np.log2(ratio)))
        shifts = self._integers(32, min(2 * shift - 31, 51), kernels)
        multipliers = self._integers(2**30, 2**31, kernels)
        return RequantAttr.of(
            self._choose([multipliers, multipliers[:1]]),
            [1 << shift for shift in self._choose([shifts, shifts[:1]])],
            rounding=Rounding.TWICE,
            zero_point=int(self.random.integers(*FULL_RANGE[dtype])),
            clip=self._clip(dtype),
        )
