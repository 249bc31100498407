"""Random layers as C on every platform: bit-exact, every transfer within its buffers."""

from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

import numpy as np
import pytest
from handwritten import needs_gvsoc
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from random_layers import KINDS, SEVERAL_INPUTS, RandomLayer, random_layers
from small_networks import BlockMaker
from xdsl.dialects.builtin import StringAttr
from xdsl.parser import Parser

from dsconv.dialects.attributes import Layout
from dsconv.dialects.run import network_of, run_reference, to_memory
from dsconv.driver.output import write_folder
from dsconv.driver.pipeline import default_pipeline, make_context, run_pipeline, set_target
from dsconv.runners import build, gvsoc, host, qemu
from dsconv.targets import load_target

RUNNERS: dict[str, ModuleType] = {"host": host, "qemu": qemu, "pulp_open": gvsoc}
ONE_INPUT = tuple(kind for kind in KINDS if kind not in SEVERAL_INPUTS)
SMALLEST_L1 = 8192 + 1500


def examples(count: int) -> settings:
    """A number of examples that are built and run; a failure is shown as drawn."""
    return settings(
        max_examples=count,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=[HealthCheck.too_slow],
    )


def check(layer: RandomLayer, platform: str, l1: int) -> None:
    target = load_target(platform).with_sizes(l1, None)
    lowered = layer.module.clone()
    set_target(lowered, target, layers=1)
    run_pipeline(lowered, default_pipeline(target))
    expected = to_memory(run_reference(layer.module, *layer.inputs).outputs[0], layer.output_layout)
    data = to_memory(layer.inputs[0], layer.input_layouts[0])
    with TemporaryDirectory() as folder:
        directory = Path(folder)
        write_folder(lowered, directory, target, platform)
        with (directory / "config.mk").open("a") as config:
            config.write("WARNINGS = -Wall -Wextra -Wconversion -Wshadow -Wundef -Werror\n")
        build(directory)
        result = RUNNERS[platform].run(directory, data)
    np.testing.assert_array_equal(result.outputs[0], expected)


@examples(12)
@given(layer=random_layers(ONE_INPUT), l1=st.integers(SMALLEST_L1, SMALLEST_L1 + 3000))
def test_host(layer: RandomLayer, l1: int):
    check(layer, "host", l1)


@pytest.mark.parametrize(
    "labels",
    [
        ("s/1 a", "s_1_a", "1", "ä"),
        ("a*/b/*", "int", "", "a\nb"),
        ("run", "l1", "l2", "network"),  # what the C calls its own
        ("x", "layer_x", "x_kernel", "layer_x_kernel"),
        ("input", "output", "x.x0", "x.w"),
        ("x", "x", "x", "x"),
    ],
)
def test_labels_are_any_text(labels: tuple[str, ...]):
    check(BlockMaker(8, 8, 0, labels).make(), "host", SMALLEST_L1)


ONE_RESULT = """
func.func @net(%x: tensor<1x4x5x2xsi8, #dsconv.layout<chw>>)
    -> tensor<1x4x5x2xsi8, #dsconv.layout<chw>> {
  %y = dsconv.add "total"(%x, %x)
      requant <multiplier = [9], addend = [2147483648], shift = [32], twice, clip = [0, 127]>
      {multipliers = array<i32: 1, 1>, zero_points = array<i32: 0, 0>}
      : (tensor<1x4x5x2xsi8, #dsconv.layout<chw>>, tensor<1x4x5x2xsi8, #dsconv.layout<chw>>)
      -> tensor<1x4x5x2xsi8, #dsconv.layout<chw>>
  func.return %y : tensor<1x4x5x2xsi8, #dsconv.layout<chw>>
}
"""


def test_a_layer_of_one_result_reads_nothing():
    module = Parser(make_context(), ONE_RESULT).parse_module()
    x = np.arange(40, dtype=np.int8).reshape(1, 4, 5, 2)
    check(RandomLayer(module, (x,), (Layout.CHW,), Layout.CHW), "host", SMALLEST_L1)


def test_the_network_has_any_name():
    network = BlockMaker(8, 8, 0).make()
    network_of(network.module).sym_name = StringAttr("1st net")
    check(network, "host", SMALLEST_L1)


@examples(8)
@given(layer=random_layers(ONE_INPUT), l1=st.integers(SMALLEST_L1, SMALLEST_L1 + 3000))
def test_qemu(layer: RandomLayer, l1: int):
    check(layer, "qemu", l1)


@needs_gvsoc
@examples(8)
@given(layer=random_layers(ONE_INPUT))
def test_gvsoc(layer: RandomLayer):
    check(layer, "pulp_open", 65536)


@pytest.mark.slow
@examples(300)
@given(layer=random_layers(ONE_INPUT, max_size=16), l1=st.integers(SMALLEST_L1, 65536))
def test_many_on_the_host(layer: RandomLayer, l1: int):
    check(layer, "host", l1)
