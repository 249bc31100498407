"""TOSA in: values after its specification, whole networks, and what is refused by name."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from tosa_functions import WRITERS, TosaFunction, module

import dsconv
from dsconv.errors import DsconvError, ModelError
from dsconv.execution.execute import run_imported
from dsconv.frontends import import_onnx
from dsconv.verification.verify import verify

MLIR = Path(__file__).parents[2] / "shared" / "mlir"
needs_files = pytest.mark.skipif(
    not MLIR.is_dir(), reason=f"no {MLIR}: the shared files are not here"
)
FEW, MANY = 8, 500
GENERIC = "*.mlir-opt-22.1.8.generic.mlir"


def assert_equal(kind: str, seed: int, folder: Path) -> None:
    """Compares a random function with TOSA's meaning."""
    function = TosaFunction(np.random.default_rng(seed))
    result = WRITERS[kind](function)
    path = folder / f"net{seed}.mlir"
    path.write_text(module(function.text(result)))
    imported = import_onnx(path)
    (found,) = run_imported(imported, function.inputs).outputs
    expected = function.values[result]
    as_stored = np.moveaxis(expected, -1, 1) if expected.ndim > 2 else expected
    np.testing.assert_array_equal(
        found.reshape(as_stored.shape), as_stored, f"{kind} {seed}: {path.read_text()[:2000]}"
    )


@pytest.mark.parametrize("kind", WRITERS)
def test_random_functions_are_what_tosa_says(kind: str, tmp_path: Path):
    for seed in range(FEW):
        assert_equal(kind, seed, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("kind", WRITERS)
def test_many_random_functions(kind: str, tmp_path: Path):
    for seed in range(MANY):
        assert_equal(kind, seed, tmp_path)


@needs_files
@pytest.mark.parametrize("block", ["block_dw_pw_int8_kws", "block_residual_int8_resnet"])
def test_blocks_are_what_litert_computes(block: str):
    compiled = dsconv.compile(MLIR / f"{block}{GENERIC[1:]}", "host")
    with np.load(MLIR / f"{block}.npz") as arrays:
        assert compiled.run(arrays["x0"], expect=arrays["ref"]).equal


@needs_files
def test_a_network_is_the_same_as_its_tflite_file():
    compiled = dsconv.compile(MLIR / f"kws_ref_model{GENERIC[1:]}", "host")
    original = dsconv.compile(MLIR / "kws_ref_model.tflite", "host")
    (output,) = compiled.imported.outputs
    assert output.caller_steps == ("Softmax",)
    rng = np.random.default_rng(0)
    for _ in range(5):
        x = rng.integers(-128, 128, (1, 49, 10, 1)).astype(np.int8)
        runs = [run_imported(network.imported, [x]) for network in (compiled, original)]
        np.testing.assert_array_equal(runs[0].outputs[0], runs[1].outputs[0])


@needs_files
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("block_dw_pw_int8_kws.iree-opt-3.13.0.pretty", "mlir:3: .*mlir-opt --mlir-print-op-gener"),
        ("block_dw_pw_int8_kws.tosa-converter-2026.2.0.pretty", "mlir:14: .*mlir-print-op-generic"),
        ("old-attribute-form-llvm16-19", r"\(tosa.rescale\): the form of TOSA before 1.0; convert"),
        (
            "small_avgpool_matmul_clamp_maxpool_table.llvm22.generic",
            r"operation 4 \(tosa.matmul\): operand 1 is not constant",
        ),
    ],
)
def test_refused_files(name: str, message: str):
    with pytest.raises(ModelError, match=message):
        import_onnx(MLIR / f"{name}.mlir")


def refused(folder: Path, content: str | bytes, message: str) -> None:
    path = folder / "net.mlir"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ModelError, match=message):
        import_onnx(path)


def test_bytecode_is_refused(tmp_path: Path):
    refused(tmp_path, b"ML\xefR\x0dMLIR22\x00", "MLIR bytecode; print it in the generic form")


def test_a_string_without_an_end_is_refused(tmp_path: Path):
    text = '"builtin.module" // "\n"' + 200 * "a"
    refused(tmp_path, text, r"net\.mlir:2: a string without an end")


def test_a_module_without_tosa_is_refused(tmp_path: Path):
    refused(tmp_path, '"builtin.module"() ({\n}) : () -> ()', "one function of TOSA is needed")


