"""Random float networks through ONNX Runtime's quantiser mean the same to us as to others.

What is imported equals the exact interpreter, layer by layer on the same inputs; and the exact
interpreter equals ONNX Runtime, optimised and not. FUZZ_DIFFERENTIAL sets how many networks.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnx
import pytest
from exact_support import Array, differences
from float_networks import quantised
from frontend_support import onnx_runtime, with_exposed
from onnx import numpy_helper

from dsconv.errors import ModelError
from dsconv.exact.interpreter import evaluate
from dsconv.frontends import import_onnx

COUNT = int(os.environ.get("FUZZ_DIFFERENTIAL") or 24)
FIRST = int(os.environ.get("FUZZ_SEED") or 0)


@pytest.mark.parametrize("seed", range(FIRST, FIRST + COUNT))
def test_a_quantised_network(seed: int, tmp_path: Path):
    model, feeds, options = quantised(seed, tmp_path)
    for optimised in () if has_cut_bias(model) else (False, True):
        assert not runtime_differences(model, feeds, optimised=optimised), options
    try:
        network = import_onnx(model)
    except ModelError as error:
        pytest.skip(f"refused: {error}")
    wrong = differences(network, model, feeds)
    assert not wrong, (wrong, options)


def has_cut_bias(model: onnx.ModelProto) -> bool:
    """Whether the quantiser cut a bias off at 32 bits, with which the runtime's sums wrap round."""
    limits = np.iinfo(np.int32)
    arrays = map(numpy_helper.to_array, model.graph.initializer)
    biases = (array for array in arrays if array.dtype == np.int32)
    return any(np.isin(bias, (limits.min, limits.max)).any() for bias in biases)


def runtime_differences(
    model: onnx.ModelProto, feeds: dict[str, Array], *, optimised: bool
) -> list[str]:
    """Tensors of ONNX Runtime's that are not what float32 can make of what they are made from."""
    names = [
        node.output[0]
        for node in model.graph.node
        if node.op_type.startswith(("QuantizeLinear", "QLinear", "QGemm"))
    ]
    session = onnx_runtime(with_exposed(model, names), optimised=optimised)
    results = [np.asarray(result) for result in session.run(names, dict(feeds))]
    given = dict(zip(names, results, strict=True))
    judged = evaluate(model, feeds, names, given=given, float_sums=True)
    return [name for name in names if judged[name].different(given[name]).any()]
