"""Networks that tests link into one program, with inputs and the outputs that they must give."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
from frontend_models import ModelWriter

import dsconv
from dsconv import zoo
from dsconv.api import Network
from dsconv.frontends.arithmetic.scales import Quantisation
from dsconv.targets import load_target

LIBRARY = Path(__file__).parent / "library"
"""Programs around them."""
DIGITS = Path(__file__).parents[1] / "examples" / "digits" / "digits.onnx"
TURNS = 3
"""How often each network is called."""

THIRD_LAYERS = 14
L2_FOR_THIRD = 16 * 1024
"""So little that some of its weights lie in L3."""
THIRD_L3_BASE = 4096
L1_BYTES = 32 * 1024


def second_model() -> onnx.ModelProto:
    """A convolution and an addition of int8, of other sizes than the digits."""
    writer, x = ModelWriter(), Quantisation(0.05, 3, "int8")
    rng = np.random.default_rng(5)
    real = writer.dequantize(writer.input("x", "int8", (1, 5, 9, 7)), x)
    weights = rng.integers(-128, 128, (6, 5, 3, 3)).astype(np.int8)
    filters = writer.dequantized_constant(weights, np.array(0.01, np.float32), np.array(0, np.int8))
    sums = writer.node("Conv", real, filters, pads=[1, 1, 1, 1])
    y = writer.quantize(sums, Quantisation(0.2, -5, "int8"))
    again = writer.dequantize(y, Quantisation(0.2, -5, "int8"))
    total = writer.node("Add", again, again)
    return writer.model(writer.quantize(total, Quantisation(0.4, 0, "int8")))


def inputs_and_outputs(network: Network) -> tuple[list[bytes], list[bytes]]:
    """Random inputs, one for each turn, and the outputs that the reference gives."""
    (x,) = network.imported.inputs
    limits = np.iinfo(x.dtype)
    rng = np.random.default_rng(1)
    stack = rng.integers(limits.min, limits.max + 1, (TURNS, *x.shape)).astype(x.dtype)
    report = network.run(stack)
    assert report.equal
    outputs = [np.ascontiguousarray(row).tobytes() for row in report.output]
    return [row.tobytes() for row in stack], outputs


def compiled_networks(
    target: str, folder: Path, count: int, *, third_in_l3: bool = True
) -> dict[str, Network]:
    """The first networks of three, by the names of their files."""
    folder.mkdir()
    shutil.copy(DIGITS, folder / "first.onnx")
    onnx.save(second_model(), str(folder / "second.onnx"))
    onnx.save(zoo.build("dscnn"), str(folder / "third.onnx"))
    l2 = load_target(target).l2
    little = l2.bytes - l2.usable(THIRD_LAYERS) + L2_FOR_THIRD
    sizes = {"third": little} if third_in_l3 else {}
    return {
        name: dsconv.compile(folder / f"{name}.onnx", target, l1=L1_BYTES, l2=sizes.get(name))
        for name in ("first", "second", "third")[:count]
    }


def write_cases(networks: Mapping[str, Network], folder: Path) -> None:
    """Writes what a program that calls the networks in turns includes."""
    shutil.copy(LIBRARY / "network_turns.h", folder)
    (folder / "cluster_cases.h").write_text(case_table(networks))


def case_table(networks: Mapping[str, Network]) -> str:
    """A table of the networks, with random inputs and the outputs that the reference gives."""
    rows, arrays, includes, sizes = "", "", "", "0"
    for name, network in networks.items():
        upper = name.upper()
        for kind, data in zip(("inputs", "outputs"), inputs_and_outputs(network), strict=True):
            numbers = ",".join(map(str, np.frombuffer(b"".join(data), np.uint8)))
            arrays += f"static const uint8_t {name}_{kind}[] = {{{numbers}}};\n"
        base = THIRD_L3_BASE if name == "third" else 0
        rows += f'  {{&{name}_network, {name}_inputs, {name}_outputs, "{name}.bin", {base}}},\n'
        includes += f'#include "{name}/network.h"\n'
        sizes = f"({sizes} > {upper}_L1_BYTES ? {sizes} : {upper}_L1_BYTES)"
    return (
        f"{includes}enum {{ NETWORKS = {len(networks)}, TURNS = {TURNS} }};\n"
        f"#define LARGEST_L1_BYTES {sizes}\n{arrays}"
        "typedef struct {\n  const dsc_network *network;\n  const uint8_t *inputs, *outputs;\n"
        "  const char *l3_image;\n  uint32_t l3_base;\n} network_case;\n"
        f"static const network_case cases[] = {{\n{rows}}};\n"
    )
