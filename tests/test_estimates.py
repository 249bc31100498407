"""What the compiler expects of real networks' layers, beside what they take on GVSoC."""

from pathlib import Path

import numpy as np
import pytest
from handwritten import needs_gvsoc

import dsconv
from dsconv.execution.slow_layers import FEW_MACS

MODELS = Path(__file__).parents[2] / "shared" / "models"

WORST, MEDIAN = 0.4, 0.2
"""How far an estimate may be off for a layer, and for half of a network's."""


@needs_gvsoc
@pytest.mark.slow
@pytest.mark.skipif(not MODELS.is_dir(), reason="no shared models on this machine")
@pytest.mark.parametrize(
    "model", sorted(MODELS.glob("*/*.onnx")), ids=lambda path: path.parent.name
)
def test_layers_take_about_what_is_estimated(model: Path):
    """Layers of many MACs; estimates leave out what a layer waits for L3."""
    compiled = dsconv.compile(model, target="pulp_open")
    estimates = [layer.estimate.value.data for layer in compiled.layers]
    ratios = {
        layer.name: estimate / layer.cycles
        for layer, estimate in zip(compiled.run(on="gvsoc").layers, estimates, strict=True)
        if layer.cycles and layer.macs >= FEW_MACS and not layer.l3_l2
    }
    errors = np.abs(np.array([*ratios.values()]) - 1)
    assert errors.max(initial=0) < WORST, ratios
    assert np.median(errors) < MEDIAN, ratios
