"""Decodes an ONNX file, external data included, or a .tflite file."""

from __future__ import annotations

from pathlib import Path

import onnx
from google.protobuf.message import DecodeError
from onnx.external_data_helper import load_external_data_for_model

from dsconv.errors import ModelError
from dsconv.frontends.tflite_file.reader import as_onnx
from dsconv.frontends.tflite_file.schema import is_tflite


def load_model(path: Path) -> onnx.ModelProto:
    """Reads a model: ONNX, or what a .tflite file is in ONNX, as its content says.

    Raises `ModelError` where the file is missing or neither.
    """
    return decoded(read_file(path), path)


def read_file(path: Path) -> bytes:
    """The bytes of an ONNX or a .tflite file. Raises `ModelError` where there is none."""
    if path.is_dir():
        raise ModelError(f"{path} is a folder; give the .onnx, .tflite or .mlir file in it")
    if not path.exists():
        raise ModelError(f"{path}: no such file")
    if path.suffix == ".mlir":
        raise ModelError(f"{path}: a network in MLIR can be compiled and run, and no more")
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error


def decoded(data: bytes, path: Path) -> onnx.ModelProto:
    """The model that a file holds; external data lies beside `path`.

    Raises `ModelError` where it is neither ONNX nor a .tflite file.
    """
    if is_tflite(data):
        return as_onnx(data, path.stem)
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError as error:
        raise ModelError(
            f"{path}: neither an ONNX nor a .tflite file, or a truncated one"
        ) from error
    if not model.graph.node or not model.opset_import:
        raise ModelError(
            f"{path}: neither an ONNX nor a .tflite file, or one without nodes or opset"
        )
    try:
        load_external_data_for_model(model, str(path.parent))
    except (onnx.checker.ValidationError, OSError, ValueError) as error:
        raise ModelError(f"{path}: external data cannot be read: {error}") from error
    return model
