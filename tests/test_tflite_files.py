""".tflite files: whole ones against TFLite's interpreters, and what is refused by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tflite_models import TfliteModelWriter, schema

import dsconv
from dsconv.errors import DsconvError, ModelError
from dsconv.execution.execute import run_imported
from dsconv.frontends import import_onnx
from dsconv.frontends.tflite_file.reader import as_onnx
from dsconv.frontends.tflite_file.schema import parse
from dsconv.verification.oracles import Judge
from dsconv.verification.verify import verify

MLIR = Path(__file__).parents[2] / "shared" / "mlir"
FILES = sorted(MLIR.glob("*.tflite"))
needs_files = pytest.mark.skipif(not FILES, reason=f"no {MLIR}: the shared files are not here")
REFUSED_BY_LITERT = {"tflm_person_detect"}
"""For the quantised dimension of its biases."""


@needs_files
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_layer_is_that_of_an_interpreter(path: Path):
    for flavour, judge in (("TFLite", Judge.TFLM), ("LiteRT", Judge.LITERT)):
        if judge is Judge.LITERT and path.stem in REFUSED_BY_LITERT:
            continue
        compiled = dsconv.compile(path, "host", flavour=flavour)
        found = verify(compiled, path, on="host")
        assert found.judge is judge
        assert found.equal
        assert any(layer.agreement for layer in found.layers)


@needs_files
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_tensors_and_operators_are_those_of_the_schema(path: Path):
    data = path.read_bytes()
    expected = schema.ModelT.InitFromObj(schema.Model.GetRootAs(data, 0)).subgraphs[0]
    model = parse(data)
    assert len(model.tensors) == len(expected.tensors)
    for tensor, other in zip(model.tensors, expected.tensors, strict=True):
        assert tensor.shape == tuple(other.shape if other.shape is not None else ())
        scales = () if other.quantization is None else other.quantization.scale
        found = () if tensor.quantised is None else tensor.quantised.scales
        np.testing.assert_array_equal(found, () if scales is None else scales)
    for operator, other in zip(model.operators, expected.operators, strict=True):
        assert operator.inputs == tuple(other.inputs)
        assert operator.outputs == tuple(other.outputs)


def small_network(*, batch: int = 1) -> TfliteModelWriter:
    """Reals that are quantised, a pool, and reals again."""
    writer = TfliteModelWriter()
    shape, half = (batch, 4, 6, 3), (batch, 2, 3, 3)
    real = writer.activation(shape, None, dtype="float32")
    writer.inputs.append(real)
    x, pooled = writer.activation(shape, 0.25, 3), writer.activation(half, 0.25, 3)
    y = writer.activation(half, None, dtype="float32")
    writer.operator("QUANTIZE", [real], [x])
    writer.operator(
        "AVERAGE_POOL_2D",
        [x],
        [pooled],
        "Pool2DOptions",
        padding=1,
        strideH=2,
        strideW=2,
        filterHeight=2,
        filterWidth=2,
    )
    writer.operator("DEQUANTIZE", [pooled], [y])
    return writer


def test_reals_on_both_sides_are_the_callers(tmp_path: Path):
    path = tmp_path / "pool.tflite"
    path.write_bytes(small_network().finish(3))
    compiled = dsconv.compile(path, "host")
    (x,), (y,) = compiled.imported.inputs, compiled.imported.outputs
    assert (x.name, x.shape, x.caller_steps) == ("t0", (1, 4, 6, 3), ("QuantizeLinear",))
    assert (y.name, y.shape, y.caller_steps) == ("t3", (1, 2, 3, 3), ("DequantizeLinear",))
    assert verify(compiled, path, on="host").equal


def test_several_outputs_keep_their_names_and_order():
    writer = TfliteModelWriter()
    x = writer.input((1, 2, 2, 4), 0.1)
    first, second = (writer.activation((1, 2, 2, 4), scale) for scale in (0.2, 0.3))
    writer.operator("QUANTIZE", [x], [first])
    writer.operator("QUANTIZE", [first], [second])
    imported = import_onnx(as_onnx(writer.finish(second, first), "two"))
    assert [port.name for port in imported.outputs] == ["t2", "t1"]
    assert imported.flavour == "TFLite"


def test_a_shape_that_the_file_computes_is_that_of_the_result():
    writer = TfliteModelWriter()
    x = writer.input((1, 2, 3, 4), 0.1)
    quantised, y = writer.activation((1, 2, 3, 4), 0.2), writer.activation((1, 24), 0.2)
    sizes = writer.activation((4,), None, dtype="int32")
    batch = writer.activation((), None, dtype="int32")
    shape = writer.activation((2,), None, dtype="int32")
    lists = [writer.constant(np.array([value], np.int32)) for value in (0, 1, 1)]
    rest = writer.constant(np.array(24, np.int32))
    writer.operator("QUANTIZE", [x], [quantised])
    writer.operator("SHAPE", [quantised], [sizes])
    writer.operator("STRIDED_SLICE", [sizes, *lists], [batch], "StridedSliceOptions")
    writer.operator("PACK", [batch, rest], [shape], "PackOptions", valuesCount=2)
    writer.operator("RESHAPE", [quantised, shape], [y], "ReshapeOptions")
    imported = import_onnx(as_onnx(writer.finish(y), "reshape"))
    image = np.arange(24, dtype=np.int8).reshape(1, 2, 3, 4)
    (flat,) = run_imported(imported, [image]).outputs
    halves = np.rint(np.arange(24) / 2 + 1e-9).reshape(2, 3, 4)
    np.testing.assert_array_equal(np.ravel(flat), np.moveaxis(halves, 2, 0).reshape(-1))


def refused(writer: TfliteModelWriter, output: int, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        import_onnx(as_onnx(writer.finish(output), "refused"))


def test_what_is_not_read_is_refused_by_name():
    writer = TfliteModelWriter()
    x, y = writer.input((1, 2, 2, 4), 0.1), writer.activation((1, 2, 2, 4), 0.1)
    writer.operator("LOCAL_RESPONSE_NORMALIZATION", [x], [y])
    refused(writer, y, r"operator 0 \(LOCAL_RESPONSE_NORMALIZATION\): this operator is not supp")


@pytest.mark.parametrize("kind", ["CUSTOM", "LSTM", "SVDF", "UNIDIRECTIONAL_SEQUENCE_LSTM"])
def test_other_kinds_of_layers_are_refused_by_name(kind: str):
    writer = TfliteModelWriter()
    x, y = (writer.activation((1, 2, 2, 4), 0.1) for _ in range(2))
    writer.inputs.append(x)
    writer.operator(kind, [x], [y])
    refused(writer, y, rf"operator 0 \({kind}.*\): this operator is not supported")


def test_batches_that_are_no_dilation_are_refused():
    writer = TfliteModelWriter()
    x = writer.input((1, 4, 4, 2), 0.1)
    y = writer.activation((4, 2, 2, 2), 0.1)
    numbers = (np.array([2, 2], np.int32), np.zeros((2, 2), np.int32))
    writer.operator("SPACE_TO_BATCH_ND", [x, *map(writer.constant, numbers)], [y])
    refused(writer, y, r"operator 0 \(SPACE_TO_BATCH_ND\): it stands alone")


def test_activations_of_16_bits_are_refused():
    writer = TfliteModelWriter()
    x, y = (writer.activation((1, 2, 2, 4), 0.1, dtype="int16") for _ in range(2))
    writer.inputs.append(x)
    writer.operator("RELU", [x], [y])
    refused(writer, y, "'t0' is int16; activations of int8 or uint8 are supported")


def test_weights_quantised_for_activations_of_reals_are_refused():
    writer = TfliteModelWriter()
    x = writer.activation((1, 8), None, dtype="float32")
    writer.inputs.append(x)
    weights = writer.constant(np.ones((2, 8), np.int8), [0.1])
    y = writer.activation((1, 2), None, dtype="float32")
    writer.operator("FULLY_CONNECTED", [x, weights], [y], "FullyConnectedOptions")
    refused(writer, y, r"\(dynamic range quantisation\); convert the model with full integer")


def test_a_network_of_reals_is_refused():
    writer = TfliteModelWriter()
    x, y = (writer.activation((1, 2, 2, 4), None, dtype="float32") for _ in range(2))
    writer.inputs.append(x)
    writer.operator("RELU", [x], [y])
    refused(writer, y, "not quantised")


def test_a_batch_is_refused():
    refused(small_network(batch=2), 3, "batch of 2")


def test_a_file_that_ends_early_is_damaged(tmp_path: Path):
    path = tmp_path / "half.tflite"
    data = small_network().finish(3)
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(ModelError, match="damaged or truncated"):
        dsconv.compile(path, "host")


def test_interpreters_judge_tflite_files_alone():
    digits = Path(__file__).parents[1] / "examples" / "digits" / "digits.onnx"
    with pytest.raises(DsconvError, match=r"judges \.tflite files, and this is none"):
        verify(dsconv.compile(digits, "host"), digits, on="host", judge=Judge.TFLM)


def test_others_do_not_judge_tflite_files(tmp_path: Path):
    path = tmp_path / "pool.tflite"
    path.write_bytes(small_network().finish(3))
    compiled = dsconv.compile(path, "host")
    for judge in (Judge.EXACT, Judge.ONNX_RUNTIME):
        with pytest.raises(DsconvError, match="judges ONNX files; take --against tflm or litert"):
            verify(compiled, path, on="host", judge=judge)
