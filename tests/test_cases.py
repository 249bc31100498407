"""Files of the field: each means what the exact interpreter says, or is refused.

The files are not the project's own; the tests skip where they are absent. NAME.npz beside a file
has inputs for it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from exact_support import Array, differences
from onnx import helper

from dsconv.errors import ModelError
from dsconv.frontends import import_onnx
from dsconv.frontends.flavours.registry import INTEGER_FLAVOURS

SHARED = Path(__file__).parents[2] / "shared"
FILES = sorted(SHARED.glob("cases/*.onnx")) + sorted(SHARED.glob("models/*/*.onnx"))
REFUSED = """
attn_qk batch4 concat_clip_conv dyn_hw dynquant
end_add_noq float_opset8 fp16_scale_u8in input_q_two_scales instnorm int16_act int4_block
layernorm pad_offgrid_conv pad_out_add pad_out_leaky pad_outrange_conv pool_clip_conv
qladd_const_full qonnx reshape_mix rqs_float32_255_1 space2batch
"""
"""Files that need not be read; whoever reads one takes it off the list."""


def name_of(path: Path) -> str:
    return path.stem if path.parent.name == "cases" else path.parent.name


def inputs_of(path: Path, model: onnx.ModelProto, *, integers: bool) -> dict[str, Array]:
    """Those beside the file, or random ones: pixels in the integer flavours, else about 0."""
    constants = {tensor.name for tensor in model.graph.initializer}
    values = [value for value in model.graph.input if value.name not in constants]
    stored = path.with_suffix(".npz")
    if stored.is_file() and not integers:
        with np.load(stored) as arrays:
            return {value.name: arrays[value.name] for value in values}
    rng = np.random.default_rng(0)
    found: dict[str, Array] = {}
    for value in values:
        tensor = value.type.tensor_type
        dtype = helper.tensor_dtype_to_np_dtype(tensor.elem_type)
        shape = [size.dim_value or 1 for size in tensor.shape.dim]
        if dtype.kind == "f" and not integers:
            found[value.name] = rng.uniform(-1, 1, shape).astype(dtype)
        else:
            limits = np.iinfo(np.uint8 if dtype.kind == "f" else dtype)
            found[value.name] = rng.integers(limits.min, limits.max + 1, shape).astype(dtype)
    return found


@pytest.mark.skipif(not FILES, reason=f"no {SHARED}: the shared files are not here")
@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_file_means_what_it_says_or_is_refused(path: Path):
    model = onnx.load(str(path))
    try:
        network = import_onnx(model)
    except ModelError:
        assert name_of(path) in REFUSED.split()
        return
    integers = network.flavour in INTEGER_FLAVOURS
    feeds = inputs_of(path, model, integers=integers)
    try:
        wrong = differences(network, model, feeds)
    except ModelError as error:
        wrong = [str(error)]
    assert not wrong, wrong
