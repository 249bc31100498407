"""Networks that keep variables from call to call, beside TFLite's interpreters that keep them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tflite_models import TfliteModelWriter

import dsconv
from dsconv.errors import DsconvError, ModelError
from dsconv.frontends import import_onnx
from dsconv.verification.oracles import Judge
from dsconv.verification.verify import verify

ROWS, CHANNELS, CALLS = 4, 3, 6
SCALE, ZERO_POINT = 0.05, -7


class Stream:
    """A depthwise filter over the last rows of a map, of which each call gives one."""

    def __init__(self, first: int | np.ndarray | None = ZERO_POINT):
        self.writer = writer = TfliteModelWriter()
        if first is not None:
            begin = writer.begin()
            values = np.broadcast_to(np.int8(first), (1, ROWS - 1, 1, CHANNELS))
            constant = begin.constant(np.ascontiguousarray(values), [SCALE], 0, [ZERO_POINT])
            begin.operator("ASSIGN_VARIABLE", [begin.variable("rows"), constant], [])
        self.x = writer.input((1, 1, CHANNELS), SCALE, ZERO_POINT)
        self.row = self.activation(1)
        shape = writer.constant(np.array([1, 1, 1, CHANNELS], np.int32))
        writer.operator("RESHAPE", [self.x, shape], [self.row], "ReshapeOptions")
        self.handle = writer.variable("rows")
        self.kept, self.map, self.last = (self.activation(n) for n in (ROWS - 1, ROWS, ROWS - 1))

    def activation(self, rows: int) -> int:
        return self.writer.activation((1, rows, 1, CHANNELS), SCALE, ZERO_POINT)

    def read(self) -> None:
        self.writer.operator("READ_VARIABLE", [self.handle], [self.kept])

    def assign(self) -> None:
        numbers = [[0, 1, 0, 0], [1, ROWS, 1, CHANNELS], [1, 1, 1, 1]]
        places = [self.writer.constant(np.array(values, np.int32)) for values in numbers]
        operands = [self.map, *places]
        self.writer.operator("STRIDED_SLICE", operands, [self.last], "StridedSliceOptions")
        self.writer.operator("ASSIGN_VARIABLE", [self.handle, self.last], [])

    def join(self) -> None:
        operands = [self.kept, self.row]
        self.writer.operator("CONCATENATION", operands, [self.map], "ConcatenationOptions", axis=1)

    def filtered(self) -> bytes:
        """The file, with a filter over all rows."""
        writer, random = self.writer, np.random.default_rng(3)
        weights = random.integers(-127, 128, (1, ROWS, 1, CHANNELS)).astype(np.int8)
        scales = [0.01] * CHANNELS
        bias = random.integers(-99, 99, CHANNELS).astype(np.int32)
        y = writer.activation((1, 1, 1, CHANNELS), 0.08, 5)
        operands = [self.map, writer.constant(weights, scales, 3)]
        operands.append(writer.constant(bias, [float(np.float32(SCALE) * np.float32(0.01))] * 3))
        window = {"padding": 1, "strideH": 1, "strideW": 1, "depthMultiplier": 1}
        window |= {"dilationHFactor": 1, "dilationWFactor": 1}
        writer.operator("DEPTHWISE_CONV_2D", operands, [y], "DepthwiseConv2DOptions", **window)
        return writer.finish(y)


def stream(first: int | np.ndarray | None = ZERO_POINT) -> bytes:
    network = Stream(first)
    network.read()
    network.join()
    network.assign()
    return network.filtered()


def calls_of_litert(data: bytes, rows: np.ndarray) -> list[np.ndarray]:
    interpreters = pytest.importorskip("ai_edge_litert.interpreter")
    interpreter = interpreters.Interpreter(model_content=data)
    interpreter.allocate_tensors()
    results: list[np.ndarray] = []
    for row in rows:
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], row)
        interpreter.invoke()
        results.append(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]))
    return results


@pytest.mark.parametrize("first", [ZERO_POINT, np.arange(9, dtype=np.int8).reshape(1, 3, 1, 3)])
def test_calls_that_hand_states_on_are_those_of_litert(
    first: int | np.ndarray, tmp_path: Path
) -> None:
    data = stream(first)
    path = tmp_path / "stream.tflite"
    path.write_bytes(data)
    network = dsconv.compile(path, "host")
    (x, kept), (y, left) = network.imported.inputs, network.imported.outputs
    rows = np.random.default_rng(5).integers(-128, 128, (CALLS, 1, 1, CHANNELS)).astype(np.int8)
    state = np.broadcast_to(np.int8(first), kept.shape)
    for row, expected in zip(rows, calls_of_litert(data, rows), strict=True):
        report = network.run({x.name: row, kept.name: state})
        assert report.equal
        np.testing.assert_array_equal(report.outputs[y.name].reshape(expected.shape), expected)
        state = report.outputs[left.name].reshape(kept.shape)


@pytest.mark.parametrize("judge", [Judge.TFLM, Judge.LITERT])
def test_the_first_call_is_verified(judge: Judge, tmp_path: Path) -> None:
    path = tmp_path / "stream.tflite"
    path.write_bytes(stream())
    network = dsconv.compile(path, "host")
    assert verify(network, path, on="host", judge=judge).equal
    x, kept = network.imported.inputs
    row, later = np.zeros(x.shape, np.int8), np.ones(kept.shape, np.int8)
    with pytest.raises(DsconvError, match=f"the judge keeps '{kept.name}' itself"):
        verify(network, path, {x.name: row, kept.name: later}, on="host", judge=judge)


@pytest.mark.parametrize(
    ("first", "words"),
    [
        (ZERO_POINT, f"begin with all {ZERO_POINT}"),
        (np.arange(3, dtype=np.int8), "begin with the constant 't0'"),
        (None, "begin with what the file does not say"),
    ],
)
def test_notes_say_what_the_caller_does(
    first: int | np.ndarray | None, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "stream.tflite"
    path.write_bytes(stream(first))
    imported = import_onnx(path)
    kept, left = imported.inputs[1].name, imported.outputs[1].name
    note = f"'{kept}' is kept from call to call: {words}, then hand in '{left}' of the call before"
    assert note in imported.notes


def test_what_is_read_behind_an_assignment_is_no_input(tmp_path: Path) -> None:
    network = Stream()
    network.writer.operator("ASSIGN_VARIABLE", [network.handle, network.row], [])
    network.kept = network.activation(1)
    network.writer.operator("READ_VARIABLE", [network.handle], [network.kept])
    operands = [network.row, network.kept, network.row, network.kept]
    options = "ConcatenationOptions"
    network.writer.operator("CONCATENATION", operands, [network.map], options, axis=1)
    path = tmp_path / "stream.tflite"
    path.write_bytes(network.filtered())
    compiled = dsconv.compile(path, "host")
    assert len(compiled.imported.inputs) == len(compiled.imported.outputs) == 1
    assert verify(compiled, path, on="host").equal


def refused(data: bytes, tmp_path: Path) -> str:
    path = tmp_path / "stream.tflite"
    path.write_bytes(data)
    with pytest.raises(ModelError) as caught:
        import_onnx(path)
    return str(caught.value)


def test_a_variable_that_is_never_assigned_is_refused(tmp_path: Path) -> None:
    network = Stream()
    network.read()
    network.join()
    assert "is read and never assigned" in refused(network.filtered(), tmp_path)


def test_a_variable_of_two_scales_is_refused(tmp_path: Path) -> None:
    network = Stream()
    network.last = network.writer.activation((1, ROWS - 1, 1, CHANNELS), 2 * SCALE, ZERO_POINT)
    network.read()
    network.join()
    network.assign()
    message = refused(network.filtered(), tmp_path)
    assert "(ASSIGN_VARIABLE)" in message
    assert "have other shapes or scales; a variable has one of each" in message


def test_operators_without_their_variable_are_refused(tmp_path: Path) -> None:
    network = Stream()
    network.handle = network.x
    network.read()
    network.join()
    assert "(READ_VARIABLE): it has no variable" in refused(network.filtered(), tmp_path)


def test_a_subgraph_that_computes_is_refused(tmp_path: Path) -> None:
    network = Stream()
    begin = network.writer.first
    assert begin is not None
    begin.operator("RELU", [1], [1])
    network.read()
    network.join()
    message = refused(network.filtered(), tmp_path)
    assert "(CALL_ONCE): its subgraph has a RELU" in message


def test_a_variable_that_begins_otherwise_is_refused(tmp_path: Path) -> None:
    network = Stream()
    begin = network.writer.first
    assert begin is not None
    begin.tensors[0].shape = [1, 1, ROWS - 1, CHANNELS]
    network.read()
    network.join()
    network.assign()
    assert "begins with a int8 [1, 1, 3, 3]" in refused(network.filtered(), tmp_path)
