"""The example of a larger compiler: its pass and ours, two networks, functions of others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from embedded_module import OTHER, embedded_module
from upstream_mlir import TO_LLVM, count_tensor_differences, mlir_opt, needs_mlir

EXAMPLE = Path(__file__).parents[1] / "examples" / "embedding"
SEED = 0


def embedded(path: Path) -> str:
    """What the example prints of a module."""
    command = [sys.executable, EXAMPLE / "embed.py", path]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def printed() -> str:
    return embedded(EXAMPLE / "module.mlir")


def test_the_module_is_one_of_those_that_are_tested():
    assert (EXAMPLE / "module.mlir").read_text() == embedded_module(SEED).text


def test_nothing_but_upstream_dialects_is_left(printed: str):
    assert not [prefix for prefix in ("dsconv", "tosa.", "mine.") if prefix in printed]
    assert "func.func @features(%0: memref<256xi8>, %1: memref<384xi8>)" in printed
    assert "func.func @app(%image: tensor<1x8x8x4xi8>) -> tensor<1x5xi8>" in printed


@needs_mlir
def test_what_is_foreign_comes_back_untouched(printed: str):
    written = mlir_opt(printed, "--mlir-print-op-generic")
    alone = mlir_opt(f'"builtin.module"() ({{\n{OTHER}\n}}) : () -> ()', "--mlir-print-op-generic")
    function = alone.partition('"func.func"')[2].rpartition("})")[0].rstrip()
    assert function in written


@needs_mlir
@pytest.mark.parametrize("seed", [SEED, 1, 2])
def test_upstream_compiles_it_and_it_computes_what_tosa_says(seed: int, tmp_path: Path):
    module = embedded_module(seed)
    path = tmp_path / "module.mlir"
    path.write_text(module.text)
    text = embedded(path)
    assert mlir_opt(text, *TO_LLVM)
    assert count_tensor_differences(text, "app", module.image, module.classes) == 0
    assert count_tensor_differences(text, "app", module.image, module.classes + 1) == 5
