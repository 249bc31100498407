"""Upstream MLIR's tools, of version 22: parse and verify a module, compile and run it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

Bytes = npt.NDArray[np.uint8]

VERSION = 22
TO_LLVM = (
    "--one-shot-bufferize=bufferize-function-boundaries",
    "--expand-realloc",
    "--expand-strided-metadata",
    "--arith-expand",
    "--lower-affine",
    "--convert-scf-to-cf",
    "--finalize-memref-to-llvm",
    "--convert-arith-to-llvm",
    "--convert-cf-to-llvm",
    "--convert-func-to-llvm",
    "--reconcile-unrealized-casts",
)
"""Upstream's own passes to code."""


def tool(name: str) -> str | None:
    """The path of a tool, None where it is not there."""
    return shutil.which(f"{name}-{VERSION}")


needs_mlir = pytest.mark.skipif(
    tool("mlir-opt") is None, reason="no mlir-opt-22: make mlir installs it"
)


def mlir_opt(text: str, *options: str) -> str:
    """What mlir-opt prints of a module, which it parses and verifies."""
    return _run(text, "mlir-opt", *options)


def count_differences(text: str, network: str, inputs: Sequence[Bytes], expected: Bytes) -> int:
    """Runs a network of a module as machine code; counts bytes of its output that differ."""
    lowered = mlir_opt(_with_main(text, network, inputs, expected), *TO_LLVM)
    opt = tool("mlir-opt")
    assert opt is not None, "mlir_opt found it"
    library = next(Path(opt).resolve().parents[1].glob("lib/libmlir_c_runner_utils.so*"))
    options = ("-e", "main", "--entry-point-result=i32", "-O2", f"--shared-libs={library}")
    return int(_run(lowered, "mlir-runner", *options))


def _run(text: str, name: str, *options: str) -> str:
    path = tool(name)
    assert path is not None, f"{name} is not there"
    done = subprocess.run([path, *options], input=text, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[:2000]
    return done.stdout


def _with_main(text: str, network: str, inputs: Sequence[Bytes], expected: Bytes) -> str:
    """The module with a function that calls the network and compares."""
    arrays = [*inputs, expected]
    types = [f"memref<{array.size}xi8>" for array in arrays]
    constants = "".join(
        f'memref.global "private" constant @data{number} : {type_} = '
        f'dense<"0x{array.tobytes().hex()}">\n'
        for number, (array, type_) in enumerate(zip(arrays, types, strict=True))
    )
    given = "".join(
        f"%data{number} = memref.get_global @data{number} : {type_}\n"
        for number, type_ in enumerate(types)
    )
    operands = ", ".join([*(f"%data{number}" for number in range(len(inputs))), "%y"])
    last = len(inputs)
    main = f"""func.func @main() -> i32 {{
{given}%y = memref.alloc() : {types[-1]}
func.call @{network}({operands}) : ({", ".join(types)}) -> ()
%zero = arith.constant 0 : index
%size = arith.constant {expected.size} : index
%step = arith.constant 1 : index
%none = arith.constant 0 : i32
%count = scf.for %i = %zero to %size step %step iter_args(%before = %none) -> (i32) {{
  %found = memref.load %y[%i] : {types[-1]}
  %wanted = memref.load %data{last}[%i] : {types[-1]}
  %differs = arith.cmpi ne, %found, %wanted : i8
  %one = arith.extui %differs : i1 to i32
  %after = arith.addi %before, %one : i32
  scf.yield %after : i32
}}
func.return %count : i32
}}
"""
    body, closing, rest = text.rpartition("}")
    return f"{body}{constants}{main}{closing}{rest}"
