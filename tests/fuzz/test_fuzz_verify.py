"""verify on networks that dsconv quantize made: no false alarm, and planted faults are placed.

FUZZ_VERIFY sets how many of each.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random

import numpy as np
import onnx
import pytest
from exact_support import Array
from float_networks import CALIBRATIONS, FloatNetwork, image
from xdsl.ir import Block, Operation

import dsconv
from dsconv.dialects.attributes import WindowAttr
from dsconv.dialects.graph import (
    ConcatOp,
    ConstantOp,
    LayerOperation,
    RequantisedOperation,
    WeightedOperation,
)
from dsconv.dialects.run import layers_of
from dsconv.errors import ModelError
from dsconv.execution.execute import run_imported
from dsconv.execution.ports import quantised_inputs
from dsconv.quantise import quantise
from dsconv.verification.oracles import Judge
from dsconv.verification.result import Verification
from dsconv.verification.verify import verify

COUNT = int(os.environ.get("FUZZ_VERIFY") or 6)
JUDGES = (Judge.ONNX_RUNTIME, Judge.EXACT)
"""Who judges ONNX files."""


def compiled(seed: int, folder: Path) -> tuple[dsconv.Network, Path, Array]:
    """A random float network, quantised by dsconv and compiled, and an input for it."""
    network = FloatNetwork(seed)
    source, target = folder / "float.onnx", folder / "quantised.onnx"
    onnx.save(network.network(), str(source))
    rng = np.random.default_rng(seed)
    samples = [image(network.image_shape, rng) for _ in range(CALIBRATIONS)]
    quantise(source, {"image": np.concatenate(samples)}, target)
    try:
        return dsconv.compile(target, "host"), target, image(network.image_shape, rng)
    except ModelError as error:
        pytest.skip(f"refused: {error}")


def change_weight(layer: LayerOperation, random: Random) -> bool:
    """One weight is another."""
    if not isinstance(layer, WeightedOperation):
        return False
    weights = layer.weight_array.copy()
    place = random.randrange(weights.size)
    weights.reshape(-1)[place] = -int(weights.reshape(-1)[place]) // 2 + 20
    return replace_constant(layer.weights.owner, weights)


def change_bias(layer: LayerOperation, random: Random) -> bool:
    """One channel's bias is another."""
    if not isinstance(layer, WeightedOperation):
        return False
    bias = layer.bias_array.copy()
    bias[random.randrange(bias.size)] += 2**10
    return replace_constant(layer.bias.owner, bias)


def change_scale(layer: LayerOperation, random: Random) -> bool:
    """All results are larger by a twentieth."""
    if not isinstance(layer, RequantisedOperation):
        return False
    requant = layer.requant
    multipliers = [multiplier + multiplier // 20 for multiplier in requant.multipliers]
    layer.properties["requant"] = requant.with_factors(
        multipliers, requant.divisors, requant.addends
    )
    return multipliers != list(requant.multipliers)


def change_pads(layer: LayerOperation, random: Random) -> bool:
    """Pads lie on the other side."""
    window = layer.properties.get("window")
    if not isinstance(window, WindowAttr) or not any(window.pads):
        return False
    top, left, bottom, right = window.pads
    pads = (top + bottom, left + right, 0, 0) if bottom + right else (0, 0, top, left)
    layer.properties["window"] = WindowAttr.of(
        window.kernel, window.strides, pads, window.dilations
    )
    return True


def change_axes(layer: LayerOperation, random: Random) -> bool:
    """Rows of a kernel are its columns, or parts lie the other way round."""
    if isinstance(layer, ConcatOp) and len(layer.operands) == 2:
        first, second = layer.operands
        layer.operands[0], layer.operands[1] = second, first
        return True
    if not isinstance(layer, WeightedOperation) or layer.weight_array.ndim < 3:
        return False
    weights = layer.weight_array
    if weights.shape[-1] != weights.shape[-2]:
        return False
    return replace_constant(layer.weights.owner, np.swapaxes(weights, -1, -2))


def replace_constant(owner: Operation | Block, array: Array) -> bool:
    """Gives a constant other numbers, unless they are the same."""
    assert isinstance(owner, ConstantOp)
    value = ConstantOp.of(np.ascontiguousarray(array)).properties["value"]
    changed = owner.properties["value"] != value
    owner.properties["value"] = value
    return changed


FAULTS: Sequence[Callable[[LayerOperation, Random], bool]] = (
    *(change_weight, change_bias, change_scale, change_pads, change_axes),
)


def results(network: dsconv.Network, x: Array) -> Mapping[str, Array]:
    """What every layer gives."""
    inputs = quantised_inputs(x, network.imported.inputs)
    (row,) = zip(*inputs, strict=True)
    return run_imported(network.imported, row).layers


@pytest.mark.parametrize("seed", range(COUNT))
def test_no_false_alarm(seed: int, tmp_path: Path):
    network, path, x = compiled(seed, tmp_path)
    for judge in JUDGES:
        found = verify(network, path, x, on="host", judge=judge)
        assert found.equal, judge


@pytest.mark.parametrize("seed", range(COUNT))
def test_a_planted_fault_is_placed(seed: int, tmp_path: Path):
    network, path, x = compiled(seed, tmp_path)
    before, random = results(network, x), Random(seed)
    named = [source.label for source in network.imported.layers if source.output is not None]
    layers = layers_of(network.imported.module)
    for label in random.sample(named, len(named)):
        if random.choice(FAULTS)(layers[label], random):
            if np.array_equal(results(network, x)[label], before[label]):
                pytest.skip("the fault changes no value of this input")
            for judge in JUDGES:
                assert first_wrong(verify(network, path, x, on="host", judge=judge)) == label
            return
    pytest.skip("there is no place for this fault")


def first_wrong(found: Verification) -> str | None:
    """The first layer that differs."""
    assert not found.equal
    wrong = [
        layer.label
        for layer in found.layers
        if layer.agreement is not None and not layer.agreement.is_explained
    ]
    return wrong[0] if wrong else None
