"""Descriptions of DRAM: those that come with dsconv, and what is wrong with others."""

from pathlib import Path

import pytest

from dsconv.dram.device import Standard
from dsconv.errors import DsconvError
from dsconv.targets.description import path_in
from dsconv.targets.dram import dram_names, load_dram

DDR3 = path_in("dsconv.targets.dram", "DDR3-1333").read_text()


@pytest.mark.parametrize("name", dram_names())
def test_devices_that_come_with_dsconv_are_whole(name: str) -> None:
    device = load_dram(name)
    assert device.line_bytes == 64
    assert device.name.startswith(device.structure.standard)
    timing = device.timing
    assert timing.t_ccd == device.burst_cycles
    assert timing.t_refi * timing.clock_ns == pytest.approx(
        7800 if device.structure.standard is Standard.DDR3 else 3900, rel=0.002
    )


def test_the_papers_memory() -> None:
    device = load_dram("DDR3-1333")
    assert (device.devices, device.row_bytes, device.bytes) == (4, 8192, 512 * 2**20)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("t_rcd = 10\n", "", r"timing needs its t_rcd: a whole number"),
        ("t_rcd = 10", 't_rcd = "10"', r"timing.t_rcd is '10'; expected a whole number"),
        ("t_rcd = 10", "t_rcd = 10\ncolour = 1", r"timing has no key colour"),
        ('"DDR3"', '"DDR7"', r"standard is 'DDR7'; expected DDR3 or LPDDR3 or LPDDR4"),
        ('"row:column:bank"', '"bank"', r"controller.mapping is 'bank'; expected"),
        ("banks = 8", "banks = 6", r"structure.banks is 6; expected a power of two"),
        ("rows = 8192", "rows = 0", r"structure.rows is 0; expected a power of two"),
        ("device_bits = 16", "device_bits = 128", r"device_bits is 128, more than the bus's 64"),
        ("burst = 8", "burst = 2048", r"burst is 2048; expected 2 to the 1024 columns"),
        ("clock_ns = 1.5", "clock_ns = 0", r"clock_ns has to be more than 0"),
        ("queue = 32", "queue = 1", r"queue is less than 2"),
        ("idd4r = 290", "idd4r = 50", r"idd4r is less than idd3n"),
        ('kind = "dram"', 'kind = "cluster"', r"kind is 'cluster'; expected dram"),
    ],
)
def test_wrong_descriptions_name_the_key(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "mine.toml"
    assert old in DDR3
    path.write_text(DDR3.replace(old, new, 1))
    with pytest.raises(DsconvError, match=message):
        load_dram(str(path))


def test_unknown_memories_name_those_that_there_are() -> None:
    with pytest.raises(DsconvError, match=r"no DRAM DDR9; there are DDR3-1333, DDR3-1600"):
        load_dram("DDR9")
