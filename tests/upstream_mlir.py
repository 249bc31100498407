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
Tensor = npt.NDArray[np.integer]

VERSION = 22
TO_LLVM = (
    "--convert-elementwise-to-linalg",
    "--one-shot-bufferize=bufferize-function-boundaries",
    "--convert-linalg-to-loops",
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
    """Runs a network on buffers as machine code; counts bytes of its output that differ."""
    arrays = [*inputs, expected]
    types = [f"memref<{array.size}xi8>" for array in arrays]
    constants = "".join(
        f'memref.global "private" constant @data{number} : {type_} = {_dense(array)}\n'
        for number, (array, type_) in enumerate(zip(arrays, types, strict=True))
    )
    given = "".join(
        f"%data{number} = memref.get_global @data{number} : {type_}\n"
        for number, type_ in enumerate(types)
    )
    operands = ", ".join([*(f"%data{number}" for number in range(len(inputs))), "%y"])
    last, type_ = len(inputs), types[-1]
    call = (
        f"{given}%y = memref.alloc() : {type_}\n"
        f"func.call @{network}({operands}) : ({', '.join(types)}) -> ()\n"
    )
    elements = f"memref.load %y[%i] : {type_}", f"memref.load %data{last}[%i] : {type_}"
    return _counted(text, constants, call, elements, expected.size)


def count_tensor_differences(text: str, function: str, x: Tensor, expected: Tensor) -> int:
    """Runs a function on tensors as machine code; counts values of its result that differ."""
    given, made, flat = (
        f"tensor<{'x'.join(map(str, shape))}xi8>"
        for shape in (x.shape, expected.shape, (expected.size,))
    )
    call = (
        f"%x = arith.constant {_dense(x)} : {given}\n"
        f"%wanted = arith.constant {_dense(expected)} : {flat}\n"
        f"%result = func.call @{function}(%x) : ({given}) -> {made}\n"
        f"%y = tensor.collapse_shape %result "
        f"[{list(range(expected.ndim))}] : {made} into {flat}\n"
    )
    elements = f"tensor.extract %y[%i] : {flat}", f"tensor.extract %wanted[%i] : {flat}"
    return _counted(text, "", call, elements, expected.size)


def _dense(array: Tensor) -> str:
    return f'dense<"0x{array.tobytes().hex()}">'


def _counted(text: str, constants: str, call: str, elements: tuple[str, str], count: int) -> int:
    """Runs a call and compares its elements."""
    main = f"""func.func @main() -> i32 {{
{call}%zero = arith.constant 0 : index
%size = arith.constant {count} : index
%step = arith.constant 1 : index
%none = arith.constant 0 : i32
%count = scf.for %i = %zero to %size step %step iter_args(%before = %none) -> (i32) {{
  %a = {elements[0]}
  %b = {elements[1]}
  %differs = arith.cmpi ne, %a, %b : i8
  %one = arith.extui %differs : i1 to i32
  %after = arith.addi %before, %one : i32
  scf.yield %after : i32
}}
func.return %count : i32
}}
"""
    body, closing, rest = text.rpartition("}")
    lowered = mlir_opt(f"{body}{constants}{main}{closing}{rest}", *TO_LLVM)
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
