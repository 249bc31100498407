"""Depthwise kernels in assembly: strips and rows on paper, then whole layers on GVSoC."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest
from handwritten import needs_gvsoc
from random_kernels import KernelRun, KernelThatRoundsTwice, RandomKernel
from xpulp_program import KernelSimulator, check_kernels

from benchmarks.layers import GvsocNetwork
from dsconv.bench.model_builder import Activation, ModelBuilder
from dsconv.dialects.attributes import Layout, WindowAttr
from dsconv.dialects.graph import DepthwiseOp
from dsconv.dialects.machine import AssemblyOp
from dsconv.dialects.tiled import KernelOp
from dsconv.driver.pipeline import run_pipeline
from dsconv.lowering.xpulp.depthwise import depthwise
from dsconv.lowering.xpulp.depthwise_splits import DepthwiseShape, phases
from dsconv.lowering.xpulp.row_steps import RowSchedule, RowStep, Walk
from dsconv.lowering.xpulp.strips import LANES, StripAxis, StripPlan, plans, runs_of, strips_of
from dsconv.passes.analysis.target_cluster import DEFAULT_CLUSTER
from dsconv.targets import load_target

LAYERS = 8
"""Of a network: so many shapes in one run of the simulator."""


def random_axis(rng: random.Random) -> StripAxis:
    while True:
        inputs, taps, stride = rng.randint(1, 17), rng.randint(1, 7), rng.randint(1, 3)
        start = -rng.randint(0, taps - 1)
        outputs = (inputs - start + rng.randint(0, taps - 1) - taps) // stride + 1
        if outputs > 0:
            return StripAxis(inputs, outputs, taps, stride, start)


@pytest.mark.parametrize("seed", range(100))
def test_words_of_strips_hold_every_tap_once(seed: int):
    axis = random_axis(random.Random(seed))
    row, weights = np.arange(1, axis.inputs + 1), 10 ** np.arange(axis.taps)
    behind = np.concatenate([row, np.full(2 * LANES, 1000)])
    for plan in plans(axis.taps, axis.stride, axis.outputs):
        seen: set[int] = set()
        for strip in strips_of(axis, plan):
            words = iter(strip.words)
            for column, loads in enumerate(plan.uses):
                output = strip.first_output + column
                total = 0
                for load in loads:
                    word = next(words)
                    first = strip.loads[load] + word.lane
                    assert strip.loads[load] >= 0
                    assert word.lane + word.count <= LANES
                    taps = weights[word.first : word.first + word.count]
                    total += int((behind[first : first + word.count] * taps).sum())
                positions = [axis.position(output, tap) for tap in range(axis.taps)]
                assert total == sum(
                    int(row[position] * weight)
                    for position, weight in zip(positions, weights, strict=True)
                    if axis.is_inside(position)
                )
                seen.add(output)
        assert seen == set(range(axis.outputs))


@pytest.mark.parametrize("seed", range(100))
def test_runs_are_the_strips_in_their_order(seed: int):
    axis = random_axis(random.Random(seed))
    for plan in plans(axis.taps, axis.stride, axis.outputs):
        strips = strips_of(axis, plan)
        runs = runs_of(axis, strips)
        assert [strip for run in runs for strip in run.strips] == list(strips)
        for run in runs:
            firsts = [strip.first_output for strip in run.strips]
            assert firsts == list(range(firsts[0], firsts[-1] + 1, plan.columns))


def unrolled(walk: Walk) -> list[RowStep]:
    body = [*walk.body] * walk.count
    return [*walk.before, *body[walk.entry :], *walk.after]


def outputs_of(steps: Sequence[RowStep], schedule: RowSchedule) -> list[int]:
    """Runs the steps on rows of ones, tens, ...: slots and register sets as the kernel has them."""
    axis = schedule.axis
    sets = [0] * schedule.register_sets
    slots = [0] * schedule.slots
    next_row = schedule.first_row

    def load(register_set: int) -> None:
        nonlocal next_row
        sets[register_set] = 10**next_row
        next_row += 1

    for register_set in range(min(schedule.register_sets, schedule.loaded_rows)):
        load(register_set)
    outputs: list[int] = []
    for step in steps:
        row = 0 if step.registers is None else sets[step.registers]
        for tap in step.taps:
            product = (tap.row + 1) * row
            slots[tap.slot] = product if tap.is_first else slots[tap.slot] + product
        if step.registers is not None and step.loads:
            load(step.registers)
        outputs += [0 if finish.is_empty else slots[finish.slot] for finish in step.finishes]
    assert len(outputs) == axis.outputs
    return outputs


@pytest.mark.parametrize("seed", range(100))
@pytest.mark.parametrize("skips_padding", [False, True])
def test_rows_make_every_output(seed: int, skips_padding: bool):
    axis = random_axis(random.Random(seed))
    schedule = RowSchedule(axis, skips_padding, tile_rows=axis.inputs)
    expected = [
        sum(
            (tap + 1) * 10 ** axis.position(output, tap)
            for tap in range(axis.taps)
            if axis.is_inside(axis.position(output, tap))
        )
        for output in range(axis.outputs)
    ]
    walk = schedule.walk()
    assert unrolled(walk) == schedule.steps()
    assert outputs_of(unrolled(walk), schedule) == expected


def test_a_tall_map_is_a_loop_of_three_rows():
    walk = RowSchedule(StripAxis(64, 64, 3, 1, -1), skips_padding=True, tile_rows=64).walk()
    assert len(walk.body) == 3
    assert walk.count == 21
    assert walk.entry == 0


def test_a_ring_wraps_in_front_of_its_loop():
    """Rows 14 and 15 of two blocks of eight, then 0 to 7."""
    walk = RowSchedule(StripAxis(24, 8, 3, 1, 14), skips_padding=True, tile_rows=16).walk()
    wraps = [step.wraps for step in unrolled(walk)]
    assert wraps.index(True) == 0
    assert wraps.count(True) == 1
    assert len(walk.body) == 3
    assert walk.count == 3


@pytest.mark.parametrize(("rows", "is_loop"), [(4, False), (5, False), (6, True), (32, True)])
def test_rows_whose_code_fits_the_instruction_cache_are_no_loop(rows: int, is_loop: bool):
    """A row of outputs is 18 instructions, and a row of input one load."""
    builder = ModelBuilder().begin(8, rows + 2, 32, Activation(layout=Layout.CHW))
    window = WindowAttr.of((3, 3), (1, 1), (0, 1, 0, 1))
    builder.depthwise(window, Activation())
    module = builder.module()
    run_pipeline(module, "narrow-requant,tile-l1,lower-to-tiles")
    (kernel,) = (op for op in module.walk() if isinstance(op, KernelOp))
    two_columns_of_a_word = StripPlan((0,), ((0,), (0,)))
    (shape,) = DepthwiseShape.of(kernel, 0, -1)
    walk = shape.walk(two_columns_of_a_word)
    assert bool(walk.body) == is_loop


def ring(seed: int, largest: int, layouts: tuple[Layout, Layout]) -> KernelRun:
    """A depthwise kernel on a ring, its window padded at the sides only."""
    rng = random.Random(seed)
    fy, fx = rng.choice([1, 2, 3, 3, 5]), rng.choice([1, 2, 3, 3, 5])
    sy, sx = rng.choice([1, 1, 2, 3]), rng.choice([1, 1, 2])
    rows = rng.randint(1, largest)
    height = (rows - 1) * sy + fy + rng.randint(0, largest)
    width = rng.randint(fx, fx + largest)
    pads = rng.choice([(0, 0), (fx // 2, fx // 2), (0, fx - 1)])
    window = WindowAttr.of((fy, fx), (sy, sx), (0, pads[0], 0, pads[1]))
    return RandomKernel(seed, rng.randint(1, largest), (height, width)).ring(window, rows, layouts)


@pytest.mark.parametrize("seed", range(2))
def test_windows_whose_weights_are_on_the_stack(simulator: KernelSimulator, seed: int):
    """Too large for registers: 6x6 to 11x11, in both layouts, with strides and padding."""
    rng = np.random.default_rng(seed)

    def one(kernel: tuple[int, int], layouts: tuple[Layout, Layout]) -> KernelRun:
        strides = [int(rng.integers(1, 3)) for _ in range(2)]
        pads = [int(rng.integers(size)) for size in (*kernel, *kernel)]
        height, width = (size + int(rng.integers(9)) for size in kernel)
        shape = RandomKernel(int(rng.integers(2**32)), int(rng.integers(1, 17)), (height, width))
        return shape.depthwise(WindowAttr.of(kernel, strides, pads), layouts)

    sizes = [(6, 6), (7, 7), (8, 5), (5, 8), (9, 9), (7, 9), (11, 11)]
    layouts = [(source, target) for source in Layout for target in Layout]
    check_written(simulator, [one(size, pair) for size in sizes for pair in layouts])


def test_kernels_that_round_twice(simulator: KernelSimulator) -> None:
    window = WindowAttr.of((3, 2), pads=(1, 1, 1, 0))
    runs = [
        KernelThatRoundsTwice(seed, 3 + seed % 8, (5, 4)).depthwise(window, layouts)
        for seed, layouts in enumerate([*product(Layout, Layout)] * 5)
    ]
    check_kernels(simulator, depthwise, runs)


def check_written(simulator: KernelSimulator, runs: Sequence[KernelRun]) -> None:
    """Checks kernels but for a few that take too many registers: large windows, 64 bits."""
    written = [run for run in runs if depthwise(run.kernel, DEFAULT_CLUSTER) is not None]
    assert len(written) > 0.85 * len(runs)
    check_kernels(simulator, depthwise, written)


@pytest.mark.parametrize("seed", range(10))
def test_loops_on_rings(seed: int):
    run = ring(seed, 4, (list(Layout)[seed % 2], list(Layout)[seed // 2 % 2]))
    np.testing.assert_array_equal(run.lowered(), run.expected())


LAYOUTS = [(source, target) for source in Layout for target in Layout]


@pytest.mark.parametrize("seed", range(2))
def test_rings(simulator: KernelSimulator, seed: int):
    check_written(simulator, [ring(100 * seed + i, 14, LAYOUTS[i % 4]) for i in range(60)])


def whole_map(
    seed: int, largest: int, layouts: tuple[Layout, Layout], dilations: tuple[int, int] = (1, 1)
) -> KernelRun:
    """A depthwise kernel with any padding."""
    rng = random.Random(seed)
    fy, fx = kernel = rng.choice([1, 2, 3, 3, 5]), rng.choice([1, 2, 3, 3, 5])
    strides = rng.choice([1, 1, 2, 3]), rng.choice([1, 1, 2])
    y, x = (fy - 1) * dilations[0] + 1, (fx - 1) * dilations[1] + 1
    size = rng.randint(y, y + largest), rng.randint(x, x + largest)
    pads = rng.choice([(0, 0, 0, 0), (y // 2, x // 2, y // 2, x // 2), (y - 1, 0, 0, x - 1)])
    window = WindowAttr.of(kernel, strides, pads, dilations)
    return RandomKernel(seed, rng.randint(1, largest), size).depthwise(window, layouts)


@pytest.mark.parametrize("seed", range(2))
def test_whole_maps(simulator: KernelSimulator, seed: int):
    runs = [whole_map(100 * seed + i, 14, LAYOUTS[i % 4]) for i in range(60)]
    runs += [whole_map(seed, 1, (Layout.HWC, layout)) for layout in Layout]
    check_written(simulator, runs)


def test_dilated_windows(simulator: KernelSimulator):
    runs = [
        whole_map(10 * i + number, 14, LAYOUTS[i % 4], dilations)
        for number, dilations in enumerate([(2, 1), (1, 3), (2, 2), (3, 2)])
        for i in range(16)
    ]
    check_written(simulator, runs)


@pytest.mark.parametrize("seed", range(100))
def test_dense_axes_of_a_dilated_one_make_every_output_once(seed: int):
    rng = random.Random(seed)
    axis, dilation = random_axis(rng), rng.randint(1, 4)
    seen: list[int] = []
    for phase in phases(axis, dilation):
        for number in range(phase.axis.outputs):
            output = phase.first_output + number * phase.output_step
            seen.append(output)
            for tap in range(axis.taps):
                inside = phase.axis.position(number, tap)
                position = axis.position(output, 0) + tap * dilation
                assert phase.first_input + inside * dilation == position
                assert phase.axis.is_inside(inside) == axis.is_inside(position)
    assert sorted(seen) == list(range(axis.outputs))


def hwc(channels: int, width: int, window: WindowAttr) -> KernelRun:
    return RandomKernel(channels, channels, (4, width)).depthwise(window, (Layout.HWC, Layout.HWC))


def test_rows_and_pixels_of_hwc_that_are_far_apart(simulator: KernelSimulator):
    window = WindowAttr.of((3, 3), pads=(1, 1, 1, 1))
    runs = [hwc(channels, width, window) for channels, width in ((340, 6), (682, 3), (682, 4))]
    check_kernels(simulator, depthwise, runs)
    assert depthwise(hwc(683, 4, window).kernel, DEFAULT_CLUSTER) is None


class RandomChain:
    """A network of depthwise layers, windows, signs, zero points and layouts drawn from a seed."""

    def __init__(self, seed: int, largest: int):
        self.random = random.Random(seed)
        channels = self.random.choice([1, 2, 3, 5, 8, 12, 16, 33])
        size = self.random.randint(3, largest), self.random.randint(3, largest)
        first = self.activation(self.random.choice(list(Layout)))
        self.builder = ModelBuilder(seed).begin(channels, *size, first)

    def activation(self, layout: Layout) -> Activation:
        dtype = self.random.choice([np.uint8, np.int8])
        zero_point = self.random.choice([0, 0, 5, 77] if dtype is np.uint8 else [-128, 0, 5])
        return Activation(dtype, zero_point, layout)

    def network(self, l1_bytes: int | None) -> GvsocNetwork:
        """The network, for an L1 with so many bytes for tiles."""
        while self.builder.layers < LAYERS:
            window = self.window()
            _, *size = self.builder.shape
            if min(window.output_size(*size)) > 0:
                layout = self.random.choice(list(Layout))
                self.builder.depthwise(window, self.activation(layout))
        target = load_target("pulp_open").with_sizes(l1_bytes, None)
        return GvsocNetwork(self.builder.module(), target)

    def window(self) -> WindowAttr:
        rng = self.random
        _, height, width = self.builder.shape
        fy, fx = (rng.choice([1, 2, 3, 3, 3, 4, 5, 7]) for _ in range(2))
        pads = [fy // 2, fx // 2, fy // 2, fx // 2]
        if rng.random() < 0.4:
            pads = [rng.randint(0, extent - 1) for extent in (fy, fx, fy, fx)]
        strides = [rng.choice([1, 1, 2, 3]) if min(height, width) > 8 else 1 for _ in range(2)]
        return WindowAttr.of((fy, fx), strides, pads)


@needs_gvsoc
@pytest.mark.parametrize("seed", range(8))
def test_random_layers(seed: int):
    network = RandomChain(seed, largest=20).network(None)
    network.check(network.run(trace=True))


@needs_gvsoc
@pytest.mark.parametrize("seed", range(100, 104))
def test_random_layers_in_tiles(seed: int):
    network = RandomChain(seed, largest=40).network(8192 + 2600)
    network.check(network.run(trace=True))


@pytest.mark.parametrize("kernel", [1, 3, 5])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("x", [Activation(), Activation(np.int8, -128), Activation(np.int8, 3)])
@pytest.mark.parametrize("layouts", LAYOUTS)
def test_usual_layers_have_a_kernel(
    kernel: int, stride: int, x: Activation, layouts: tuple[Layout, Layout]
):
    source, layout = layouts
    builder = ModelBuilder().begin(16, 15, 16, Activation(x.dtype, x.zero_point, source))
    pad = kernel // 2
    window = WindowAttr.of((kernel, kernel), (stride, stride), (pad, pad, pad, pad))
    builder.depthwise(window, Activation(layout=layout))
    network = GvsocNetwork(builder.module())
    assert isinstance(network.layers[0], DepthwiseOp)
    assert any(isinstance(op, AssemblyOp) for op in network.lowered.body.block.ops)
