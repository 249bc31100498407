"""TFLite's own interpreters as judges of a .tflite file: all tensors of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from dsconv.errors import DsconvError
from dsconv.frontends.tflite_file.schema import TfliteModel
from dsconv.verification.onnx_runtime import Array

ARENA_BYTES = 2**24
"""Beside ten times the file's size, which is ample for networks of microcontrollers."""

Tensors = Callable[[int], Array]
"""A tensor of the last run, by its index in the file."""


def run_tflm(data: bytes, inputs: Sequence[Array]) -> Tensors:
    """Runs a file in TensorFlow Lite Micro. Raises DsconvError where it cannot."""
    try:
        from tflite_micro.python.tflite_micro import runtime
    except ImportError as error:
        raise DsconvError(
            "this needs TensorFlow Lite Micro: pip install 'dsconv-compiler[tflite]', or "
            "--against litert"
        ) from error
    try:
        interpreter = runtime.Interpreter.from_bytes(
            data,
            arena_size=ARENA_BYTES + 10 * len(data),
            intrepreter_config=runtime.InterpreterConfig.kPreserveAllTensors,
        )
        for index, values in enumerate(inputs):
            interpreter.set_input(values, index)
        interpreter.invoke()
    except (RuntimeError, ValueError) as error:
        raise DsconvError(f"TensorFlow Lite Micro cannot run the file: {error}") from error
    return lambda index: np.asarray(interpreter.GetTensor(index, 0)["tensor_data"])


def run_litert(data: bytes, inputs: Sequence[Array]) -> Tensors:
    """Runs a file by LiteRT's reference kernels. Raises DsconvError where they cannot."""
    try:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType
    except ImportError as error:
        raise DsconvError("this needs LiteRT: pip install 'dsconv-compiler[tflite]'") from error
    try:
        interpreter = Interpreter(
            model_content=data,
            experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
            experimental_preserve_all_tensors=True,
        )
        interpreter.allocate_tensors()
        for details, values in zip(interpreter.get_input_details(), inputs, strict=True):
            interpreter.set_tensor(details["index"], values)
        interpreter.invoke()
    except (RuntimeError, ValueError) as error:
        raise DsconvError(f"LiteRT cannot run the file: {error}") from error
    return interpreter.get_tensor


def run_file(
    run: Callable[[bytes, Sequence[Array]], Tensors],
    data: bytes,
    model: TfliteModel,
    feed: Mapping[str, Array],
    names: Sequence[str],
) -> dict[str, Array]:
    """Tensors of a file by their names, as `parse` gives them, from inputs by theirs."""
    by_name = {tensor.name: tensor for tensor in model.tensors}
    inputs = [
        feed[tensor.name].reshape(tensor.shape)
        for tensor in (model.tensors[index] for index in model.inputs)
    ]
    tensor_of = run(data, inputs)
    return {
        name: tensor_of(by_name[name].index).reshape(by_name[name].shape)
        for name in names
        if name in by_name
    }
