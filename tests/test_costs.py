"""What the compiler believes that kernels, transfers and tiles cost."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest
from random_kernels import RandomKernel

from benchmarks.costs import kernel_measurements, read_measured
from benchmarks.fitting import Ways, fit, non_negative_least_squares
from dsconv.bench.model_builder import Activation, ModelBuilder
from dsconv.dialects.attributes import Layout, Tile, WindowAttr
from dsconv.dialects.dsconv import Dsconv
from dsconv.dialects.fused import FusedOp
from dsconv.dialects.graph import LayerOperation
from dsconv.dialects.target import Isa
from dsconv.lowering.xpulp.convolution import conv2d
from dsconv.lowering.xpulp.depthwise import depthwise
from dsconv.lowering.xpulp.lower_kernels import WRITERS
from dsconv.passes.analysis.layer_shape import LayerShape
from dsconv.passes.analysis.target_cluster import DEFAULT_CLUSTER
from dsconv.passes.scheduling.kernel_cost import (
    GROUPS,
    PORTABLE_KINDS,
    CostModel,
    KernelShape,
    TileShape,
    WindowShape,
    assembly_terms,
    dma_cycles,
    kernel_cycles,
    weighted,
)
from dsconv.passes.scheduling.layer_cost import layer_cost
from dsconv.passes.scheduling.tile_space import choose_tile

CHW = Activation(layout=Layout.CHW)
HWC = Activation(layout=Layout.HWC)
L1_BYTES = 56 * 1024
COSTS = CostModel.of(DEFAULT_CLUSTER)
CORE = DEFAULT_CLUSTER.core


def geometry_of(builder: ModelBuilder) -> LayerShape:
    (layer,) = (op for op in builder.module().walk() if isinstance(op, LayerOperation))
    return LayerShape.of(layer)


def depthwise_to_hwc(channels: int, size: int) -> LayerShape:
    builder = ModelBuilder().begin(channels, size, size, CHW)
    builder.depthwise(WindowAttr.of((3, 3), pads=(1, 1, 1, 1)), HWC)
    return geometry_of(builder)


def test_lines_cost_the_dma_time():
    line = dma_cycles(COSTS, 4096)
    assert dma_cycles(COSTS, 8, 512).engine > line.engine
    assert dma_cycles(COSTS, 1, 4096).engine > 4 * line.engine
    assert dma_cycles(COSTS, 8, 8, 64).issue > 10 * line.issue, "a command a block"


def test_single_channels_of_an_hwc_map_are_slow_to_store():
    layer_shape = depthwise_to_hwc(8, 64)
    channel, rows = Tile(1, 64, 64), Tile(8, 16, 64, buffers=2)
    assert (
        layer_cost(layer_shape, channel, COSTS).cycles
        > 1.5 * layer_cost(layer_shape, rows, COSTS).cycles
    )
    chosen = choose_tile(layer_shape, L1_BYTES, COSTS)
    assert chosen is not None
    assert chosen.channels == 8


def test_what_a_step_takes_besides_hides_behind_its_transfers():
    """A vector's weights take longer to come than to multiply: small pieces lose nothing."""
    builder = ModelBuilder().begin(256, 1, 1, HWC)
    builder.linear(1000, HWC)
    layer_shape = geometry_of(builder)
    small, large = (
        layer_cost(layer_shape, Tile(n, 1, 1, buffers=2), COSTS).cycles for n in (72, 100)
    )
    assert small < 0.97 * large


@pytest.mark.parametrize("channels", [1, 2, 8])
def test_a_depthwise_layer_is_split_by_parts_of_channels_too(channels: int):
    x = TileShape(channels, 34, 34, Layout.CHW)
    y = TileShape(channels, 32, 32, Layout.CHW)
    shape = KernelShape("depthwise", x, y)
    alone = CostModel.of(DEFAULT_CLUSTER.with_cores(1))
    assert kernel_cycles(shape, alone) > 6 * kernel_cycles(shape, COSTS)


@pytest.mark.parametrize("isa", Isa)
def test_every_layer_has_a_cost(isa: Isa):
    costs = replace(COSTS, core=replace(CORE, isa=isa))
    layers = {op for op in Dsconv.operations if issubclass(op, LayerOperation)} - {FusedOp}
    tile = TileShape(8, 4, 4, Layout.HWC)
    for layer in layers:
        kind = layer.name.removeprefix("dsconv.")
        assert kernel_cycles(KernelShape(kind, tile, tile), costs) > 0


