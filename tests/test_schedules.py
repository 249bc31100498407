"""The search for a schedule finds what trying everything finds."""

from collections.abc import Iterator
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from random_chains import Sizes, chain_of, random_chains
from random_layers import RandomLayer

from dsconv.bench.builder import Activation, NetworkBuilder
from dsconv.dialects.attributes import Layout, WindowAttr
from dsconv.dialects.fused import Axis
from dsconv.dialects.graph import LayerOperation
from dsconv.passes.chains import Chain
from dsconv.passes.schedules import (
    PRICE_OF_FEWER_TRANSFERS,
    Machine,
    Objective,
    Schedule,
    best,
    choices,
    fused_choices,
    schedules,
)

PATTERNS = (("pw", "dw", "pw", "dw", "pw"), ("dw", "pw", "dw", "pw"), ("pw", "pw", "dw"))
HWC, CHW = (Activation(layout=layout) for layout in (Layout.HWC, Layout.CHW))
SIZES = Sizes(heights=(6, 7, 14), widths=(6, 14), channels=(8, 24))


def every_schedule(network: Chain, machine: Machine, first: int = 0) -> Iterator[Schedule]:
    """All ways to cut the network into choices."""
    if first == len(network.layers):
        yield Schedule()
        return
    for choice in choices(network, first, machine):
        for rest in every_schedule(network, machine, first + len(choice.layers)):
            cycles, moved = choice.cycles + rest.cycles, choice.moved_bytes + rest.moved_bytes
            yield Schedule((choice, *rest.choices), cycles, moved)


@settings(max_examples=15, deadline=None)
@given(network=random_chains(PATTERNS, SIZES), l1=st.sampled_from([3000, 8000, 57344]))
def test_search_is_exact(network: RandomLayer, l1: int):
    layers = chain_of(network.module)
    machine = Machine(l1, 0, 8, cycle_energy=430, byte_energy=20)
    everything = list(every_schedule(Chain.of(layers), machine))
    points = schedules(layers, machine)
    assert bool(points) == bool(everything)
    if not points:
        return
    fastest = min(point.cycles for point in everything)
    assert abs(best(points, Objective.LATENCY, machine).cycles - fastest) < 1e-6 * fastest
    lean = best(points, Objective.TRANSFERS, machine)
    limit = fastest * PRICE_OF_FEWER_TRANSFERS
    moved = min(point.moved_bytes for point in everything if point.cycles <= limit)
    assert lean.moved_bytes == moved
    energies = [430 * point.cycles + 20 * point.moved_bytes for point in everything]
    cheap = best(points, Objective.ENERGY, machine)
    found = 430 * cheap.cycles + 20 * cheap.moved_bytes
    assert abs(found - min(energies)) < 1e-6 * found


@settings(max_examples=15, deadline=None)
@given(network=random_chains(PATTERNS, SIZES))
def test_no_schedule_of_the_front_beats_another(network: RandomLayer):
    points = schedules(chain_of(network.module), Machine(57344, 0, 8))
    for faster, slower in pairwise(points):
        assert faster.cycles < slower.cycles
        assert faster.moved_bytes > slower.moved_bytes


def blocks(channels: int, expanded: int, size: int) -> list[LayerOperation]:
    """Two blocks of layers that keep the size of a map."""
    network = NetworkBuilder().begin(channels, size, size, HWC)
    for _ in range(2):
        network.pointwise(expanded, CHW)
        network.depthwise(WindowAttr.of((3, 3), pads=(1, 1, 1, 1)), HWC)
        network.pointwise(channels, HWC)
    return chain_of(network.module())


def test_blocks_are_fused_whose_maps_l2_cannot_hold():
    """All but 27648 of 55296 bytes pass through L2 row by row, and what is expanded not at all."""
    layers = blocks(channels=12, expanded=32, size=48)
    fastest = schedules(layers, Machine(40000, 40000, 8))[0]
    assert [len(choice.layers) for choice in fastest.choices] == [3, 3]


def test_what_the_caller_gives_lies_in_l2():
    """So a chain that reads it has to fit beside it."""
    layers = blocks(channels=4, expanded=32, size=48)
    given = 4 * 48 * 48
    chain = Chain.of(layers[:3])
    (choice,) = fused_choices(chain, Machine(40000, given + 8000, 8), [Axis.ROWS])
    assert choice.tile.rows < 48
    assert not list(fused_choices(chain, Machine(40000, given + 1000, 8), [Axis.ROWS]))
