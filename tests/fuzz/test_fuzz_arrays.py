"""Random networks on random systolic arrays compute what their layers mean."""

from __future__ import annotations

import os

import numpy as np
from hypothesis import HealthCheck, given, settings
from random_networks import RandomNetwork, random_networks
from test_systolic_array import arrays

from dsconv.dialects.graph import WeightedOperation
from dsconv.dialects.mapping import MAPPING, MappingAttr
from dsconv.dialects.run import network_of, run_reference
from dsconv.dialects.target import TARGET, SystolicArray, SystolicArrayAttr
from dsconv.driver.pipeline import run_pipeline
from dsconv.execution.array import array_pipeline
from dsconv.runners.systolic.network import run_network

NETWORKS = int(os.environ.get("FUZZ_NETWORKS") or 20)


@settings(
    max_examples=NETWORKS,
    deadline=None,
    derandomize="FUZZ_NETWORKS" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(random_networks(), arrays())
def test_networks_on_arrays(network: RandomNetwork, array: SystolicArray) -> None:
    """Every layer, and the cycles that map-array foretold."""
    module = network.module.clone()
    module.attributes[TARGET] = SystolicArrayAttr(array)
    run_pipeline(module, array_pipeline())
    for x in network.inputs:
        reference = run_reference(network.module, x)
        run = run_network(module, array, x)
        for layer in run.layers:
            np.testing.assert_array_equal(layer.result, reference.layers[layer.label], layer.label)
        np.testing.assert_array_equal(run.outputs[0], reference.outputs[0])
        mappings = [
            op.attributes[MAPPING]
            for op in network_of(module).body.ops
            if isinstance(op, WeightedOperation)
        ]
        assert run.cycles == sum(
            mapping.cycles for mapping in mappings if isinstance(mapping, MappingAttr)
        )
