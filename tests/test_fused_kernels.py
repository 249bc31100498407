"""The paper's six fused kernels as C (Daghero et al. 2024, 3.2): bit-exact on every platform."""

from pathlib import Path

import numpy as np
import pytest
from handwritten import RUNNERS, needs_gvsoc
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp, ReturnOp

from dsconv.dialects.attributes import Layout, RequantAttr, WindowAttr
from dsconv.dialects.graph import (
    ConstantOp,
    DepthwiseOp,
    LayerOperation,
    PointwiseOp,
    activation_type,
)
from dsconv.output import write_folder
from dsconv.pipeline import run_pipeline
from dsconv.reference import run_reference, to_memory
from dsconv.runners import build
from dsconv.targets import load_target

SIX = [
    "dw-pw-rows-chw-hwc-chw",
    "dw-pw-rows-hwc-hwc-hwc",
    "pw-dw-channels-hwc-chw-hwc",
    "pw-dw-channels-hwc-hwc-hwc",
    "pw-dw-rows-hwc-chw-hwc",
    "pw-dw-rows-hwc-hwc-hwc",
]
CHANNELS, KERNELS, FD = 9, 14, 3
SANITIZERS = "CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=all\n"

RUNS = [
    ("host", 6),
    ("host", 7),
    ("host", 14),
    ("qemu", 7),
    pytest.param("pulp_open", 7, marks=needs_gvsoc),
    pytest.param("pulp_open", 14, marks=needs_gvsoc),
]
"""Platforms, and heights of the map there."""


def pair(kinds: list[str], layouts: list[Layout], height: int, stride: int) -> ModuleOp:
    """Depthwise and pointwise layers of odd sizes, in an order and in layouts."""
    random = np.random.default_rng(height)
    shape = (1, CHANNELS, height, height + 3)
    function = FuncOp("net", ([activation_type(shape, np.int8, layouts[0])], []))
    block = function.body.block
    value = block.args[0]
    for kind, layout in zip(kinds, layouts[1:], strict=True):
        _, channels, rows, columns = shape
        window = WindowAttr.of((3, 3), (stride, stride), (1, 1, 1, 1))
        if kind == "dw":
            weights = random.integers(-128, 128, (channels, 1, 3, 3), np.int8)
            shape = (1, channels, *window.output_size(rows, columns))
        else:
            weights = random.integers(-128, 128, (KERNELS, channels), np.int8)
            shape = (1, KERNELS, rows, columns)
        bias = random.integers(-5000, 5000, len(weights), np.int32)
        constants = [ConstantOp.of(weights), ConstantOp.of(bias)]
        block.add_ops(constants)
        multipliers = random.integers(2000, 6000, len(weights)).tolist()
        requant = RequantAttr.of(multipliers, [2**20], zero_point=-7, clip=(-128, 127))
        operands = (value, constants[0].result, constants[1].result)
        result = activation_type(shape, np.int8, layout)
        layer: LayerOperation
        if kind == "dw":
            layer = DepthwiseOp("dw", *operands, window, requant, result, input_zero_point=-7)
        else:
            layer = PointwiseOp("pw", *operands, requant, result, input_zero_point=-7)
        block.add_op(layer)
        value = layer.result
    block.add_op(ReturnOp(value))
    function.update_function_type()
    return ModuleOp([function])


@pytest.mark.parametrize(("platform", "height"), RUNS)
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("kernel", SIX)
def test_named_kernel(kernel: str, stride: int, platform: str, height: int, tmp_path: Path):
    first, second, axis, *names = kernel.split("-")
    layouts = [Layout(name) for name in names]
    module = pair([first, second], layouts, height, stride)
    module.verify()
    x = np.random.default_rng(0).integers(-128, 128, (1, CHANNELS, height, height + 3), np.int8)
    expected = to_memory(run_reference(module, x).outputs[0], layouts[-1])
    target = load_target(platform)
    xpulp = "lower-kernels-to-xpulp," if target.isa == "xpulp" else ""
    run_pipeline(
        module,
        f"narrow-requant,fuse-dsconv{{mode={first}-{second} axis={axis} fd={FD}}},lower-to-tiles,"
        f"double-buffer,plan-memory,{xpulp}lower-kernels,canonicalize,cse",
    )
    write_folder(module, tmp_path, target, platform)
    if platform == "host":
        with (tmp_path / "config.mk").open("a") as config:
            config.write(SANITIZERS)
    build(tmp_path)
    result = RUNNERS[platform].run(tmp_path, to_memory(x, layouts[0]))
    np.testing.assert_array_equal(result.outputs[0], expected)
