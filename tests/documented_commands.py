"""The command lines of README and docs, and the files that they name."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from tosa_functions import TosaFunction, module, write_convolution

import dsconv
from dsconv import zoo
from dsconv.frontends import import_onnx

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))

PROGRAMS = (
    *("dsconv", "dsconv-opt", "xdsl-opt", "python", "python3", "pip", "make", "git", "sudo"),
    *("cd", ".", "export", "dask", "brew", "wsl", "xcode-select", "pre-commit"),
)
"""What the first word of a command line may be; other lines of a block are output, or a drawing."""

FENCE = re.compile(r"\s*```(?P<language>\S*)")
SHELL = ("", "console")
ASSIGNMENT = re.compile(r"\w+=\S*\s+")
REMARK = re.compile(r"\s{2,}#.*|\s# .*")
FILE = re.compile(r"(?<![\w./-])[\w-]+\.(?:onnx|npz|npy|mlir|tflite|toml|h)\b")


@dataclass(frozen=True)
class Command:
    """A line of a page, without its remark."""

    page: Path
    line: int
    text: str

    @property
    def files(self) -> list[str]:
        """Names of files in it, those that it writes among them."""
        return list(dict.fromkeys(FILE.findall(self.text)))

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def commands(page: Path) -> Iterator[Command]:
    """The command lines of a page, in its blocks without a language or of `console`."""
    language: str | None = None
    begun: tuple[int, str] | None = None
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if fence := FENCE.match(line):
            language = fence["language"] if language is None else None
        elif language in SHELL:
            first, text = begun or (number, "")
            text += REMARK.sub("", line).strip()
            begun = (first, text[:-1]) if text.endswith("\\") else None
            words = ASSIGNMENT.sub("", text).split()
            if begun is None and words and words[0] in PROGRAMS:
                yield Command(page, first, text)


ALL = [command for page in PAGES for command in commands(page)]

DIGITS = ROOT / "examples" / "digits"


def digits(path: Path) -> None:
    """The trained network of the examples."""
    shutil.copy(DIGITS / "digits.onnx", path)


def float_network(path: Path) -> None:
    """A convolution, a depthwise one and a pointwise one, for images of the digits' size."""
    random = np.random.default_rng(0)
    shapes = {"first": (8, 1, 3, 3), "dw": (8, 1, 3, 3), "pw": (10, 8, 1, 1)}
    model = onnx.parser.parse_model(
        """
        <ir_version: 8, opset_import: ["" : 13]>
        network (float[1, 1, 16, 16] image) => (float[1, 10] scores) {
            a = Conv <pads = [1, 1, 1, 1]> (image, first)
            b = Relu (a)
            c = Conv <pads = [1, 1, 1, 1], group = 8> (b, dw)
            d = Relu (c)
            e = Conv (d, pw)
            f = GlobalAveragePool (e)
            scores = Flatten (f)
        }
        """
    )
    for name, shape in shapes.items():
        weights = random.normal(size=shape).astype(np.float32)
        model.graph.initializer.append(onnx.numpy_helper.from_array(weights, name))
    for number, node in enumerate(model.graph.node):
        node.name = f"node{number}"
    onnx.save(model, str(path))


def two_inputs(path: Path) -> None:
    """A sum of two maps, as QDQ."""
    model = onnx.parser.parse_model(
        """
        <ir_version: 8, opset_import: ["" : 13]>
        network (int8[1, 8, 4, 4] a, int8[1, 8, 4, 4] b) => (int8[1, 8, 4, 4] y)
        <float scale = {0.5}, int8 zero = {0}> {
            real_a = DequantizeLinear (a, scale, zero)
            real_b = DequantizeLinear (b, scale, zero)
            sum = Add (real_a, real_b)
            y = QuantizeLinear (sum, scale, zero)
        }
        """
    )
    onnx.save(model, str(path))


def arrays(path: Path) -> None:
    """Images and labels of digits, alone under the names that commands use."""
    with np.load(DIGITS / "digits_test.npz") as test:
        images, labels = test["images"][:8], test["labels"][:8]
    maps = np.zeros((1, 8, 4, 4), np.int8)
    np.savez(path, images=images, calibration=images, labels=labels, a=maps)


def expected_outputs(path: Path) -> None:
    """What the digits' network gives for the images of `arrays`."""
    with np.load(DIGITS / "digits_test.npz") as test:
        images = test["images"][:8]
    np.save(path, dsconv.compile(DIGITS / "digits.onnx", "host").run(images).output)


def tflite_network(path: Path) -> None:
    """A depthwise and a pointwise layer."""
    from tflite_models import TfliteModelWriter

    writer, random = TfliteModelWriter(), np.random.default_rng(0)
    x = writer.input((1, 8, 8, 4), 0.1)
    between, y = writer.activation((1, 8, 8, 4), 0.2), writer.activation((1, 8, 8, 8), 0.3)
    window = {"strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1}
    for kind, shape, axis, ends in (
        ("DEPTHWISE_CONV_2D", (1, 3, 3, 4), 3, (x, between)),
        ("CONV_2D", (8, 1, 1, 4), 0, (between, y)),
    ):
        is_depthwise, channels = axis == 3, shape[axis]
        values = random.integers(-127, 128, shape, np.int8)
        weights = writer.constant(values, [0.01] * channels, axis)
        bias = writer.constant(np.zeros(channels, np.int32), [0.001] * channels)
        options = "DepthwiseConv2DOptions" if is_depthwise else "Conv2DOptions"
        more = {"depthMultiplier": 1} if is_depthwise else {}
        writer.operator(kind, [ends[0], weights, bias], [ends[1]], options, **window, **more)
    path.write_bytes(writer.finish(y))


def graph_level(path: Path) -> None:
    """The digits' network as IR."""
    path.write_text(f"{import_onnx(DIGITS / 'digits.onnx').module!s}\n")


def tosa_network(path: Path) -> None:
    """A convolution in TOSA."""
    function = TosaFunction(np.random.default_rng(0))
    path.write_text(module(function.text(write_convolution(function))))


def gemmini_header(path: Path) -> None:
    """Parameters of a Gemmini, as its generator writes them."""
    path.write_text(
        "#define DIM 16\n#define ADDR_LEN 32\ntypedef int8_t elem_t;\ntypedef int32_t acc_t;\n"
    )


def of_folder(*parts: str) -> Callable[[Path], None]:
    """A file of the repository, under another name."""

    def copy(path: Path) -> None:
        shutil.copy(ROOT.joinpath(*parts), path)

    return copy


MAKERS: dict[str, Callable[[Path], None]] = {
    "model.onnx": digits,
    "net.onnx": digits,
    "float.onnx": float_network,
    "two_inputs.onnx": two_inputs,
    "x.npz": arrays,
    "b.npy": lambda path: np.save(path, np.zeros((1, 8, 4, 4), np.int8)),
    "y.npy": expected_outputs,
    "mv1-96.onnx": lambda path: onnx.save(zoo.build("mv1-96"), str(path)),
    "model.tflite": tflite_network,
    "layer.mlir": graph_level,
    "block.mlir": graph_level,
    "net.mlir": tosa_network,
    "generic.mlir": tosa_network,
    "gemmini_params.h": gemmini_header,
    "digits.npz": arrays,
    "my.toml": of_folder("dsconv", "targets", "pulp_open.toml"),
    "mine.toml": of_folder("dsconv", "targets", "pulp_open.toml"),
    "student.onnx": float_network,
    "train.npz": of_folder("examples", "digits", "digits_test.npz"),
    "int8.onnx": digits,
    "student_int8.onnx": digits,
}
"""How each file that commands read is made."""
