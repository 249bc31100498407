"""An accelerator behind DRAM computes what the network means, and moves what the search counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_chains import Sizes, random_chains
from random_layers import RandomLayer
from small_networks import BlockMaker, residual_blocks
from xdsl.dialects.builtin import ModuleOp

from dsconv.bench.model_builder import Activation, ModelBuilder
from dsconv.dialects.accelerator.semantics import ProgramRun, run_program
from dsconv.dialects.attributes import Layout, WindowAttr
from dsconv.dialects.graph import LayerOperation, WeightedOperation, tensor_type
from dsconv.dialects.run import layers_of, network_of, run_reference
from dsconv.dialects.target import TARGET, Accelerator, AcceleratorAttr
from dsconv.driver.pipeline import run_pipeline
from dsconv.errors import CapacityError
from dsconv.execution.accelerator import GRAPH_LEVEL, ScheduledNetwork, program_of
from dsconv.frontends import import_onnx
from dsconv.passes.dram.decided import step_of
from dsconv.passes.dram.schedule import DramSchedule
from dsconv.targets import load_accelerator
from dsconv.zoo import build

PATTERNS = (
    ("dw",),
    ("pw",),
    ("dw", "pw"),
    ("pw", "dw"),
    ("pw", "dw", "pw"),
    ("dw", "pw", "dw", "pw"),
    ("pw", "dw", "pw", "pw", "dw", "pw"),
)
SMALL = Accelerator(
    entries=611,
    entry_bits=8,
    partial_bits=8,
    copies=1,
    channel_block=1,
    line_bytes=64,
    macs_per_cycle=1,
    clock_mhz=1.0,
    dram="DDR3-1333",
)
SIZES = Sizes(heights=(1, 3, 5, 8, 12), widths=(1, 9), channels=(1, 40))


@dataclass(frozen=True)
class Planned:
    """A network with a schedule, its program, and what the search counted."""

    scheduled: ModuleOp
    program: ModuleOp
    moved: int
    cost: float
    most_entries: int


def planned(module: ModuleOp, machine: Accelerator, schedule: DramSchedule) -> Planned:
    """Schedules and lowers a network; CapacityError where the buffer is too small."""
    scheduled = module.clone()
    scheduled.attributes[TARGET] = AcceleratorAttr(machine)
    run_pipeline(scheduled, f"{GRAPH_LEVEL},schedule-dram{{schedule={schedule}}}")
    steps = [
        step_of(op, machine)
        for op in network_of(scheduled).body.block.ops
        if isinstance(op, LayerOperation)
    ]
    program = scheduled.clone()
    run_pipeline(program, "lower-to-accelerator,canonicalize,cse")
    moved = sum(step.entries for step in steps)
    cost = sum(step.way.cost for step in steps)
    return Planned(scheduled, program, moved, cost, max(step.way.entries for step in steps))


def fitting(module: ModuleOp, machine: Accelerator, schedule: DramSchedule) -> Accelerator:
    """The accelerator with a buffer that is large enough: each error names a size that is."""
    refused: set[str] = set()
    while True:
        try:
            planned(module, machine, schedule)
        except CapacityError as error:
            words = str(error).split()
            layer, size = (words[words.index(word) + 1] for word in ("layer", "needs"))
            assert layer not in refused, "the size that an error names is enough for the layer"
            assert int(size) > machine.entries
            refused.add(layer)
            machine = replace(machine, entries=int(size))
        else:
            return machine


def compulsory(module: ModuleOp, machine: Accelerator) -> int:
    """Entries of all weights, inputs and outputs."""
    network = network_of(module)
    returned = network.body.block.last_op
    assert returned is not None
    ports = (*network.body.block.args, *returned.operands)
    weights = sum(
        layer.weight_array.size
        for layer in layers_of(module).values()
        if isinstance(layer, WeightedOperation)
    )
    return weights + sum(prod(tensor_type(value).get_shape()) for value in ports)


def moved(run: ProgramRun) -> int:
    """Entries that a program moved."""
    return int(run.transfers.table[:, 1].sum())


@st.composite
def machines(draw: st.DrawFn) -> Accelerator:
    """A small accelerator."""
    return replace(
        SMALL,
        entries=draw(st.integers(16, 4096)),
        entry_bits=draw(st.sampled_from([8, 16])),
        partial_bits=draw(st.sampled_from([8, 32])),
        copies=draw(st.integers(1, 2)),
        channel_block=draw(st.sampled_from([1, 4, 16])),
    )


@settings(max_examples=25, deadline=None)
@given(
    network=st.one_of(random_chains(PATTERNS, SIZES), residual_blocks()),
    machine=machines(),
    schedule=st.sampled_from(list(DramSchedule)),
)
def test_random_networks_on_random_buffers(
    network: RandomLayer, machine: Accelerator, schedule: DramSchedule
) -> None:
    machine = fitting(network.module, machine, schedule)
    plan = planned(network.module, machine, schedule)
    expected = run_reference(network.module, *network.inputs)
    np.testing.assert_array_equal(
        run_reference(plan.scheduled, *network.inputs).outputs[0], expected.outputs[0]
    )
    run = run_program(program_of(plan.program), machine, network.inputs)
    np.testing.assert_array_equal(run.outputs[0], expected.outputs[0])
    for label, values in run.layers.items():
        np.testing.assert_array_equal(values, expected.layers[label])
    assert moved(run) == plan.moved
    assert plan.most_entries <= run.high_water <= machine.entries
    walked = run_program(program_of(plan.program), machine)
    np.testing.assert_array_equal(walked.transfers.table, run.transfers.table)


def test_rows_that_stay_are_counted_once_beside_several_tiles_of_kernels() -> None:
    """A depthwise convolution of one channel in strips, whose pointwise layer is cut in three."""
    machine = replace(SMALL, entries=186, entry_bits=8, channel_block=4)
    builder = ModelBuilder().begin(1, 12, 3, Activation(layout=Layout.HWC))
    builder.depthwise(WindowAttr.of((3, 3), (2, 1), (1, 2, 0, 0)), Activation(layout=Layout.CHW))
    builder.pointwise(25, Activation(layout=Layout.HWC))
    module = builder.module()
    plan = planned(module, machine, DramSchedule.PAIRS)
    assert moved(run_program(program_of(plan.program), machine)) == plan.moved


def test_rows_that_stay_are_counted_once_in_a_residual_block() -> None:
    """Its depthwise layer in strips, the pointwise one behind it in four tiles of one kernel."""
    machine = replace(SMALL, entries=611, entry_bits=16, channel_block=1)
    module = BlockMaker(4, 10, seed=0, layout=Layout.CHW).make().module
    plan = planned(module, machine, DramSchedule.PAIRS)
    assert moved(run_program(program_of(plan.program), machine)) == plan.moved == 2204


@settings(max_examples=10, deadline=None)
@given(network=residual_blocks(), machine=machines())
def test_each_schedule_needs_no_more_bursts_than_the_one_before(
    network: RandomLayer, machine: Accelerator
) -> None:
    machine = fitting(network.module, machine, DramSchedule.RASTER)
    least = compulsory(network.module, machine)
    before: float | None = None
    for schedule in DramSchedule:
        plan = planned(network.module, machine, schedule)
        assert plan.moved >= least
        assert before is None or plan.cost <= before * 1.000001
        before = plan.cost


@pytest.mark.parametrize(
    ("name", "schedule"),
    [("mv1-96", schedule) for schedule in DramSchedule] + [("mv2-128", DramSchedule.BEST)],
)
def test_networks_of_the_zoo_are_bit_exact(name: str, schedule: DramSchedule) -> None:
    machine = replace(load_accelerator("dram_accelerator").accelerator, entries=16384)
    network = ScheduledNetwork.of(import_onnx(build(name)), machine, schedule)
    run = network.run()
    assert not run.differences
    assert run.trace.bytes_read + run.trace.bytes_written == network.moved_bytes
    assert run.high_water <= machine.entries


TABLE = {
    ("mv1-1.0-224", 65536): (16.52, 15.84, 12.38, 11.61, 9.05),
    ("mv2-1.0-224", 16384): (26.50, 21.32, 14.61, 6.96, 6.83),
    ("mv2-1.0-224", 65536): (18.25, 17.20, 12.60, 4.77, 3.93),
    ("mv2-1.0-224", 262144): (17.39, 17.20, 12.60, 5.70, 3.63),
}
"""Million entries that each schedule may move, from the plainest to the best.

Raster order may move 18.2, and is chosen by bursts, of which it has fewer than with fewer entries.
"""


@pytest.mark.slow
@pytest.mark.parametrize(("name", "entries"), list(TABLE))
def test_full_width_networks_are_bit_exact_and_move_little(name: str, entries: int) -> None:
    machine = replace(load_accelerator("dram_accelerator").accelerator, entries=entries)
    imported = import_onnx(build(name))
    for schedule, most in zip(DramSchedule, TABLE[name, entries], strict=True):
        network = ScheduledNetwork.of(imported, machine, schedule)
        run = network.run()
        assert not run.differences
        assert run.trace.bytes_read + run.trace.bytes_written == network.moved_bytes
        assert network.moved_bytes <= most * 1e6


def test_a_buffer_too_small_names_the_layer_and_the_smallest_size() -> None:
    machine = replace(load_accelerator("dram_accelerator").accelerator, entries=64)
    with pytest.raises(CapacityError, match=r'layer ".*" needs \d+ entries on chip'):
        ScheduledNetwork.of(import_onnx(build("mv1-96")), machine)
