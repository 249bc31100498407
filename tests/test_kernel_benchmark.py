"""What the benchmark of kernels calls a loss."""

from benchmarks.kernels import KEPT, KernelMeasurement, losses, read


def measured(cycles: int) -> KernelMeasurement:
    return KernelMeasurement("pw", macs=1000, limit=900, layer=2000, kernel=cycles)


def test_a_loss_of_more_than_three_percent_is_told():
    before = {"pw": measured(1000)}
    assert losses(before, [measured(1030)]) == []
    assert losses(before, [measured(1031)]) == ["pw: 1000 -> 1031 cycles"]
    assert losses({}, [measured(1031)]) == []


def test_measurements_are_kept():
    assert all(row.kernel <= row.layer for row in read(KEPT).values())
