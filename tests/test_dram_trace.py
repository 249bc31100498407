"""Traces of transfers: which bursts they take, in which order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsconv.dram.trace import Kind, Trace, Transfer

LINE = 64

TRANSFERS = st.lists(
    st.builds(
        Transfer,
        st.sampled_from(Kind),
        st.integers(0, 1000),
        st.integers(1, 300),
        st.sampled_from(["conv", "pool"]),
    )
)


def test_a_transfer_takes_a_burst_for_each_line_that_it_touches() -> None:
    bursts = Trace.of([Transfer(Kind.WRITE, 60, 70, "conv")]).bursts(LINE)
    assert bursts.lines.tolist() == [0, 1, 2]
    assert bursts.writes.all()


def test_transfers_that_continue_each_other_are_one() -> None:
    trace = Trace.of([Transfer(Kind.READ, 0, 32), Transfer(Kind.READ, 32, 32)])
    assert trace.sizes.tolist() == [64]
    assert len(trace.bursts(LINE)) == 1


@pytest.mark.parametrize(
    "second",
    [
        Transfer(Kind.WRITE, 32, 32, "conv"),
        Transfer(Kind.READ, 32, 32, "pool"),
        Transfer(Kind.READ, 33, 32, "conv"),
    ],
    ids=["kind", "layer", "gap"],
)
def test_others_stay_apart(second: Transfer) -> None:
    assert len(Trace.of([Transfer(Kind.READ, 0, 32, "conv"), second]).sizes) == 2


@pytest.mark.parametrize("transfer", [Transfer(Kind.READ, 0, 0), Transfer(Kind.READ, -1, 4)])
def test_transfers_of_nothing_are_refused(transfer: Transfer) -> None:
    with pytest.raises(ValueError, match="moves nothing"):
        Trace.of([transfer])


def test_an_empty_trace_has_no_bursts() -> None:
    trace = Trace.of([])
    assert (trace.bytes_read, trace.bytes_written, len(trace.bursts(LINE))) == (0, 0, 0)


@given(TRANSFERS)
def test_bursts_move_exactly_the_lines_of_the_transfers(transfers: list[Transfer]) -> None:
    trace = Trace.of(transfers)
    bursts = trace.bursts(LINE)
    touched = [
        (address // LINE, transfer.kind is Kind.WRITE, transfer.layer)
        for transfer in transfers
        for address in range(transfer.address, transfer.address + transfer.bytes)
    ]
    found = [
        (int(line), bool(write), trace.names[layer])
        for line, write, layer in zip(bursts.lines, bursts.writes, bursts.layers, strict=True)
    ]
    assert set(found) == set(touched)
    assert trace.bytes_read + trace.bytes_written == sum(one.bytes for one in transfers)
