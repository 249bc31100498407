"""Cycles of a float network on a target: quantised, compiled, and run or estimated."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import onnx
from torch import Tensor

from dsconv.api import compile, map_to_array
from dsconv.errors import DsconvError
from dsconv.quantise import quantise
from dsconv.reports.mappings import Mappings
from dsconv.targets import SYSTOLIC, kind_of
from dsconv.training.hybrid import Latency

CALIBRATION_IMAGES = 64


def latency_on(target: str, on: str, images: Tensor) -> Latency:
    """What says the cycles of a network: `on` is model, gvsoc or array.

    `images`, (n, C, H, W), are what it is quantised by.
    """
    calibration = {"images": images[:CALIBRATION_IMAGES].numpy()}

    def cycles(network: onnx.ModelProto) -> int:
        with TemporaryDirectory(prefix="dsconv-") as folder:
            whole, quantised = Path(folder, "float.onnx"), Path(folder, "quantised.onnx")
            onnx.save(network, str(whole))
            quantise(whole, calibration, quantised)
            return _cycles(quantised, target, on)

    return cycles


def _cycles(quantised: Path, target: str, on: str) -> int:
    if kind_of(target) is SYSTOLIC:
        if on == "gvsoc":
            raise DsconvError(f"{target} is a systolic array: take --on array or --on model")
        mapped = map_to_array(quantised, target)
        if on == "model":
            return sum(layer.cycles or 0 for layer in Mappings.of(mapped).layers)
        report = mapped.run()
        if not report.equal:
            raise DsconvError(f"the array does not compute what {quantised.name} means")
        return report.cycles
    if on == "array":
        raise DsconvError(f"{target} is no systolic array: take --on gvsoc or --on model")
    compiled = compile(quantised, target)
    if on == "model":
        return compiled.estimate
    report = compiled.run(on="gvsoc")
    if not report.equal or report.cycles is None:
        raise DsconvError(f"{quantised.name} is not bit-exact on GVSoC: {report.differences[0]}")
    return report.cycles
