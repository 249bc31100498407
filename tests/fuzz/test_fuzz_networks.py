"""Random networks, compiled for random targets and memories, compute what their layers mean.

Every layer is compared, on the host, under address and undefined-behaviour sanitizers, with every
transfer checked. FUZZ_NETWORKS sets how many, drawn anew; by default a few, the same every time.
"""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from fused_kernel_chains import kernel_names
from hypothesis import HealthCheck, given, note, seed, settings
from hypothesis import strategies as st
from random_networks import RandomNetwork, random_networks
from sanitized import build_sanitized
from xdsl.dialects.builtin import ModuleOp

from dsconv.dialects.attributes import Layout, LayoutAttr
from dsconv.dialects.graph import layout_of
from dsconv.dialects.run import network_of, run_reference, to_memory
from dsconv.dialects.tiled import LayerOp
from dsconv.driver.pipeline import default_pipeline, run_pipeline, set_target
from dsconv.errors import CapacityError
from dsconv.execution.execute import without_padding
from dsconv.lowering.c_target import network_function
from dsconv.passes.fuse_dsconv import PATTERNS
from dsconv.passes.scheduling.kernel_names import VALUES
from dsconv.runners import RunResult, host
from dsconv.targets import CLUSTER, ClusterTarget, load_target

ASKED = os.environ.get("FUZZ_NETWORKS")
NETWORKS = int(ASKED or 24)
PART = 25 if ASKED else 4
"""Networks of one test; pytest-xdist gives tests to several processes."""
OPTIONAL_PASSES = (
    *("fold-weight-zero-points", "narrow-requant", "double-buffer"),
    *("keep-in-l1", "prefetch-weights"),
    *("lower-kernels-to-xpulp", "canonicalize", "cse"),
)
LARGE_L1, LARGE_L2 = 2**20, 2**22


KERNELS = [name for schedule in VALUES for name in kernel_names(schedule)]
CHAINS = [f"mode={mode}" for mode in PATTERNS] + [f"kernel={name}" for name in KERNELS]
FUSIONS = st.builds("fuse-dsconv{{{} fd={}}}".format, st.sampled_from(CHAINS), st.integers(0, 5))


@st.composite
def targets(draw: st.DrawFn) -> ClusterTarget:
    """A target that comes with dsconv, with 16 to 256 kB of L1 and little or enough L2."""
    target = load_target(draw(st.sampled_from(CLUSTER.names)))
    return target.with_sizes(
        draw(st.integers(2**14, 2**18)),
        target.l2.reserved + draw(st.integers(2**14, 2**17) | st.just(LARGE_L2)),
    )


@pytest.mark.parametrize("part", range(NETWORKS // PART))
def test_networks(part: int):
    test = check if ASKED else seed(part)(check)
    test()


@settings(
    max_examples=PART,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    network=random_networks(),
    target=targets(),
    left_out=st.sets(st.sampled_from(OPTIONAL_PASSES), max_size=2),
    fusion=st.none() | FUSIONS,
)
def check(network: RandomNetwork, target: ClusterTarget, left_out: set[str], fusion: str | None):
    lowered, target = lowered_where_it_fits(network, target, left_out, fusion)
    with TemporaryDirectory() as folder:
        build_sanitized(lowered, Path(folder), target)
        data = [to_memory(x, input_layout(network.module)) for x in network.inputs]
        result = host.run(Path(folder), np.concatenate(data))
    assert_equal(network, lowered, result)


def lowered_where_it_fits(
    network: RandomNetwork, target: ClusterTarget, left_out: set[str], fusion: str | None
) -> tuple[ModuleOp, ClusterTarget]:
    """The network lowered for a target, or for one with more memory where that is too small."""
    try:
        return lowered_for(network, target, left_out, fusion), target
    except CapacityError as error:
        note(f"for {target.name}: {error}")
    large = target.with_sizes(LARGE_L1, target.l2.reserved + LARGE_L2)
    return lowered_for(network, large, left_out, fusion), large


def lowered_for(
    network: RandomNetwork, target: ClusterTarget, left_out: set[str], fusion: str | None
) -> ModuleOp:
    passes = default_pipeline(target).split(",")
    kept = [name for name in passes if name.partition("{")[0] not in left_out]
    if fusion is not None:
        chooses = next(at for at, name in enumerate(kept) if name.startswith("select-"))
        kept.insert(chooses, fusion)
    pipeline = ",".join(kept)
    note(f"{target.name}: {pipeline}")
    lowered = network.module.clone()
    set_target(lowered, target, len(network.kinds))
    run_pipeline(lowered, pipeline)
    return lowered


def assert_equal(network: RandomNetwork, lowered: ModuleOp, result: RunResult) -> None:
    layers = [op for op in network_function(lowered).body.block.ops if isinstance(op, LayerOp)]
    assert result.layer_outputs is not None
    returned = network_of(network.module).body.block.last_op
    assert returned is not None
    for number, x in enumerate(network.inputs):
        reference = run_reference(network.module, x)
        for layer, outputs in zip(layers, result.layer_outputs, strict=True):
            layout = layer.shape.encoding
            if layer.label.data in reference.layers and outputs[number].size:
                expected = to_memory(
                    reference.layers[layer.label.data],
                    layout.data if isinstance(layout, LayoutAttr) else None,
                )
                actual = without_padding(outputs[number], layer.shape)
                np.testing.assert_array_equal(actual, expected, layer.label.data)
        expected = to_memory(reference.outputs[0], layout_of(returned.operands[0]))
        np.testing.assert_array_equal(result.outputs[number], expected, "output")


def input_layout(module: ModuleOp) -> Layout | None:
    (argument,) = network_of(module).body.block.args
    return layout_of(argument)
