"""Decodes an ONNX file, external data included."""

from __future__ import annotations

from pathlib import Path

import onnx
from google.protobuf.message import DecodeError
from onnx.external_data_helper import load_external_data_for_model

from dsconv.errors import ModelError


def load_model(path: Path) -> onnx.ModelProto:
    """Reads a model. Raises `ModelError` where the file is missing or no ONNX."""
    if path.is_dir():
        raise ModelError(f"{path} is a folder; give the .onnx file in it")
    if not path.exists():
        raise ModelError(f"{path}: no such file")
    model = onnx.ModelProto()
    try:
        model.ParseFromString(path.read_bytes())
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    except DecodeError as error:
        raise ModelError(f"{path}: not an ONNX file, or a truncated one") from error
    if not model.graph.node or not model.opset_import:
        raise ModelError(f"{path}: not an ONNX file, or one without nodes or opset")
    try:
        load_external_data_for_model(model, str(path.parent))
    except (onnx.checker.ValidationError, OSError, ValueError) as error:
        raise ModelError(f"{path}: external data cannot be read: {error}") from error
    return model