def test_what_is_no_operation_of_tosa_is_refused(tmp_path: Path):
    function = TosaFunction(np.random.default_rng(0))
    x = function.clamp(function.input(1, 2, 2, 3), -9, 9)
    text = function.text(x).replace("tosa.clamp", "tosa.clamp_twice") + function.text(x, name="g")
    refused(tmp_path, module(text.replace('"main"', '"f"')), "@f, @g")
    function.lines.append('%x = "tosa.erf"(%0) : (tensor<1x2x2x3xi8>) -> tensor<1x2x2x3xi8>')
    function.values["%x"] = function.values[x]
    refused(tmp_path, module(function.text("%x")), r"operation 1 \(tosa.erf\): this operation is n")


@pytest.mark.parametrize(
    ("number", "message"),
    [
        ("dense<1> : tensor<1xi99>", "Format not implemented for i99"),
        ("dense<300> : tensor<1xi8>", "300 is out of range for type i8"),
        ("300 : i8", "300 is out of range for type i8"),
        ("array<i0: 0>", "by zero"),
        ("dense<1> : tensor<99999999999999999999xi8>", "cannot fit 'int'"),
    ],
)
def test_what_xdsl_cannot_hold_is_refused(number: str, message: str, tmp_path: Path):
    constant = f'\n"tosa.const"() <{{values = {number}}}> : () -> tensor<1xi8>'
    refused(tmp_path, constant, rf"net\.mlir:2: .*{message}")


def test_a_function_without_a_name_is_refused(tmp_path: Path):
    function = TosaFunction(np.random.default_rng(0))
    text = module(function.text(function.clamp(function.input(1, 2, 2, 3), -9, 9)))
    refused(tmp_path, text.replace("sym_name", "name"), "sym_name")


def test_multipliers_of_16_bits_are_refused(tmp_path: Path):
    function = TosaFunction(np.random.default_rng(0))
    y = function.rescale(function.input(1, 2, 2, 3), [0.5])
    text = function.text(y)
    refused(tmp_path, module(text.replace("scale32 = true", "scale32 = false")), "of 16 bits")
    inexact = text.replace("DOUBLE_ROUND", "INEXACT_ROUND")
    refused(tmp_path, module(inexact), "rounding mode INEXACT_ROUND")


def test_shifts_out_of_range_are_refused(tmp_path: Path):
    function = TosaFunction(np.random.default_rng(0))
    y = function.rescale(function.input(1, 2, 2, 3), [0.5])
    text = function.text(y)
    shift = re.search(r"dense<\[(\d+)\]> : tensor<1xi8>", text)
    assert shift is not None
    refused(
        tmp_path, module(text.replace(shift[0], "dense<[63]> : tensor<1xi8>")), r"shifts \[63\]"
    )


@pytest.mark.parametrize("left", ["tfl.softmax", "tosa.custom"])
def test_what_the_converter_leaves_is_refused_by_name(left: str, tmp_path: Path):
    function = TosaFunction(np.random.default_rng(0))
    y = function.clamp(function.clamp(function.input(1, 2, 2, 3), -9, 9), -5, 5)
    function.lines[-1] = function.lines[-1].replace("tosa.clamp", left)
    place = rf"net\.mlir:5:5: operation 1 \({left}\): this operation is not supported"
    refused(tmp_path, module(function.text(y)), place)


def test_windows_that_do_not_divide_their_input_are_refused(tmp_path: Path):
    function = TosaFunction(np.random.default_rng(0))
    y = function.pool("tosa.max_pool2d", function.input(1, 4, 4, 3), (2, 2), (0, 0))
    text = function.text(y).replace("stride = array<i64: 2, 2>", "stride = array<i64: 3, 3>")
    refused(tmp_path, module(text), "@main: ")


def test_a_dynamic_batch_is_one(tmp_path: Path):
    function = TosaFunction(np.random.default_rng(0))
    y = function.pool("tosa.max_pool2d", function.input(1, 4, 4, 3), (2, 2), (0, 0))
    path = tmp_path / "net.mlir"
    path.write_text(module(function.text(y)).replace("tensor<1x", "tensor<?x"))
    (found,) = run_imported(import_onnx(path), function.inputs).outputs
    np.testing.assert_array_equal(found, np.moveaxis(function.values[y], -1, 1))


@needs_files
def test_nothing_judges_mlir():
    path = MLIR / f"block_dw_pw_int8_kws{GENERIC[1:]}"
    with pytest.raises(DsconvError, match="nothing that dsconv knows judges MLIR"):
        verify(dsconv.compile(path, "host"), path, on="host")
