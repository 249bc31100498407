"""Files that users have: .tflite ones on every runner, TOSA of every printer and of a converter."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from handwritten import needs_gvsoc
from upstream_mlir import VERSION, mlir_opt, needs_mlir

import dsconv
from dsconv.errors import ModelError
from dsconv.execution.execute import run_imported
from dsconv.frontends import import_onnx
from dsconv.verification.verify import verify

Array = npt.NDArray[Any]

MLIR = Path(__file__).parents[2] / "shared" / "mlir"
TFLITE = sorted(MLIR.glob("*.tflite"))
LLVM = ".mlir-opt-22.1.8.generic.mlir"
BLOCKS = ("block_dw_pw_int8_kws", "block_residual_int8_resnet")
SMALL = "small_avgpool_matmul_clamp_maxpool_table.llvm22.generic.mlir"
OF_MATMUL = (
    ", tensor<1x3x7xi32>",
    ", tensor<1x3x5xi8>, tensor<1x5x7xi8>",
    ", %arg1: tensor<1x3x5xi8>, %arg2: tensor<1x5x7xi8>",
    ", %4",
)
"""Types and values of its product of two activations, which no layer is."""
CONVERTER = "tosa-converter-for-tflite"
REFUSED = {"leaky": r"\(tosa.maximum\): this operation is not supported"}
"""Files whose TOSA has operations without a layer."""

pytestmark = pytest.mark.skipif(not TFLITE, reason=f"no {MLIR}: the shared files are not here")

RUNNERS = [
    "host",
    pytest.param("qemu", marks=pytest.mark.slow),
    pytest.param("gvsoc", marks=[pytest.mark.slow, needs_gvsoc]),
]


@pytest.mark.parametrize("runner", RUNNERS)
@pytest.mark.parametrize("path", TFLITE, ids=lambda path: path.stem)
def test_files_of_tflite(path: Path, runner: str):
    """Every layer is bit-exact on the runner; on the host, TensorFlow Lite Micro agrees too."""
    network = dsconv.compile(path, "host" if runner == "host" else "pulp_open")
    if runner == "host":
        assert verify(network, path, on="host").equal
    else:
        assert network.run(on=runner).equal


@pytest.mark.parametrize("runner", RUNNERS[:2])
@pytest.mark.parametrize("block", BLOCKS)
def test_blocks_of_tosa(block: str, runner: str):
    network = dsconv.compile(MLIR / f"{block}{LLVM}", "host" if runner == "host" else "pulp_open")
    with np.load(MLIR / f"{block}.npz") as arrays:
        assert network.run(arrays["x0"], on=runner, expect=arrays["ref"]).equal


@pytest.mark.parametrize("runner", RUNNERS[:2])
def test_operations_of_tosa(runner: str, tmp_path: Path):
    """All of the sample but its product of two activations, which no layer is."""
    text = (MLIR / SMALL).read_text()
    lines = [line for line in text.splitlines() if "tosa.matmul" not in line]
    small = "\n".join(lines)
    for part in OF_MATMUL:
        small = small.replace(part, "")
    path = tmp_path / "small.mlir"
    path.write_text(small)
    network = dsconv.compile(path, "host" if runner == "host" else "pulp_open")
    with np.load(MLIR / f"{SMALL.partition('.')[0]}.npz") as arrays:
        expected = [arrays[name] for name in ("y0", "y2", "y3", "y4")]
        named = {
            port.name: array for port, array in zip(network.imported.outputs, expected, strict=True)
        }
        assert network.run(arrays["x0"], on=runner, expect=named).equal


@pytest.mark.parametrize(
    ("printed", "tool"),
    [("iree-opt-3.13.0", "iree-opt"), ("tosa-converter-2026.2.0", f"mlir-opt-{VERSION}")],
)
@pytest.mark.parametrize("block", BLOCKS)
def test_every_printer_means_the_same(block: str, printed: str, tool: str, tmp_path: Path):
    """IREE and LLVM print a pretty form each; their generic ones give one module."""
    if shutil.which(tool) is None:
        pytest.skip(f"no {tool}")
    path = tmp_path / "generic.mlir"
    run(tool, "--mlir-print-op-generic", str(MLIR / f"{block}.{printed}.pretty.mlir"), to=path)
    wanted = import_onnx(MLIR / f"{block}{LLVM}", "net")
    assert str(import_onnx(path, "net").module) == str(wanted.module)


@needs_mlir
@pytest.mark.skipif(shutil.which(CONVERTER) is None, reason=f"no {CONVERTER}: pip install it")
@pytest.mark.parametrize("path", TFLITE, ids=lambda path: path.stem)
def test_converted_networks_are_the_same_as_their_tflite_files(path: Path, tmp_path: Path):
    pretty, generic = tmp_path / "pretty.mlir", tmp_path / "generic.mlir"
    run(CONVERTER, str(path), "--text", "-o", str(pretty), to=tmp_path / "log")
    generic.write_text(mlir_opt(pretty.read_text(), "--mlir-print-op-generic"))
    if path.stem in REFUSED:
        with pytest.raises(ModelError, match=REFUSED[path.stem]):
            import_onnx(generic)
        return
    original, converted = import_onnx(path), import_onnx(generic)
    rng = np.random.default_rng(0)
    for _ in range(3):
        inputs = [
            rng.integers(np.iinfo(port.dtype).min, np.iinfo(port.dtype).max + 1, port.shape)
            for port in original.inputs
        ]
        given = [
            array.astype(port.dtype) for array, port in zip(inputs, original.inputs, strict=True)
        ]
        runs = [run_imported(network, given) for network in (original, converted)]
        for found, expected in zip(runs[1].outputs, runs[0].outputs, strict=True):
            np.testing.assert_array_equal(found.reshape(-1), expected.reshape(-1))


def run(*command: str, to: Path) -> None:
    """Runs a tool and keeps what it prints."""
    to.write_text(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
