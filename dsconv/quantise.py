"""Quantises float networks with ONNX Runtime's static quantiser, in the form that imports best."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import version_converter

from dsconv.errors import DsconvError
from dsconv.execution.ports import rows_of
from dsconv.files import written_at_once
from dsconv.frontends.onnx_file.model_file import load_model
from dsconv.frontends.onnx_file.onnx_graph import GraphInput, OnnxGraph
from dsconv.verification.onnx_runtime import NOT_INSTALLED, refusal

Array = npt.NDArray[Any]

PER_CHANNEL_OPSET = 13
"""From here on, QuantizeLinear knows an axis."""
CONSTANTS_ALONE = 4
"""Version of the IR from which a constant need not be an input, too."""
REQUANTISED = (
    *("Conv", "ConvTranspose", "Gemm", "MatMul", "Add", "Mul", "Relu", "Clip"),
    *("AveragePool", "GlobalAveragePool", "Concat"),
)
"""Operations whose output may have any scale, whatever those of their inputs are."""


def is_quantised(model: onnx.ModelProto) -> bool:
    """Whether a file has integers for weights already."""
    return any(node.op_type in ("DequantizeLinear", "QLinearConv") for node in model.graph.node)


def quantise(
    model: Path, calibration: Mapping[str, Array], output: Path, *, per_channel: bool = True
) -> None:
    """Writes a float network as QDQ: int8 weights and activations, as ONNX Runtime chooses scales.

    `calibration` has representative values for each input of the network, (n, ...) in its shape, or
    (n * batch, ...). Raises DsconvError where the network is quantised already, where the values do
    not fit it, and with ONNX Runtime's reason where that cannot quantise it.
    """
    loaded = load_model(model)
    graph = OnnxGraph(loaded)
    if is_quantised(loaded):
        raise DsconvError(f"{model} is quantised already: compile it as it is")
    is_only = len(graph.inputs) == 1
    samples = [_samples(source, calibration, is_only=is_only) for source in graph.inputs]
    if len({len(rows) for rows in samples}) != 1:
        raise DsconvError("the inputs have different numbers of values to calibrate with")
    feeds = [
        {source.name: row for source, row in zip(graph.inputs, rows, strict=True)}
        for rows in zip(*samples, strict=True)
    ]
    with tempfile.TemporaryDirectory(prefix="dsconv-") as folder:
        quantised, whole = Path(folder, "quantised.onnx"), Path(folder, "model.onnx")
        onnx.save(modernised(loaded, model), str(whole))
        _quantise(model, whole, iter(feeds), quantised, per_channel)
        with written_at_once(output) as draft:
            onnx.save(with_scales_of_concats(onnx.load(str(quantised))), str(draft))


def with_scales_of_concats(model: onnx.ModelProto) -> onnx.ModelProto:
    """Gives what only a Concat reads the scale and zero point of the Concat's output.

    Its values are rounded to those in any case: so they are rounded once, and no step between the
    layers and the Concat remains.
    """
    makers = {name: node for node in model.graph.node for name in node.output}
    readers = Counter(name for node in model.graph.node for name in node.input)
    quantisers = {
        node.input[0]: node for node in model.graph.node if node.op_type == "QuantizeLinear"
    }
    outputs = {value.name for value in model.graph.output}
    for concat in reversed(model.graph.node):
        if concat.op_type != "Concat" or concat.output[0] not in quantisers:
            continue
        scale = quantisers[concat.output[0]].input[1:]
        for dequantiser in (makers.get(name) for name in concat.input):
            quantiser = None if dequantiser is None else makers.get(dequantiser.input[0])
            source = None if quantiser is None else makers.get(quantiser.input[0])
            if dequantiser is None or quantiser is None or source is None:
                continue
            between = (source.output[0], quantiser.output[0], dequantiser.output[0])
            is_read_alone = all(readers[name] == 1 and name not in outputs for name in between)
            if source.op_type in REQUANTISED and is_read_alone:
                quantiser.input[1:] = dequantiser.input[1:] = scale
    return model


def modernised(model: onnx.ModelProto, path: Path) -> onnx.ModelProto:
    """The model in an opset that has scales per channel, its weights as constants alone.

    Raises DsconvError where ONNX cannot convert it.
    """
    versions = [opset.version for opset in model.opset_import if opset.domain in ("", "ai.onnx")]
    if max(versions, default=PER_CHANNEL_OPSET) < PER_CHANNEL_OPSET:
        try:
            model = version_converter.convert_version(model, PER_CHANNEL_OPSET)
        except Exception as error:  # it raises RuntimeError, and whatever its C++ does
            raise DsconvError(
                f"{path} is of opset {max(versions)}, which ONNX cannot convert to "
                f"{PER_CHANNEL_OPSET}: {error}; export it again"
            ) from error
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in constants]
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    model.ir_version = max(model.ir_version, CONSTANTS_ALONE)
    return model


def _samples(source: GraphInput, calibration: Mapping[str, Array], *, is_only: bool) -> Array:
    """Values of one input, (n, *shape): those of its name; for an only input, those that fit."""
    values = calibration.get(source.name)
    if values is None:
        fitting = [array for array in calibration.values() if _fits(array, source)]
        candidates = fitting if len(calibration) > 1 else list(calibration.values())
        if len(candidates) != 1 or not is_only:
            known = ", ".join(calibration)
            raise DsconvError(
                f"no values to calibrate input '{source.name}' with; there are {known}"
            )
        values = candidates[0]
    rows = rows_of(values, source.shape, source.name)
    if not np.all(np.isfinite(rows)):
        raise DsconvError(f"values to calibrate input '{source.name}' with are not all finite")
    return rows.astype(source.dtype)


def _fits(array: Array, source: GraphInput) -> bool:
    try:
        rows_of(array, source.shape, source.name)
    except DsconvError:
        return False
    return True


def _quantise(
    model: Path, whole: Path, feeds: Iterator[dict[str, Array]], output: Path, per_channel: bool
) -> None:
    """Quantises the model in the file `whole`, which comes from `model`."""
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
        quant_pre_process(whole, prepared, skip_symbolic_shape=True)
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
