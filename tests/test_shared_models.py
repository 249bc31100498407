"""Real networks of the field, on every runner, and against the exact judge.

Those with published layers are compared with them in test_integer_flavours. The files are not the
project's own; the tests skip where they are absent.
"""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from exact_support import Array, differences
from frontend_support import MODELS
from handwritten import needs_gvsoc
from test_cases import inputs_of

import dsconv
from dsconv.frontends.flavours.registry import INTEGER_FLAVOURS

FILES = sorted(MODELS.glob("*/*.onnx"))
RUNNERS = ["host", "qemu", pytest.param("gvsoc", marks=needs_gvsoc)]

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not FILES, reason=f"no {MODELS}")]


def feeds_of(path: Path, network: dsconv.Network) -> dict[str, Array]:
    integers = network.imported.flavour in INTEGER_FLAVOURS
    return inputs_of(path, onnx.load(path), integers=integers)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_layers_and_outputs_are_what_the_file_means(path: Path):
    network = dsconv.compile(path, "host")
    assert not differences(network.imported, onnx.load(path), feeds_of(path, network))


@pytest.mark.parametrize("runner", RUNNERS)
@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_c_is_bit_exact(path: Path, runner: str):
    network = dsconv.compile(path, "host" if runner == "host" else "pulp_open")
    report = network.run(feeds_of(path, network), on=runner)
    assert report.equal
