"""The search for a schedule finds what trying everything finds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_chains import Sizes, chain_of, random_chains
from random_layers import RandomLayer
from xdsl.dialects.builtin import ModuleOp, NoneAttr, TensorType
from xdsl.ir import SSAValue
from xdsl.parser import Parser
from xdsl.rewriter import Rewriter

from dsconv.bench.model_builder import Activation, ModelBuilder
from dsconv.dialects.attributes import Axis, Layout, WindowAttr
from dsconv.dialects.graph import LayerOperation, tensor_type
from dsconv.dialects.target import Cluster
from dsconv.dialects.tiled import LayerOp
from dsconv.driver.pipeline import make_context, run_pipeline
from dsconv.passes.analysis.chain import Chain
from dsconv.passes.analysis.layouts import layout_options, possible_layouts, set_layout
from dsconv.passes.analysis.target_cluster import DEFAULT_CLUSTER
from dsconv.passes.scheduling.channel_plan import (
    ChannelPlan,
    channel_cost,
    channel_plan,
    channel_tiles,
)
from dsconv.passes.scheduling.fused_cost import row_cost
from dsconv.passes.scheduling.fused_space import fused_candidates
from dsconv.passes.scheduling.kernel_cost import CostModel
from dsconv.passes.scheduling.l1_residency import (
    NOTHING_RESIDENT,
    Residency,
    ResidencyLimits,
    l1_bytes_with,
    residencies,
    residency_limits,
)
from dsconv.passes.scheduling.layer_cost import LayerCost, layer_cost
from dsconv.passes.scheduling.legality import next_in_chain, why_illegal
from dsconv.passes.scheduling.pareto import pareto_front
from dsconv.passes.scheduling.row_plan import RowPlan
from dsconv.passes.scheduling.search import PRICE_OF_FEWER_TRANSFERS, Objective, best, schedules
from dsconv.passes.scheduling.search_space import Candidate, chain_candidates, fused_moved_bytes
from dsconv.passes.scheduling.step_space import row_plans
from dsconv.passes.scheduling.tile_space import FittingTile, candidate_tiles

PATTERNS = (("pw", "dw", "pw", "dw", "pw"), ("dw", "pw", "dw", "pw"), ("pw", "pw", "dw"))
HWC, CHW = (Activation(layout=layout) for layout in (Layout.HWC, Layout.CHW))
SIZES = Sizes(heights=(6, 7, 14), widths=(6, 14), channels=(8, 24))
L1_SIZES = (3000, 8000, 57344)


@dataclass(frozen=True)
class Cost:
    """Cycles and bytes moved of some layers."""

    cycles: float
    moved_bytes: int


def everything(layers: Sequence[LayerOperation], machine: Cluster) -> list[Cost]:
    """What all schedules cost, in all layouts, as far as no other beats them."""
    options = layout_options(layers)
    found: list[Cost] = []
    for layouts in product(*options.values()):
        network = Chain.of(layers).with_layouts(dict(zip(options, layouts, strict=True)))
        found += every_cut(network, machine, residency_limits(layers, machine.l1), None)
    return pareto_front(found)


def every_cut(
    network: Chain,
    machine: Cluster,
    kept: Mapping[SSAValue, ResidencyLimits],
    resident_value: SSAValue | None,
) -> list[Cost]:
    """What a network costs in given layouts, cut into chains and single layers in all ways.

    `resident_value` lies in L1; between any two of those, what one makes may stay there.
    """
    if not network.layers:
        return [] if resident_value else [Cost(0, 0)]
    found: list[Cost] = []
    for end in range(1, len(network.layers) + 1):
        first, rest = (
            Chain(network.layers[part], network.layer_shapes[part])
            for part in (slice(end), slice(end, None))
        )
        if end > 1 and next_in_chain(first.layers[-2]) is not first.layers[-1]:
            break
        for residency in residencies(first.values_read, first.result, resident_value, kept):
            left = first.result if residency.leaves_result else None
            found += [
                Cost(one.cycles + other.cycles, one.moved_bytes + other.moved_bytes)
                for one, other in product(
                    span_costs(first, machine, residency), every_cut(rest, machine, kept, left)
                )
            ]
    return pareto_front(found)


@cache
def span_costs(chain: Chain, machine: Cluster, residency: Residency) -> list[Cost]:
    """Of the way of least cost, and of the one that moves least."""
    costs = fused_costs if len(chain.layers) > 1 else single_costs
    found = list(costs(chain, machine, residency))
    if not found:
        return []
    chosen = (
        min(found, key=lambda item: (item[0].objective, item[1])),
        min(found, key=lambda item: (item[1], item[0].objective)),
    )
    return [Cost(cost.cycles, moved) for cost, moved in chosen]


def single_costs(
    chain: Chain, machine: Cluster, residency: Residency
) -> Iterator[tuple[LayerCost, int]]:
    (layer_shape,) = chain.layer_shapes
    for tile in candidate_tiles(layer_shape, (1, 2)):
        sizes = layer_shape.l1_bytes(tile), l1_bytes_with(layer_shape, tile, residency)
        if all(size is not None and size <= machine.l1 for size in sizes):
            moved = FittingTile.of(layer_shape, tile).moved_bytes(residency)
            yield layer_cost(layer_shape, tile, CostModel.of(machine), residency), moved


def fused_costs(
    chain: Chain, machine: Cluster, residency: Residency
) -> Iterator[tuple[LayerCost, int]]:
    moved = fused_moved_bytes(chain, residency)
    if why_illegal(chain.layers, Axis.ROWS) is None:
        for _, plan in row_plans(chain, (1, 2)):
            if fits(plan, residency, machine):
                yield row_cost(chain, plan, CostModel.of(machine), residency), moved
    if why_illegal(chain.layers, Axis.CHANNELS) is None:
        for tile in channel_tiles(chain, machine.cores):
            if fits(channel_plan(chain, tile), residency, machine):
                yield channel_cost(chain, tile, CostModel.of(machine), residency), moved


def fits(plan: RowPlan | ChannelPlan, residency: Residency, machine: Cluster) -> bool:
    sizes = plan.l1_bytes, plan.l1_use.with_residency(residency)
    return all(size is not None and size <= machine.l1 for size in sizes)


def forget_layouts(layers: Sequence[LayerOperation]) -> None:
    """Leaves the layouts of some results to the search."""
    for layer in layers:
        type_ = tensor_type(layer.result)
        free = TensorType(type_.element_type, type_.shape, NoneAttr())
        Rewriter.replace_value_with_new_type(layer.result, free)


def check_exact(layers: Sequence[LayerOperation], machine: Cluster) -> None:
    expected, points = everything(layers, machine), schedules(layers, machine)
    assert bool(points) == bool(expected)
    if not points:
        return
    fastest = expected[0].cycles
    assert best(points, Objective.LATENCY, machine).cycles == pytest.approx(fastest)
    limit = fastest * PRICE_OF_FEWER_TRANSFERS
    lean = best(points, Objective.TRANSFERS, machine)
    assert lean.moved_bytes == min(one.moved_bytes for one in expected if one.cycles <= limit)
    cheap = best(points, Objective.ENERGY, machine)
    energies = [430 * one.cycles + 20 * one.moved_bytes for one in expected]
    assert 430 * cheap.cycles + 20 * cheap.moved_bytes == pytest.approx(min(energies))


@settings(max_examples=15)
@given(network=random_chains(PATTERNS, SIZES), l1=st.sampled_from(L1_SIZES), data=st.data())
def test_search_is_exact(network: RandomLayer, l1: int, data: st.DataObject):
    layers = chain_of(network.module)
    forget_layouts([layer for layer in layers[:-1] if data.draw(st.booleans())])
    check_exact(layers, replace(DEFAULT_CLUSTER, l1=l1))


REQUANT = "requant <multiplier = [1], shift = [8], half_even, clip = [-128, 127]>"
MAP = "tensor<1x16x12x12xsi8>"
CALLERS_MAP = "tensor<1x16x12x12xsi8, #dsconv.layout<hwc>>"


def pointwise(number: int, x: str, x_type: str = MAP) -> str:
    types = f"({x_type}, tensor<16x16xsi8>, tensor<16xi32>) -> {MAP}"
    return f'%{number} = dsconv.pointwise "pw{number}"({x}, %w, %b) {REQUANT} : {types}'


def depthwise(number: int, x: str, y_type: str = MAP) -> str:
    types = f"({MAP}, tensor<16x1x3x3xsi8>, tensor<16xi32>) -> {y_type}"
    window = "window <kernel = [3, 3], pads = [1, 1, 1, 1]>"
    return f'%{number} = dsconv.depthwise "dw{number}"({x}, %v, %b) {window} {REQUANT} : {types}'


def residual(number: int, x: str, y: str) -> str:
    points = "{multipliers = array<i32: 1, 1>, zero_points = array<i32: 0, 0>}"
    types = f"({MAP}, {MAP}) -> {MAP}"
    return f'%{number} = dsconv.add "add{number}"({x}, {y}) {REQUANT} {points} : {types}'


TWO_RESIDUALS = [
    pointwise(0, "%x", CALLERS_MAP),
    depthwise(1, "%0"),
    residual(2, "%1", "%0"),
    pointwise(3, "%2"),
    residual(4, "%0", "%3"),
    depthwise(5, "%4", CALLERS_MAP),
]
"""What the first layer makes has three readers, and lives while another residual does."""


def network_of_lines(lines: Sequence[str]) -> list[LayerOperation]:
    return chain_of(module_of_lines(lines))


def module_of_lines(lines: Sequence[str]) -> ModuleOp:
    text = "\n".join(
        [
            f"func.func @net(%x: {CALLERS_MAP}) -> {CALLERS_MAP} {{",
            "%w = dsconv.constant dense<1> : tensor<16x16xsi8>",
            "%v = dsconv.constant dense<1> : tensor<16x1x3x3xsi8>",
            "%b = dsconv.constant dense<0> : tensor<16xi32>",
            *lines,
            f"func.return %{len(lines) - 1} : {CALLERS_MAP}",
            "}",
        ]
    )
    module = Parser(make_context(), text).parse_module()
    module.verify()
    return module


BRANCHES = 6

MANY_BRANCHES = [
    pointwise(0, "%x", CALLERS_MAP),
    *(depthwise(number, "%0") for number in range(1, BRANCHES + 1)),
    residual(BRANCHES + 1, "%1", "%2"),
    *(
        residual(BRANCHES + number, f"%{BRANCHES + number - 1}", f"%{number + 1}")
        for number in range(2, BRANCHES)
    ),
    depthwise(2 * BRANCHES, f"%{2 * BRANCHES - 1}", CALLERS_MAP),
]
"""Branches made one after the other, and summed behind them all, as MobileOne has in training."""


def test_branches_that_wait_for_each_other_have_a_schedule():
    """What the next layer did not read lay in L1 for nothing, in place of other states."""
    assert schedules(network_of_lines(MANY_BRANCHES), DEFAULT_CLUSTER)


@pytest.mark.parametrize("l1", L1_SIZES)
def test_values_with_several_readers_have_one_layout(l1: int):
    check_exact(network_of_lines(TWO_RESIDUALS), replace(DEFAULT_CLUSTER, l1=l1))


def test_layouts_that_are_written_or_the_callers_stay():
    layers = network_of_lines(TWO_RESIDUALS)
    assert len(possible_layouts(layers[3].result)) == 2
    assert possible_layouts(layers[-1].result) == (Layout.HWC,)
    assert possible_layouts(layers[0].operands[0]) == (Layout.HWC,)
    set_layout(layers[3].result, Layout.CHW)
    assert possible_layouts(layers[3].result) == (Layout.CHW,)
    check_exact(layers, replace(DEFAULT_CLUSTER, l1=57344))


@settings(max_examples=15)
@given(network=random_chains(PATTERNS, SIZES))
def test_no_schedule_of_the_front_beats_another(network: RandomLayer):
    points = schedules(chain_of(network.module), replace(DEFAULT_CLUSTER, l1=57344))
    for faster, slower in pairwise(points):
        assert faster.cycles < slower.cycles
        assert faster.moved_bytes > slower.moved_bytes


def check_residents(module: ModuleOp, layers: Sequence[LayerOperation], l1: int) -> None:
    """What the fastest schedule leaves in L1 stays there; `layers` are those of the module."""
    points = schedules(layers, replace(DEFAULT_CLUSTER, l1=l1))
    if not points:
        return
    expected = [candidate.residency.number is not None for candidate in points[0].candidates]
    passes = f"select-schedule{{l1={l1}}},lower-to-tiles,keep-in-l1{{l1={l1}}}"
    run_pipeline(module, passes)
    lowered = [op for op in module.walk() if isinstance(op, LayerOp)]
    assert [layer.schedule.schedule.inputs_in_l1 > 0 for layer in lowered] == expected
    estimates = [layer.estimate.value.data for layer in lowered]
    assert estimates == pytest.approx([one.cycles for one in points[0].candidates], rel=0.03)


@settings(max_examples=15)
@given(network=random_chains(PATTERNS, SIZES), l1=st.sampled_from((*L1_SIZES, 16000)))
def test_what_a_schedule_leaves_in_l1_stays_there(network: RandomLayer, l1: int):
    layers = chain_of(network.module)
    forget_layouts(layers[:-1])
    check_residents(network.module, layers, l1)


@pytest.mark.parametrize("l1", [8000, 16000, 57344])
def test_what_others_read_as_well_stays_in_l1_for_the_next_layer(l1: int):
    module = module_of_lines(TWO_RESIDUALS)
    check_residents(module, chain_of(module), l1)


def blocks(channels: int, expanded: int, size: int) -> list[LayerOperation]:
    """Two blocks of layers that keep the size of a map."""
    network = ModelBuilder().begin(channels, size, size, HWC)
    for _ in range(2):
        network.pointwise(expanded, CHW)
        network.depthwise(WindowAttr.of((3, 3), pads=(1, 1, 1, 1)), HWC)
        network.pointwise(channels, HWC)
    return chain_of(network.module())


def test_blocks_are_fused_whose_maps_l2_cannot_hold():
    """All but 27648 of 55296 bytes pass through L2 row by row, and what is expanded not at all."""
    layers = blocks(channels=12, expanded=32, size=48)
    fastest = schedules(layers, replace(DEFAULT_CLUSTER, l1=40000, l2=40000))[0]
    assert [len(candidate.layers) for candidate in fastest.candidates] == [3, 3]


def row_choices_of(chain: Chain, machine: Cluster) -> Iterator[Candidate]:
    ways = fused_candidates(chain, layout_options(chain.layers), machine, [Axis.ROWS])
    return chain_candidates(chain, ways, machine, [NOTHING_RESIDENT])


def test_what_the_caller_gives_lies_in_l2():
    """So a chain that reads it has to fit beside it."""
    layers = blocks(channels=4, expanded=32, size=48)
    given = 4 * 48 * 48
    chain = Chain.of(layers[:3])
    steps = list(row_choices_of(chain, replace(DEFAULT_CLUSTER, l1=40000, l2=given + 8000)))
    assert steps
    assert max(candidate.tile.rows for candidate in steps) < 48
    assert not list(row_choices_of(chain, replace(DEFAULT_CLUSTER, l1=40000, l2=given + 1000)))