@pytest.mark.parametrize(("isa", "error"), [(Isa.XPULP, 0.10), (Isa.PORTABLE, 0.25)])
def test_costs_agree_with_what_was_measured(isa: Isa, error: float):
    """Layers of the shapes and tiles that were measured on GVSoC, kind by kind."""
    costs = replace(COSTS, core=replace(CORE, isa=isa))
    errors: dict[tuple[str, bool], list[float]] = defaultdict(list)
    for row in read_measured(isa):
        layer = row.sample.layer
        model = layer_cost(layer.layer_shape, row.sample.tile, costs).cycles
        errors[layer.kind, layer.mixed].append(abs(model / row.layer - 1))
    assert len(errors) >= 19
    for (kind, mixed), of_kind in errors.items():
        assert np.median(of_kind) < (max(0.20, error) if mixed else error), kind


def test_every_measurement_is_fitted_with_a_group_of_kernels():
    """Grouped convolutions, too, whose samples have a kind of their own."""
    measured = read_measured(Isa.XPULP)
    fitted = sum(len(kernel_measurements(group.name, measured, COSTS)) for group in GROUPS)
    assert fitted == len(measured)


def test_a_fit_finds_costs_through_the_choice_of_the_cheapest_way():
    costs = {"call": 100.0, "a": 3.0, "b": 7.0}
    draw = np.random.default_rng(0)
    measured: list[tuple[Ways, float]] = []
    for _ in range(50):
        a, b = (int(count) for count in draw.integers(1, 1000, 2))
        ways = [{"call": 1, "a": a, "b": 10}, {"call": 1, "a": 10, "b": b}]
        measured.append((ways, min(weighted(terms, costs) for terms in ways)))
    found = fit(measured, {"call": 50, "a": 2, "b": 8, "unseen": 5})
    assert found == pytest.approx({**costs, "unseen": 5}, rel=1e-3)


def test_no_coefficient_of_a_fit_is_negative():
    matrix = np.array([[1.0, 1.0], [1.0, 2.0], [1.0, 3.0]])
    assert non_negative_least_squares(matrix, np.array([3.0, 2.0, 1.0])) == pytest.approx([2, 0])


@pytest.mark.parametrize("channels", [3, 96, 97, 112, 113, 300, 456, 457, 600])
def test_pixels_of_chw_are_priced_as_they_are_read(channels: int):
    """Assembly where it is written, loops in C where not."""
    kernel = RandomKernel(1, channels, (3, 3)).dense(8, layouts=(Layout.CHW, Layout.HWC)).kernel
    x, y = TileShape(channels, 3, 3, Layout.CHW), TileShape(8, 3, 3, Layout.HWC)
    terms = list(assembly_terms(KernelShape("pointwise", x, y), COSTS))
    is_portable = any("portable_product" in term for term in terms)
    assert is_portable == (conv2d(kernel, DEFAULT_CLUSTER) is None)


@pytest.mark.parametrize(("stack_bytes", "most_channels"), [(512, 208), (1008, 456)])
def test_what_a_core_gathers_lies_in_half_of_its_stack(stack_bytes: int, most_channels: int):
    cluster = replace(DEFAULT_CLUSTER, core=replace(CORE, stack_bytes=stack_bytes))
    for channels in (most_channels, most_channels + 1):
        kernel = RandomKernel(1, channels, (3, 3)).dense(8, layouts=(Layout.CHW, Layout.HWC)).kernel
        assert (conv2d(kernel, cluster) is not None) == (channels == most_channels)


@pytest.mark.parametrize("channels", [682, 683])
def test_depthwise_rows_of_hwc_are_priced_as_they_are_read(channels: int):
    window = WindowAttr.of((3, 3))
    kernel = RandomKernel(1, channels, (3, 3)).depthwise(window, (Layout.HWC, Layout.HWC)).kernel
    x, y = TileShape(channels, 3, 3, Layout.HWC), TileShape(channels, 1, 1, Layout.HWC)
    terms = list(assembly_terms(KernelShape("depthwise", x, y, WindowShape((3, 3))), COSTS))
    is_portable = any("portable_call" in term for term in terms)
    assert is_portable == (depthwise(kernel, DEFAULT_CLUSTER) is None)


def test_kinds_without_assembly_are_priced_as_loops():
    portable = {kind.value for kind, write in WRITERS.items() if write is None}
    assert portable == set(PORTABLE_KINDS)
