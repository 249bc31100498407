"""Short, unique, readable layer labels from the long names of ONNX nodes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

MAXIMUM_LENGTH = 40

# Path components that name an operation or a parameter rather than a layer.
OPERATION_WORDS = {
    "Add",
    "AvgPool",
    "AveragePool",
    "BatchNorm_Fold",
    "BiasAdd",
    "Conv",
    "Conv2D",
    "DepthwiseConv2dNative",
    "FusedBatchNormV3",
    "Gemm",
    "GlobalAveragePool",
    "MatMul",
    "MatMulAddFusion",
    "MaxPool",
    "ReadVariableOp",
    "Relu",
    "Relu6",
    "bias",
    "biases",
    "depthwise",
    "resource",
}
QUANTISER_SUFFIXES = re.compile(r"(_(prequant|quant|quantized|QuantizeLinear|Output|output_\d+))+$")
C_KEYWORDS = """
auto break case char const continue default do double else enum extern float for goto if inline int
long main register restrict return short signed sizeof static struct switch typedef union unsigned
void volatile while
"""


def c_identifier(text: str) -> str:
    """`text` with everything that C does not take in a name replaced; `network` if none is left."""
    name = _words(text)
    if not name:
        return "network"
    if name[0].isdigit() or name in C_KEYWORDS.split():
        return f"n_{name}"
    return name


def _words(text: str) -> str:
    return re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_")


def layer_labels(names: Sequence[str]) -> list[str]:
    """One label a name: its shortest tail that no other name shares, numbered where none is.

    `model/conv2d_1/Conv2D` becomes `conv2d_1`, `/layer1/layer1.0/conv1/Conv` becomes
    `layer1_0_conv1` where there is another `conv1`.
    """
    paths = [_meaningful_components(name) for name in names]
    tails = Counter(tuple(path[-length:]) for path in paths for length in range(1, len(path) + 1))
    taken: set[str] = set()
    return [_free_label(_shortest_unique_tail(path, tails), taken) for path in paths]


def _meaningful_components(name: str) -> list[str]:
    """The layers along a path, outermost first, without operations and repeated prefixes."""
    path = QUANTISER_SUFFIXES.sub("", name.split(";")[-1])
    components = [part for part in path.split("/") if part] or ["layer"]
    layers = [part for part in components if not _is_operation(part)] or components[-1:]
    return [
        part
        for part, successor in zip(layers, [*layers[1:], ""], strict=True)
        if part != successor and not successor.startswith(f"{part}.")
    ]


def _is_operation(component: str) -> bool:
    return component in OPERATION_WORDS or component.rstrip("0123456789") in OPERATION_WORDS


def _shortest_unique_tail(path: list[str], tails: Counter[tuple[str, ...]]) -> str:
    length = next(
        (length for length in range(1, len(path)) if tails[tuple(path[-length:])] == 1), len(path)
    )
    label = _words("_".join(path[-length:])).lower()[-MAXIMUM_LENGTH:].strip("_")
    return label if label[:1].isalpha() else f"layer_{label}".strip("_")


def _free_label(wanted: str, taken: set[str]) -> str:
    label, number = wanted, 1
    while label in taken:
        number += 1
        label = f"{wanted}_{number}"
    taken.add(label)
    return label
