"""Random float networks, and what ONNX Runtime's quantiser makes of them in all its options."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from frontend_models import ModelWriter
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)

Array = npt.NDArray[Any]

MOST_LAYERS = 7
LARGEST_MAP, MOST_CHANNELS = 12, 9
CALIBRATIONS = 3
FUNCTIONS: dict[str, dict[str, Any]] = {
    "Relu": {},
    "LeakyRelu": {"alpha": 0.1},
    "HardSwish": {},
    "HardSigmoid": {},
    "Sigmoid": {},
    "Tanh": {},
    "Elu": {},
    "Softplus": {},
}
UNQUANTISED = {"Conv", "Gemm", "Add", "Mul", "AveragePool", "MaxPool", *FUNCTIONS}
"""Operations whose results some networks leave as reals."""
NEEDS_INTEGERS = {"Conv", "ConvTranspose", "Gemm", "MatMul", "QuantizeLinear"}
"""Operations that take nothing but what is quantised."""


@dataclass(frozen=True)
class Options:
    """Of quantize_static, and whether some of what it quantises stays as reals."""

    form: QuantFormat
    activations: QuantType
    weights: QuantType
    per_channel: bool
    reduce_range: bool
    method: CalibrationMethod
    symmetric: bool
    unquantised_results: tuple[str, ...]
    leaves_pairs_out: bool

    @staticmethod
    def random(random: Random) -> Options:
        """Options that go together: a weight zero point goes with uint8 activations alone."""
        activations = random.choice([QuantType.QInt8, QuantType.QUInt8])
        weights = random.choice([QuantType.QInt8, QuantType.QUInt8])
        return Options(
            random.choice([QuantFormat.QDQ, QuantFormat.QOperator]),
            activations,
            QuantType.QInt8 if activations is QuantType.QInt8 else weights,
            random.random() < 0.5,
            random.random() < 0.5,
            random.choice([CalibrationMethod.MinMax, CalibrationMethod.Percentile]),
            random.random() < 0.3,
            tuple(random.sample(sorted(UNQUANTISED), random.randint(1, 3)))
            if random.random() < 0.3
            else (),
            random.random() < 0.4,
        )


class FloatNetwork(ModelWriter):
    """Draws a network, layer by layer, from one seed."""

    def __init__(self, seed: int):
        super().__init__(opset=17)
        self.random, self.numbers = Random(seed), np.random.default_rng(seed)
        sizes = [self.random.randint(3, LARGEST_MAP) for _ in range(2)]
        self.image_shape = (1, self.random.randint(1, MOST_CHANNELS), *sizes)
        self.channels, self.height, self.width = self.image_shape[1:]
        self.earlier: list[tuple[str, tuple[int, int, int]]] = []

    def network(self) -> onnx.ModelProto:
        """A chain of layers, some joined with earlier ones, and perhaps a classifier."""
        x = self.convolution(self.input("image", "float32", self.image_shape))
        for _ in range(self.random.randint(1, MOST_LAYERS)):
            self.earlier.append((x, (self.channels, self.height, self.width)))
            x = self.random.choice(
                [self.convolution] * 2
                + [self.function, self.pool, self.joined, self.enlarged, self.moved, self.reduced]
            )(x)
        if self.random.random() < 0.4:
            x = self.classifier(x)
        return self.model(x, dtype="float32")

    def reals(self, *shape: int, spread: float) -> str:
        """A constant."""
        return self.constant(self.numbers.normal(0, spread, shape).astype(np.float32))

    def convolution(self, x: str) -> str:
        """Dense, pointwise or depthwise, perhaps with a bias, a normalisation and a bound."""
        kind = self.random.choice(["dense", "pointwise", "depthwise"])
        kernel = [1, 1] if kind == "pointwise" else self._kernel()
        pads = [self.random.randint(0, (size - 1) // 2) for size in kernel] * 2
        strides = [self.random.choice([1, 1, 2]) for _ in kernel]
        outputs = self.channels if kind == "depthwise" else self.random.randint(1, MOST_CHANNELS)
        group = self.channels if kind == "depthwise" else 1
        inputs = self.channels // group
        weights = self.reals(outputs, inputs, *kernel, spread=0.5)
        bias = [self.reals(outputs, spread=0.3)] if self.random.random() < 0.7 else []
        y = self.node(
            "Conv", x, weights, *bias, pads=pads, strides=strides, group=group, kernel_shape=kernel
        )
        self.channels = outputs
        self.height, self.width = (
            (size + 2 * pad - extent) // stride + 1
            for size, pad, extent, stride in zip(
                (self.height, self.width), pads, kernel, strides, strict=False
            )
        )
        bound = self.random.choice(["", "Relu", "Relu", "Clip"])
        if bound == "Clip":
            limits = (self.constant(np.array(limit, np.float32)) for limit in (0, 6))
            return self.node("Clip", y, *limits)
        return self.node(bound, y) if bound else y

    def _kernel(self) -> list[int]:
        return [self.random.randint(1, min(3, size)) for size in (self.height, self.width)]

    def function(self, x: str) -> str:
        """A function of every number."""
        name = self.random.choice(sorted(FUNCTIONS))
        return self.node(name, x, **FUNCTIONS[name])

    def pool(self, x: str) -> str:
        """A maximum or an average of windows."""
        kernel = self._kernel()
        strides = [self.random.choice([1, 2]) for _ in kernel]
        name = self.random.choice(["MaxPool", "AveragePool"])
        self.height, self.width = (
            (size - extent) // stride + 1
            for size, extent, stride in zip((self.height, self.width), kernel, strides, strict=True)
        )
        return self.node(name, x, kernel_shape=kernel, strides=strides)

    def enlarged(self, x: str) -> str:
        """A transposed convolution, or blocks of channels as blocks of pixels."""
        if self.height * self.width > LARGEST_MAP**2:
            return self.convolution(x)
        if self.channels % 4 == 0 and self.random.random() < 0.5:
            mode = self.random.choice(["DCR", "CRD"])
            self.channels, self.height, self.width = (
                *(self.channels // 4, 2 * self.height),
                2 * self.width,
            )
            return self.node("DepthToSpace", x, blocksize=2, mode=mode)
        kernel = [self.random.randint(1, 4) for _ in range(2)]
        strides = [self.random.randint(1, 3) for _ in range(2)]
        group = self.channels if self.random.random() < 0.3 else 1
        weights = self.reals(self.channels, self.random.randint(1, 3), *kernel, spread=0.5)
        y = self.node("ConvTranspose", x, weights, strides=strides, group=group)
        self.channels = group * self.initializers[-1].dims[1]
        self.height, self.width = (
            (size - 1) * stride + taps
            for size, stride, taps in zip((self.height, self.width), strides, kernel, strict=True)
        )
        return y

    def moved(self, x: str) -> str:
        """Channels, rows and columns in another order, repeated, or around themselves."""
        shape = [1, self.channels, self.height, self.width]
        axis = self.random.randint(1, 3)
        size, operation = shape[axis], self.random.choice(["Gather", "Pad", "Slice", "Tile"])
        if operation == "Tile" and shape[axis] <= LARGEST_MAP // 2:
            repeats = [1 + (index == axis) for index in range(4)]
            shape[axis] *= 2
            y = self.node("Tile", x, self.constant(np.array(repeats)))
        elif operation == "Pad" and axis > 1:
            pads = [self.random.randint(0, min(2, size - 1)) * (n % 4 == axis) for n in range(8)]
            shape[axis] += sum(pads)
            mode = self.random.choice(["reflect", "edge"])
            y = self.node("Pad", x, self.constant(np.array(pads)), mode=mode)
        elif operation == "Slice":
            step = self.random.choice([-2, -1, 2])
            places = [-1, -(2**62)] if step < 0 else [0, 2**62]
            shape[axis] = -(-size // abs(step))
            limits = (self.constant(np.array([place])) for place in (*places, axis, step))
            y = self.node("Slice", x, *limits)
        else:
            indices = [self.random.randrange(size) for _ in range(self.random.randint(1, 6))]
            shape[axis] = len(indices)
            y = self.node("Gather", x, self.constant(np.array(indices)), axis=axis)
        _, self.channels, self.height, self.width = shape
        return y

    def reduced(self, x: str) -> str:
        """A sum or an average over channels, rows or columns."""
        shape = [1, self.channels, self.height, self.width]
        axes = self.random.choice([[1], [2], [3], [1, 2]])
        for axis in axes:
            shape[axis] = 1
        _, self.channels, self.height, self.width = shape
        if self.random.random() < 0.5:
            return self.convolution(self.node("ReduceMean", x, axes=axes))
        return self.convolution(self.node("ReduceSum", x, self.constant(np.array(axes))))

    def joined(self, x: str) -> str:
        """A sum, a product or a concatenation with an earlier result, or with a constant."""
        shape = (self.channels, self.height, self.width)
        others = [name for name, size in self.earlier if size == shape and name != x]
        operation = self.random.choice(["Add", "Mul", "Concat"])
        if not others:
            constant = self.reals(1, self.channels, 1, 1, spread=1)
            return self.node(self.random.choice(["Add", "Mul"]), x, constant)
        if operation == "Concat":
            self.channels *= 2
            return self.node("Concat", x, self.random.choice(others), axis=1)
        return self.node(operation, x, self.random.choice(others))

    def classifier(self, x: str) -> str:
        """An average and a product."""
        flat = self.node("Flatten", self.node("GlobalAveragePool", x))
        weights = self.reals(self.channels, 5, spread=0.5)
        return self.node("Gemm", flat, weights, self.reals(5, spread=0.3))


class Images(CalibrationDataReader):
    """A few random inputs."""

    def __init__(self, shape: tuple[int, ...], seed: int):
        rng = np.random.default_rng(seed)
        self._images: Iterator[dict[str, Any]] = iter(
            [{"image": image(shape, rng)} for _ in range(CALIBRATIONS)]
        )

    def get_next(self) -> dict[str, Any]:
        return next(self._images, {})


def image(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """A random input."""
    return rng.normal(0, 1, shape).astype(np.float32)


def quantised(seed: int, folder: Path) -> tuple[onnx.ModelProto, dict[str, Array], Options]:
    """The network of a seed, quantised, and an input for it."""
    network = FloatNetwork(seed)
    source, target = folder / "float.onnx", folder / "quantised.onnx"
    onnx.save(network.network(), str(source))
    options = Options.random(network.random)
    quantize_static(
        source,
        target,
        Images(network.image_shape, seed),
        quant_format=options.form,
        activation_type=options.activations,
        weight_type=options.weights,
        per_channel=options.per_channel,
        reduce_range=options.reduce_range,
        calibrate_method=options.method,
        extra_options={
            "ActivationSymmetric": options.symmetric,
            "OpTypesToExcludeOutputQuantization": list(options.unquantised_results),
        },
    )
    result = onnx.load(str(target))
    if options.leaves_pairs_out:
        leave_pairs_out(result, network.random)
    rng = np.random.default_rng(seed + 1)
    return result, {"image": image(network.image_shape, rng)}, options


def leave_pairs_out(model: onnx.ModelProto, random: Random) -> None:
    """Leaves results unquantised, as other exporters do: all but what layers with weights read."""
    nodes = model.graph.node
    makers = {name: node for node in nodes for name in node.output}
    outputs = {value.name for value in model.graph.output}
    readers: dict[str, list[onnx.NodeProto]] = {}
    for node in nodes:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    reals: dict[str, str] = {}
    for quantise in [node for node in nodes if node.op_type == "QuantizeLinear"]:
        source, behind = quantise.input[0], readers.get(quantise.output[0], [])
        if source not in makers or makers[source].op_type == "DequantizeLinear":
            continue
        ends = any(
            node.op_type != "DequantizeLinear" or node.output[0] in outputs for node in behind
        )
        users = [user for node in behind for user in readers.get(node.output[0], [])]
        if ends or any(user.op_type in NEEDS_INTEGERS for user in users) or random.random() < 0.4:
            continue
        reals |= {node.output[0]: source for node in behind}
        for node in (quantise, *behind):
            nodes.remove(node)
    for node in nodes:
        for place, name in enumerate(node.input):
            while name in reals:
                name = reals[name]
            node.input[place] = name
