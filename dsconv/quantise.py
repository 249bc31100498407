"""Quantises float networks with ONNX Runtime's static quantiser, in the form that imports best."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from dsconv.errors import DsconvError
from dsconv.files import written_at_once
from dsconv.frontends.onnx_file.model_file import load_model
from dsconv.frontends.onnx_file.onnx_graph import GraphInput, OnnxGraph
from dsconv.verification.onnx_runtime import NOT_INSTALLED, refusal

Array = npt.NDArray[Any]


def quantise(
    model: Path, calibration: Mapping[str, Array], output: Path, *, per_channel: bool = True
) -> None:
    """Writes a float network as QDQ: int8 weights and activations, as ONNX Runtime chooses scales.

    `calibration` has representative values for each input of the network, (n, ...) in its shape, or
    (n * batch, ...). Raises DsconvError where the network is quantised already, where the values do
    not fit it, and with ONNX Runtime's reason where that cannot quantise it.
    """
    graph = OnnxGraph(load_model(model))
    if any(node.op_type in ("DequantizeLinear", "QLinearConv") for node in graph.nodes):
        raise DsconvError(f"{model} is quantised already: compile it as it is")
    samples = [_samples(source, calibration) for source in graph.inputs]
    if len({len(rows) for rows in samples}) != 1:
        raise DsconvError("the inputs have different numbers of values to calibrate with")
    feeds = [
        {source.name: row for source, row in zip(graph.inputs, rows, strict=True)}
        for rows in zip(*samples, strict=True)
    ]
    with tempfile.TemporaryDirectory(prefix="dsconv-") as folder:
        quantised = Path(folder) / "quantised.onnx"
        _quantise(model, iter(feeds), quantised, per_channel)
        with written_at_once(output) as draft:
            draft.write_bytes(quantised.read_bytes())


def _samples(source: GraphInput, calibration: Mapping[str, Array]) -> Array:
    """Values of one input, (n, *shape). A network with one input takes any single array."""
    arrays = list(calibration.values())
    values = calibration.get(source.name, arrays[0] if len(arrays) == 1 else None)
    if values is None:
        known = ", ".join(calibration)
        raise DsconvError(f"no values to calibrate input '{source.name}' with; there are {known}")
    if values.size == 0 or values.size % int(np.prod(source.shape)):
        raise DsconvError(
            f"values to calibrate with have shape {list(values.shape)}; "
            f"input '{source.name}' takes {list(source.shape)}, or several of them"
        )
    if not np.all(np.isfinite(values)):
        raise DsconvError(f"values to calibrate input '{source.name}' with are not all finite")
    return values.reshape(-1, *source.shape).astype(source.dtype)


def _quantise(
    model: Path, feeds: Iterator[dict[str, Array]], output: Path, per_channel: bool
) -> None:
    try:
        from onnxruntime import quantization
        from onnxruntime.quantization.shape_inference import quant_pre_process
    except ImportError as error:
        raise DsconvError(NOT_INSTALLED) from error

    class Calibration(quantization.CalibrationDataReader):
        def get_next(self) -> dict[str, Array]:
            return next(feeds, {})

    prepared = output.with_name("prepared.onnx")
    try:
        quant_pre_process(model, prepared, skip_symbolic_shape=True)
        quantization.quantize_static(
            prepared,
            output,
            Calibration(),
            quant_format=quantization.QuantFormat.QDQ,
            activation_type=quantization.QuantType.QInt8,
            weight_type=quantization.QuantType.QInt8,
            per_channel=per_channel,
        )
        onnx.checker.check_model(str(output))
    except Exception as error:  # whatever another project raises about this model is its reason
        raise refusal(f"quantise {model}", error) from error
