"""Random layers of all kinds: none is a cliff that the compiler does not know."""

import pytest
from handwritten import needs_gvsoc

from benchmarks.cliffs import KINDS, MeasuredCliff, batch_of, measure_batch, slowest
from benchmarks.samples import SampledLayer


def test_batches_are_the_same_each_time_and_have_all_kinds():
    assert batch_of(3) == batch_of(3) != batch_of(4)
    assert tuple(layer.kind for layer in batch_of(3)) == KINDS


def test_the_slowest_come_first_those_with_many_macs_before_all():
    layer = SampledLayer("add", 8, 1, 1, "hwc", 8, "hwc")

    def row(macs: int, cycles: int) -> MeasuredCliff:
        return MeasuredCliff(layer, (1, 8, 1, 1), macs, cycles, cycles, in_c=False)

    rows = [row(0, 80), row(50_000, 10_000), row(0, 800), row(50_000, 40_000), row(1_000, 9_000)]
    assert [(row.macs, row.cycles) for row in slowest(rows)] == [
        *((50_000, 40_000), (50_000, 10_000)),
        *((0, 800), (0, 80)),
    ]


@needs_gvsoc
@pytest.mark.slow
@pytest.mark.parametrize("number", range(2))
def test_no_layer_runs_as_loops_in_c_or_takes_twice_what_is_estimated(
    number: int, monkeypatch: pytest.MonkeyPatch, tmp_path: pytest.TempPathFactory
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for row in measure_batch(number):
        assert not row.in_c, row
        assert 0.5 < row.ratio < 2, row
