"""The report says why a layer makes less than 2 MAC/cycle."""

from pathlib import Path

import pytest
from xdsl.dialects.builtin import ModuleOp

import dsconv
from dsconv.dialects.machine import AssemblyOp
from dsconv.dialects.tiled import LayerOp
from dsconv.execution.slow_layers import FEW_MACS, SLOW, why_slow
from dsconv.lowering.c_target import network_function
from dsconv.passes.analysis.target_cluster import DEFAULT_CLUSTER
from dsconv.runners import LayerStats

DIGITS = Path(__file__).parents[1] / "examples" / "digits" / "digits.onnx"


@pytest.fixture(scope="module")
def lowered() -> ModuleOp:
    return dsconv.compile(DIGITS, target="pulp_open").lowered


def layers_of(module: ModuleOp) -> list[LayerOp]:
    return [op for op in network_function(module).body.block.ops if isinstance(op, LayerOp)]


def reason(layer: LayerOp, module: ModuleOp, rate: float, moved: int = 0, l3: int = 0):
    cycles = int(layer.macs.value.data / rate)
    return why_slow(layer, module, LayerStats(cycles, moved, 0, 0, l3), DEFAULT_CLUSTER)


def largest(module: ModuleOp) -> LayerOp:
    return max(layers_of(module), key=lambda layer: layer.macs.value.data)


def test_a_fast_layer_has_no_reason(lowered: ModuleOp):
    assert reason(largest(lowered), lowered, SLOW) is None
    nobody_measured = LayerStats(None, 0, 0, 0, 0)
    assert why_slow(largest(lowered), lowered, nobody_measured, DEFAULT_CLUSTER) is None


def test_what_most_cycles_go_to_is_the_reason(lowered: ModuleOp):
    layer = largest(lowered)
    macs = layer.macs.value.data
    assert macs > FEW_MACS
    assert reason(layer, lowered, 1, l3=macs) == f"waits for {macs:,} bytes from or to L3"
    moved = f"moves {8 * macs:,} bytes between L2 and L1"
    assert reason(layer, lowered, 1, moved=8 * macs) == moved
    assert "few outputs" in str(reason(layer, lowered, 1, moved=macs))


def test_few_macs_are_a_reason(lowered: ModuleOp):
    layer = min(layers_of(lowered), key=lambda layer: layer.macs.value.data or FEW_MACS)
    assert "few MACs" in str(reason(layer, lowered, 1))


def test_loops_in_c_are_a_reason(lowered: ModuleOp):
    module = lowered.clone()
    for op in list(module.walk()):
        if isinstance(op, AssemblyOp):
            op.detach()
    assert "loops in C" in str(reason(largest(module), module, 1))
    assert reason(largest(module), module, SLOW) is None
