"""Profiles measure what may be best, and choose by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from handwritten import needs_gvsoc
from random_chains import chain_of
from xdsl.dialects.builtin import ModuleOp
from xdsl.parser import Parser

from dsconv.api import compile
from dsconv.bench.model_builder import Activation, ModelBuilder
from dsconv.dialects.attributes import Axis, Layout, WindowAttr
from dsconv.dialects.fused import FusedOp
from dsconv.dialects.graph import LayerOperation
from dsconv.driver.pipeline import make_context
from dsconv.errors import DsconvError
from dsconv.passes.analysis.chain import Chain
from dsconv.passes.analysis.layer_shape import LayerShape
from dsconv.passes.analysis.target_cluster import DEFAULT_CLUSTER
from dsconv.passes.scheduling.fused_plan import estimated_cost
from dsconv.passes.scheduling.kernel_cost import CostModel
from dsconv.passes.scheduling.profile_set import profiling_candidates
from dsconv.passes.scheduling.search import Objective, schedules
from dsconv.profiling import measurements
from dsconv.profiling.runs import measure_batch
from dsconv.profiling.schedule import (
    Batch,
    Kind,
    kind_of,
    profiled_schedules,
    write_profiled_schedule,
)
from dsconv.reports.pareto_front import ParetoFront
from dsconv.targets import load_target

HWC, CHW = (Activation(layout=layout) for layout in (Layout.HWC, Layout.CHW))
MACHINE = replace(DEFAULT_CLUSTER, l1=20_000)
L1_BYTES = 65536
DIGITS = Path(__file__).parents[1] / "examples" / "digits" / "digits.onnx"


def network() -> ModuleOp:
    """Three layers that may be fused along rows or channels, in parts or as a whole."""
    builder = ModelBuilder().begin(8, 24, 24, HWC)
    builder.pointwise(32, CHW)
    builder.depthwise(WindowAttr.of((3, 3), pads=(1, 1, 1, 1)), HWC)
    builder.pointwise(8, HWC)
    return builder.module()


def layers_in(batch: Batch) -> list[LayerOperation]:
    return chain_of(Parser(make_context(), batch.module).parse_module())


def kind_in_program(layer: LayerOperation) -> Kind:
    assert layer.tile is not None
    if isinstance(layer, FusedOp):
        return Chain.of(layer.chain).layer_shapes, layer.axis, layer.tile.tile
    return (LayerShape.of(layer),), Axis.ROWS, layer.tile.tile


def estimate(layer: LayerOperation) -> int:
    """What the model says of a layer as it stands in a program."""
    return round(estimated_cost(layer, CostModel.of(MACHINE)).cycles)


def measure_as_estimated(batches: Sequence[Batch]) -> Mapping[Batch, Sequence[int]]:
    return {batch: [estimate(layer) for layer in layers_in(batch)] for batch in batches}


def test_where_the_model_is_right_profiles_choose_as_it_does():
    layers = chain_of(network())
    (measured, *_), (estimated, *_) = (
        profiled_schedules(layers, MACHINE, L1_BYTES, measure_as_estimated),
        schedules(layers, MACHINE),
    )
    assert measured.cycles == pytest.approx(estimated.cycles, rel=1e-3)
    assert [kind_of(one) for one in measured.candidates] == [
        kind_of(one) for one in estimated.candidates
    ]


def test_what_l2_cannot_hold_takes_time_that_nobody_measures():
    """A program has all maps in L2."""
    builder = ModelBuilder().begin(32, 24, 24, CHW)
    builder.depthwise(WindowAttr.of((3, 3), pads=(1, 1, 1, 1)), HWC)
    layers, machine = chain_of(builder.module()), replace(DEFAULT_CLUSTER, l1=20_000, l2=20_000)
    (measured, *_), (estimated, *_) = (
        profiled_schedules(layers, machine, L1_BYTES, measure_as_estimated),
        schedules(layers, machine),
    )
    assert measured.cycles == pytest.approx(estimated.cycles, rel=1e-3)


def test_what_turns_out_to_be_fast_is_chosen():
    """One of the layers that are measured, but that the model does not choose."""
    layers = chain_of(network())
    chosen = {kind_of(candidate) for candidate in schedules(layers, MACHINE)[0].candidates}
    other = next(
        step.candidate
        for step in profiling_candidates(layers, MACHINE, 0.05)
        if kind_of(step.candidate) not in chosen
    )
    fast: list[int] = []

    def measure(batches: Sequence[Batch]) -> Mapping[Batch, Sequence[int]]:
        cycles = dict(measure_as_estimated(batches))
        for batch in batches:
            same = [kind_in_program(layer) == kind_of(other) for layer in layers_in(batch)]
            fast.append(sum(same))
            rows = zip(same, cycles[batch], strict=True)
            cycles[batch] = [1 if is_fast else count for is_fast, count in rows]
        return cycles

    best, *_ = profiled_schedules(layers, MACHINE, L1_BYTES, measure)
    assert sum(fast) == 1
    assert kind_of(other) in {kind_of(candidate) for candidate in best.candidates}


def test_the_chosen_schedule_is_written():
    module = network()
    target = load_target("pulp_open").with_sizes(34_000, None)
    write_profiled_schedule(module, target, Objective.LATENCY, measure_as_estimated)
    layers = chain_of(module)
    assert all(layer.tile is not None for layer in layers)
    assert any(isinstance(layer, FusedOp) for layer in layers)
    module.verify()


def test_more_doubt_keeps_more():
    layers = chain_of(network())
    counts = [len(profiling_candidates(layers, MACHINE, doubt)) for doubt in (0, 0.05, 0.2)]
    assert 0 < counts[0] < counts[1] < counts[2]


def test_layers_of_equal_shape_are_measured_once():
    """The second of two equal blocks is measured with the first."""
    builder = ModelBuilder().begin(8, 24, 24, HWC)
    for _ in range(2):
        builder.depthwise(WindowAttr.of((3, 3), pads=(1, 1, 1, 1)), HWC)
    layers = chain_of(builder.module())
    counts: list[int] = []

    def measure(batches: Sequence[Batch]) -> Mapping[Batch, Sequence[int]]:
        counts.extend(len(layers_in(batch)) for batch in batches)
        return measure_as_estimated(batches)

    profiled_schedules(layers, MACHINE, L1_BYTES, measure)
    steps = profiling_candidates(layers, MACHINE, 0.05)
    assert sum(counts) == len({kind_of(step.candidate) for step in steps}) < len(steps)


def test_other_clusters_are_not_profiled():
    with pytest.raises(DsconvError, match="compile for gap8 or pulp_open"):
        write_profiled_schedule(
            network(), load_target("host"), Objective.LATENCY, measure_as_estimated
        )


@needs_gvsoc
def test_what_gvsoc_has_measured_it_does_not_measure_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    layers = chain_of(network())
    found: dict[Batch, Sequence[int]] = {}

    def measure(batches: Sequence[Batch]) -> Mapping[Batch, Sequence[int]]:
        found.update({batch: measure_batch(batch) for batch in batches})
        return found

    assert profiled_schedules(layers, MACHINE, L1_BYTES, measure)
    for batch, cycles in found.items():
        estimates = [estimate(layer) for layer in layers_in(batch)]
        assert sum(cycles) == pytest.approx(sum(estimates), rel=0.3)

    def fail(folder: Path) -> None:
        raise AssertionError(f"built again: {folder}")

    monkeypatch.setattr(measurements, "build", fail)
    first, cycles = next(iter(found.items()))
    assert measure_batch(first) == cycles


def test_the_front_is_of_what_was_measured():
    compiled = compile(DIGITS, "pulp_open")

    def measure(batches: Sequence[Batch]) -> Mapping[Batch, Sequence[int]]:
        return {batch: [1000] * len(layers_in(batch)) for batch in batches}

    front = ParetoFront.of(compiled, measure)
    assert front.cycles_are == "measured"
    assert [point.cycles for point in front.points] != [
        point.cycles for point in ParetoFront.of(compiled).points
    ]
