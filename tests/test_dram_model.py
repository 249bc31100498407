"""The model of a DRAM: what data sheets demand, on any trace, and what simulators say."""

from dataclasses import astuple, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsconv.dram.device import DramDevice
from dsconv.dram.model import dram_times, places, run
from dsconv.dram.trace import Bursts, Kind, Trace, Transfer
from dsconv.targets.dram import dram_names, load_dram

DEVICES = [load_dram(name) for name in dram_names()]
DDR3 = load_dram("DDR3-1333")


def stream(kind: Kind, lines: int, first: int = 0) -> Bursts:
    return Trace.of([Transfer(kind, 64 * first, 64 * lines)]).bursts(64)


@st.composite
def any_bursts(draw: st.DrawFn) -> Bursts:
    runs = draw(
        st.lists(
            st.builds(
                Transfer,
                st.sampled_from(Kind),
                st.integers(0, 2**20),
                st.integers(1, 2000),
                st.sampled_from(["a", "b", "c"]),
            ),
            max_size=40,
        )
    )
    return Trace.of(runs).bursts(64)


def test_a_read_takes_its_activation_and_its_latency() -> None:
    timing = DDR3.timing
    times = dram_times(stream(Kind.READ, 1), DDR3)
    assert times.cycles == timing.t_rcd + timing.cl + DDR3.burst_cycles


@pytest.mark.parametrize("kind", Kind)
def test_a_long_stream_keeps_the_bus_busy(kind: Kind) -> None:
    lines = 20_000
    device = load_dram("DDR3-1600")
    times = dram_times(stream(kind, lines), device)
    refreshes = times.refreshes * (device.timing.t_rfc + 60)
    assert 4 * lines <= times.cycles <= 4 * lines + refreshes + 100


def test_a_row_is_closed_after_its_accesses() -> None:
    limited = replace(DDR3, controller=replace(DDR3.controller, row_accesses=5))
    free = replace(DDR3, controller=replace(DDR3.controller, row_accesses=0))
    bursts = stream(Kind.READ, 8 * 100)
    assert dram_times(bursts, limited).activations.sum() == 8 * 20
    assert dram_times(bursts, free).activations.sum() == 8


def test_rows_of_one_bank_are_a_row_cycle_apart() -> None:
    device = load_dram("DDR3-1600")
    step = device.row_bytes * device.structure.banks
    bursts = Trace.of(Transfer(Kind.READ, row * step, 64) for row in range(50)).bursts(64)
    columns = dram_times(bursts, device).columns
    assert np.diff(columns).min() >= device.timing.t_ras + device.timing.t_rp


def test_energies_by_hand() -> None:
    power, timing = DDR3.power, DDR3.timing
    found = run(stream(Kind.READ, 1), DDR3)
    ns = 1.5 * power.vdd * DDR3.devices * 1e-3
    assert found.result.energy.activation == pytest.approx((110 * 34 - 60 * 24 - 65 * 10) * ns)
    assert found.result.energy.burst == pytest.approx((290 - 60) * 4 * ns)
    assert found.result.energy.standby == pytest.approx(60 * found.cycles * ns)
    assert found.result.energy.refresh == 0
    assert found.result.seconds == pytest.approx(found.cycles * timing.clock_ns * 1e-9)


def test_an_empty_trace_takes_nothing() -> None:
    found = run(Trace.of([]).bursts(64), DDR3)
    assert (found.cycles, found.result.energy.total, found.layers) == (0, 0, ())


def test_bursts_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match="bursts of 32 bytes are not those of DDR3-1333"):
        dram_times(Trace.of([Transfer(Kind.READ, 0, 64)]).bursts(32), DDR3)


@given(any_bursts(), st.sampled_from(DEVICES))
@settings(deadline=None)
def test_no_trace_breaks_the_data_sheet(bursts: Bursts, device: DramDevice) -> None:
    timing, times = device.timing, dram_times(bursts, device)
    columns, order = times.columns, np.argsort(times.columns)
    assert len(set(columns.tolist())) == len(bursts)
    assert (columns >= timing.t_rcd).all()
    kinds, steps = bursts.writes[order], np.diff(columns[order])
    to_write = timing.cl + device.burst_cycles + timing.t_rtrs - timing.cwl
    to_read = timing.cwl + device.burst_cycles + timing.t_wtr
    least = np.where(
        kinds[1:] == kinds[:-1],
        max(timing.t_ccd, device.burst_cycles),
        np.where(kinds[1:], to_write, to_read),
    )
    assert (steps >= least).all()
    banks, rows = places(bursts, device)
    assert times.activations.sum() >= len(set(zip(banks, rows, strict=True)))
    assert times.activations.sum() <= len(bursts) + times.refreshes * device.structure.banks
    limit = device.controller.row_accesses
    if limit:
        assert times.activations.sum() >= len(bursts) / limit
    assert times.refreshes == columns.max(initial=0) // timing.t_refi


@given(any_bursts(), st.sampled_from(DEVICES))
@settings(deadline=None)
def test_layers_make_up_the_whole(bursts: Bursts, device: DramDevice) -> None:
    found = run(bursts, device)
    assert sum(layer.seconds for layer in found.layers) == pytest.approx(found.result.seconds)
    for number, part in enumerate(astuple(found.result.energy)):
        of_layers = sum(astuple(layer.energy)[number] for layer in found.layers)
        assert of_layers == pytest.approx(part)


@given(any_bursts(), st.integers(1, 50), st.sampled_from(DEVICES))
@settings(deadline=None)
def test_more_bursts_at_the_end_take_no_less(
    bursts: Bursts, lines: int, device: DramDevice
) -> None:
    longer = Bursts(
        64,
        np.concatenate([bursts.lines, np.arange(lines)]),
        np.concatenate([bursts.writes, np.ones(lines, np.bool_)]),
        np.concatenate([bursts.layers, np.zeros(lines, np.int64)]),
    )
    before, after = run(bursts, device).result, run(longer, device).result
    assert after.seconds >= before.seconds
    assert after.energy.total >= before.energy.total
