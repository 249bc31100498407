"""The paper's six networks on GVSoC, unfused and by both objectives: Table 2's deployments."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from dsconv import zoo
from dsconv.api import Network, compile
from dsconv.bench.paper_numbers import Method
from dsconv.driver.output import write_folder
from dsconv.driver.pipeline import default_pipeline, parse_pipeline
from dsconv.errors import DsconvError
from dsconv.execution.execute import Comparison
from dsconv.execution.ports import packed, quantised_inputs
from dsconv.passes.scheduling.search import Objective
from dsconv.profiling.measurements import Measurement, measure
from dsconv.runners import RunResult
from dsconv.targets import ClusterTarget, load_target

TARGET = "pulp_open"

OBJECTIVES = {Method.LATENCY: Objective.LATENCY, Method.TRANSFERS: Objective.TRANSFERS}


@dataclass(frozen=True)
class Deployed:
    """A network of the zoo and how it is deployed."""

    network: str
    method: Method

    def __str__(self) -> str:
        return f"{self.network}, {self.method}"


@dataclass(frozen=True)
class LayerRun:
    """One layer of a run, or layers fused to one, by the name of the last."""

    label: str
    schedule: str
    cycles: int
    moved_bytes: int


@dataclass(frozen=True)
class NetworkRun:
    """A run with all values right: cycles, and bytes of activations between L2 and L1."""

    cycles: int
    layers: tuple[LayerRun, ...]

    @property
    def moved_bytes(self) -> int:
        """Of all layers."""
        return sum(layer.moved_bytes for layer in self.layers)


def run_network(deployed: Deployed) -> NetworkRun:
    """Measures one deployment, or finds what was measured before.

    Raises DsconvError where a value of a layer is wrong.
    """
    compiled = compiled_for(deployed)
    measurement = checked_measurement(compiled)
    return NetworkRun(
        measurement.cycles,
        tuple(
            LayerRun(
                layer.label.data,
                layer.schedule.schedule.text,
                stats.cycles or 0,
                stats.activation_bytes,
            )
            for layer, stats in zip(compiled.layers, measurement.layers, strict=True)
        ),
    )


def compiled_for(deployed: Deployed) -> Network:
    """The network, compiled by a method's objective; the baseline without the search's pass."""
    model, target = zoo.build(deployed.network), load_target(TARGET)
    if deployed.method is Method.BASELINE:
        return compile(model, target, passes=unfused_pipeline(target))
    return compile(model, target, objective=OBJECTIVES[deployed.method])


def unfused_pipeline(target: ClusterTarget) -> str:
    """The default passes without the one that fuses: every layer gets the tile that is fastest."""
    passes = parse_pipeline(default_pipeline(target))
    return ",".join(
        str(each.pipeline_pass_spec()) for each in passes if each.name != "select-schedule"
    )


def checked_measurement(compiled: Network) -> Measurement:
    """Cycles and bytes of a network on a random input, without the trace that compares layers."""
    inputs = quantised_inputs(None, compiled.imported.inputs)

    def check(result: RunResult) -> None:
        report = Comparison(compiled, inputs, result).report("gvsoc", None)
        if not report.equal:
            raise DsconvError(f"{report.network}: {report.differences[0]}")

    data = packed(inputs)
    with TemporaryDirectory(prefix="dsconv-") as folder:
        traced, untraced = Path(folder, "traced"), Path(folder, "untraced")
        write_folder(compiled.lowered, traced, compiled.target, TARGET, trace=True)
        measure(traced, data, check)
        write_folder(compiled.lowered, untraced, compiled.target, TARGET)
        return measure(untraced, data, check=lambda result: None)
