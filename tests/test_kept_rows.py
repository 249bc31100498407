"""Strips in Scan order: rows that two of them share are loaded once, and values are the same."""

from pathlib import Path

import numpy as np
import pytest
from handwritten import needs_gvsoc
from test_generated_c import RUNNERS
from xdsl.dialects.builtin import ModuleOp

from dsconv.bench.model_builder import Activation, ModelBuilder
from dsconv.dialects.attributes import Layout, Tile, TileOrder, WindowAttr
from dsconv.dialects.graph import ConvolutionOperation
from dsconv.dialects.run import run_reference, to_memory
from dsconv.driver.output import write_folder
from dsconv.driver.pipeline import default_pipeline, run_pipeline, set_target
from dsconv.passes.analysis.layer_shape import LayerShape
from dsconv.passes.scheduling.kept_rows import KeptRows, loaded_input_bytes
from dsconv.runners import build
from dsconv.targets import load_target

SAME = WindowAttr.of((3, 3), (1, 1), (1, 1, 1, 1))
HALF = WindowAttr.of((3, 3), (2, 2), (1, 1, 1, 1))
BELOW = WindowAttr.of((3, 3), (2, 2), (0, 0, 1, 1))
INSIDE = WindowAttr.of((5, 3), (1, 1), (0, 0, 0, 0))


def layer(kind: str, window: WindowAttr, layout: Layout, height: int, width: int) -> ModuleOp:
    """A network of one layer: of 8 channels, or of an image's 3."""
    channels = 3 if kind == "conv2d" else 8
    builder = ModelBuilder().begin(channels, height, width, Activation(layout=layout))
    if kind == "conv2d":
        builder.conv2d(8, window, Activation(layout=Layout.CHW))
    else:
        builder.depthwise(window, Activation(layout=Layout.HWC))
    return builder.module()


def shape_of(module: ModuleOp) -> LayerShape:
    (op,) = [op for op in module.walk() if isinstance(op, ConvolutionOperation)]
    return LayerShape.of(op)


CASES = [
    ("depthwise", SAME, Layout.CHW, 24, 16, (8, 4, 16), 1),
    ("depthwise", SAME, Layout.CHW, 24, 5, (4, 8, 5), 2),
    ("depthwise", SAME, Layout.HWC, 24, 6, (8, 12, 6), 2),
    ("depthwise", HALF, Layout.CHW, 32, 16, (8, 4, 8), 2),
    ("depthwise", BELOW, Layout.HWC, 32, 8, (4, 4, 4), 2),
    ("depthwise", INSIDE, Layout.CHW, 28, 8, (8, 6, 6), 2),
    ("conv2d", HALF, Layout.CHW, 32, 32, (8, 4, 16), 2),
    ("conv2d", SAME, Layout.CHW, 16, 12, (8, 4, 12), 2),
]
"""Kind, window, layout, height, width, tile and buffers."""


@pytest.mark.parametrize("platform", ["host", pytest.param("pulp_open", marks=needs_gvsoc)])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_map_is_loaded_once(
    case: tuple[str, WindowAttr, Layout, int, int, tuple[int, int, int], int],
    platform: str,
    tmp_path: Path,
) -> None:
    kind, window, layout, height, width, sizes, buffers = case
    module, target = layer(kind, window, layout, height, width), load_target(platform)
    shape = shape_of(module)
    x = np.random.default_rng(0).integers(0, 256, (1, *shape.inputs[0])).astype(np.uint8)
    lowered = module.clone()
    set_target(lowered, target, layers=1)
    asked = ",".join(map(str, sizes))
    run_pipeline(lowered, f"tile-l1{{buffers={buffers} sizes={asked}}},order-tiles{{order=scan}}")
    run_pipeline(lowered, default_pipeline(target))
    write_folder(lowered, tmp_path, target, platform)
    build(tmp_path)
    result = RUNNERS[platform].run(tmp_path, to_memory(x, layout))
    expected = run_reference(module, x).outputs[0]
    np.testing.assert_array_equal(result.outputs[0], to_memory(expected, shape.output_layout))
    tile = Tile(*sizes, TileOrder.SCAN, buffers)
    ((stats,),) = result.layer_stats
    assert stats.l2_l1_in == loaded_input_bytes(shape, tile) <= x.size


def test_other_strips_load_all_their_rows() -> None:
    shape = shape_of(layer("depthwise", SAME, Layout.CHW, 24, 16))
    assert KeptRows.of(shape, Tile(8, 4, 16, TileOrder.SCAN)) is not None
    for tile in (
        Tile(8, 4, 16, TileOrder.WEIGHTS),
        Tile(8, 5, 16, TileOrder.SCAN),
        Tile(8, 4, 8, TileOrder.SCAN),
        Tile(8, 24, 16, TileOrder.SCAN),
        Tile(8, 2, 16, TileOrder.SCAN),
        Tile(4, 4, 16, TileOrder.SCAN_PIXELS),
    ):
        assert KeptRows.of(shape, tile) is None, tile
        assert loaded_input_bytes(shape, tile) == shape.input_versions(tile) * shape.input_bytes(
            tile
        )
