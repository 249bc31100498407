"""Fused kernels as C on every platform (Daghero et al. 2024, 3.2): bit-exact, all schedules.

Each program runs a random chain for every choice of layouts of a schedule, side by side.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from fused_kernel_chains import FusedChains, fused_chains
from handwritten import RUNNERS, needs_gvsoc
from hypothesis import HealthCheck, Phase, given, settings
from sanitized import build_sanitized

from dsconv.dialects.fused import FusedOp
from dsconv.dialects.graph import layout_of
from dsconv.dialects.run import run_reference, to_memory
from dsconv.dialects.target import Isa
from dsconv.dialects.tiled import LayerOp
from dsconv.driver.output import write_folder
from dsconv.driver.pipeline import run_pipeline
from dsconv.lowering.c_target import network_function
from dsconv.runners import build
from dsconv.targets import load_target

every_schedule = pytest.mark.parametrize(
    ("schedule", "residual"),
    [
        ("dw-pw-rows", False),
        ("dw-pw-rows", True),
        ("pw-dw-rows", False),
        ("pw-dw-channels", False),
        ("block-rows", False),
        ("block-rows", True),
    ],
)


def examples(count: int) -> settings:
    """A number of programs that are built and run; a failure is shown as drawn."""
    return settings(
        max_examples=count,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.large_base_example,
        ],
    )


def check(chains: FusedChains, platform: str) -> None:
    """Every chain, fused and run on a platform, makes what its layers mean."""
    target = load_target(platform)
    lowered = chains.fused.clone()
    xpulp = "lower-kernels-to-xpulp," if target.core.isa is Isa.XPULP else ""
    run_pipeline(
        lowered,
        f"narrow-requant,select-layout,tile-l1,lower-to-tiles,double-buffer,plan-memory,{xpulp}"
        "lower-kernels,canonicalize,cse",
    )
    network = chains.network
    with TemporaryDirectory() as folder:
        directory = Path(folder)
        if platform == "host":
            build_sanitized(lowered, directory, target)
        else:
            write_folder(lowered, directory, target, platform, trace=True)
            build(directory)
        data = to_memory(network.inputs[0], network.input_layouts[0])
        outputs = RUNNERS[platform].run(directory, data).layer_outputs
    layers = [op for op in network_function(lowered).body.block.ops if isinstance(op, LayerOp)]
    made = {layer.label.data: output[0] for layer, output in zip(layers, outputs, strict=True)}
    expected = run_reference(network.module, *network.inputs).layers
    fused = [op for op in chains.fused.walk() if isinstance(op, FusedOp)]
    for layer in fused:
        value = to_memory(expected[layer.label], layout_of(layer.result))
        np.testing.assert_array_equal(made[layer.label], value, layer.label)


def run_programs(schedule: str, platform: str, count: int, *, residual: bool) -> None:
    """Checks so many programs of random chains."""

    @examples(count)
    @given(chains=fused_chains(schedule, residual=residual))
    def run(chains: FusedChains):
        check(chains, platform)

    run()


@every_schedule
def test_host(schedule: str, residual: bool):
    run_programs(schedule, "host", 1, residual=residual)


def test_qemu():
    run_programs("pw-dw-rows", "qemu", 1, residual=False)


@needs_gvsoc
@every_schedule
def test_gvsoc(schedule: str, residual: bool):
    run_programs(schedule, "pulp_open", 1, residual=residual)


@pytest.mark.slow
@every_schedule
def test_many_on_the_host(schedule: str, residual: bool):
    run_programs(schedule, "host", 40, residual=residual)


@pytest.mark.slow
@needs_gvsoc
@every_schedule
def test_many_on_gvsoc(schedule: str, residual: bool):
    run_programs(schedule, "pulp_open", 20, residual=residual)
