"""Which layers the benchmark of waits holds against the plan of transfers."""

from dataclasses import replace

import pytest

import dsconv
from benchmarks.waits import Wait, l3_bytes
from dsconv import zoo

HIDDEN = Wait("net", "pw", "8x8x8", "hwc/hwc", 10_000, 8_000, 4_000, dma_wait=900, l3_wait=0)


@pytest.mark.parametrize(
    ("dma_wait", "l3_wait", "transfer_cycles", "too_long"),
    [
        (900, 0, 4_000, False),
        (1_100, 0, 4_000, True),
        (600, 500, 4_000, True),
        (4_000, 0, 9_000, False),  # nothing can hide these
    ],
)
def test_a_wait_is_too_long_where_it_could_be_hidden(
    dma_wait: int, l3_wait: int, transfer_cycles: int, too_long: bool
):
    wait = replace(HIDDEN, dma_wait=dma_wait, l3_wait=l3_wait, transfer_cycles=transfer_cycles)
    assert wait.is_too_long == too_long


def test_weights_from_l3_count_where_they_are_waited_for():
    model = zoo.build("mv1-96")
    assert not any(l3_bytes(dsconv.compile(model, "gap8")).values())
    streamed = l3_bytes(dsconv.compile(model, "gap8", l2=256 * 1024))
    assert sum(streamed.values()) > 50_000
