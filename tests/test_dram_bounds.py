"""The least traffic of networks: by hand, and for MobileNets as published sizes have it."""

from math import sqrt

import pytest

from dsconv import zoo
from dsconv.frontends import import_onnx
from dsconv.reports.dram_bounds import compulsory_entries, layer_bounds


def test_a_network_by_hand() -> None:
    module = import_onnx(zoo.build("dscnn")).module
    pixels, channels = 25 * 5, 64
    weights = 64 * 40 + 4 * (64 * 9 + 64 * 64) + 64 * 12
    assert compulsory_entries(module) == weights + 490 + 12
    bounds = layer_bounds(module, 1024)
    macs = pixels * channels * 40
    tensors = 490 + 64 * 40 + pixels * channels
    assert bounds["conv"] == max(tensors, int(2 * macs / sqrt(10 * 1024)) + pixels * channels)
    assert bounds["block1_dw"] == 2 * pixels * channels + 9 * channels
    assert bounds["pool"] == pixels * channels + channels
    pointwise = 2 * pixels * channels**2 / sqrt(256) + pixels * channels
    assert layer_bounds(module, 256)["block1_pw"] == int(pointwise)


def test_an_addition_reads_one_map_more() -> None:
    module = import_onnx(zoo.build("mv2-128")).module
    assert layer_bounds(module, 2**16)["block3_add"] == 8 * 32 * 32


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "compulsory", "bounds"),
    [
        ("mv1-1.0-224", 4_360_616, {2**14: 18.25e6, 2**16: 14.87e6, 2**18: 14.45e6}),
        ("mv2-1.0-224", 3_621_288, {2**14: 18.05e6, 2**16: 17.26e6, 2**18: 17.20e6}),
    ],
)
def test_mobilenets(name: str, compulsory: int, bounds: dict[int, float]) -> None:
    module = import_onnx(zoo.build(name)).module
    assert compulsory_entries(module) == compulsory
    for entries, bound in bounds.items():
        assert sum(layer_bounds(module, entries).values()) == pytest.approx(bound, rel=0.001)
