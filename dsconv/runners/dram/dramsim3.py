"""Runs traces on DRAMsim3 (University of Maryland): cycle by cycle.

It closes a row when others wait for its bank, never after a number of accesses alone. Its energies
are in mW times cycles, whatever it calls them. Reads wait for ever behind writes unless all stand
in one queue, so they do.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from dsconv.dram.device import AddressMapping, DramDevice
from dsconv.dram.result import DramEnergy, DramResult
from dsconv.dram.trace import Bursts
from dsconv.runners.dram.epochs import Epoch, program_for, run_until_all_are_back
from dsconv.runners.dram.trace_file import write_trace
from dsconv.runners.process import Program, find_in_home, run_program

NAME = "DRAMsim3"
HOW_TO_GET = (
    "build https://github.com/umd-memsys/DRAMsim3 with cmake, then put dramsim3main on PATH or set "
    "DRAMSIM3_HOME to its folder"
)
MAPPINGS = {
    AddressMapping.ROW_COLUMN_BANK: "rochcorababg",
    AddressMapping.ROW_BANK_COLUMN: "rochrababgco",
}
"""From the highest bits: row, channel, rank, bank, bank group and column."""
TIMEOUT_S = 3600


def find() -> Program | None:
    """DRAMsim3 from DRAMSIM3_HOME (or its build) if that is set, else from PATH."""
    return find_in_home("dramsim3main", "DRAMSIM3_HOME", "build")


def refusal(device: DramDevice) -> str | None:
    """Why DRAMsim3 cannot run a device; None where it can."""
    controller = device.controller
    if not controller.bank_queue:
        return "its banks have queues of their own"
    if controller.row_accesses:
        return f"it does not close a row after {controller.row_accesses} accesses"
    return None


def run(bursts: Bursts, device: DramDevice, expected_cycles: int) -> DramResult:
    """Runs a trace that is expected to take so many cycles.

    Raises RunnerError where DRAMsim3 is not there or cannot run the device, or where transactions
    do not come back.
    """
    program = program_for(device, NAME, find(), HOW_TO_GET, refusal(device))
    with tempfile.TemporaryDirectory(prefix="dsconv-") as name:
        folder = Path(name)
        write_trace(bursts, folder / "trace.txt")

        def simulate(cycles: int, epoch_cycles: int) -> list[Epoch]:
            (folder / "device.ini").write_text(device_ini(device, epoch_cycles))
            command = [str(program.path), "device.ini", "-c", str(cycles), "-t", "trace.txt"]
            run_program(command, folder, TIMEOUT_S)
            statistics = json.loads((folder / "dramsim3epoch.json").read_text())
            return epochs_of(statistics, len(bursts), device.timing.clock_ns)

        return run_until_all_are_back(simulate, NAME, device, len(bursts), expected_cycles)


def device_ini(device: DramDevice, epoch_cycles: int) -> str:
    """The device and its controller as DRAMsim3 reads them; it takes no bank groups for one."""
    structure, timing, power = device.structure, device.timing, device.power
    sections = {
        "dram_structure": {
            **{"protocol": structure.standard, "bankgroups": 1},
            **{"banks_per_group": structure.banks, "rows": structure.rows},
            **{"columns": structure.columns, "device_width": structure.device_bits},
            "BL": structure.burst,
        },
        "timing": {
            **{"tCK": timing.clock_ns, "AL": 0, "CL": timing.cl, "CWL": timing.cwl},
            **{"tRCD": timing.t_rcd, "tRP": timing.t_rp, "tRAS": timing.t_ras},
            **{"tRFC": timing.t_rfc, "tREFI": timing.t_refi, "tFAW": timing.t_faw},
            **{"tRRD_S": timing.t_rrd, "tRRD_L": timing.t_rrd},
            **{"tWTR_S": timing.t_wtr, "tWTR_L": timing.t_wtr},
            **{"tCCD_S": timing.t_ccd, "tCCD_L": timing.t_ccd},
            **{"tWR": timing.t_wr, "tRTP": timing.t_rtp, "tRTRS": timing.t_rtrs},
            **{"tCKE": timing.t_cke, "tXP": timing.t_xp},
        },
        "power": {
            **{"VDD": power.vdd, "IDD0": power.idd0, "IDD2P": power.idd2p, "IDD2N": power.idd2n},
            **{"IDD3P": power.idd3p, "IDD3N": power.idd3n, "IDD4R": power.idd4r},
            **{"IDD4W": power.idd4w, "IDD5AB": power.idd5, "IDD6x": power.idd6},
        },
        "system": {
            **{"channels": 1, "channel_size": device.bytes >> 20},
            **{"bus_width": structure.bus_bits, "queue_structure": "PER_BANK"},
            "address_mapping": MAPPINGS[device.controller.mapping],
            **{"row_buf_policy": "OPEN_PAGE", "refresh_policy": "RANK_LEVEL_STAGGERED"},
            **{
                "cmd_queue_size": device.controller.bank_queue,
                "trans_queue_size": device.controller.queue,
            },
            "unified_queue": "true",
        },
        "other": {"epoch_period": epoch_cycles, "output_level": 1},
    }
    return "".join(
        f"[{section}]\n" + "".join(f"{name} = {value}\n" for name, value in values.items())
        for section, values in sections.items()
    )


def epochs_of(statistics: list[dict[str, Any]], bursts: int, clock_ns: float) -> list[Epoch]:
    """The epochs of its JSON, in which powers are per cycle.

    Writes count as done when they are queued, so the last ones are back when no command follows.
    """
    done = np.cumsum(
        [epoch["num_reads_done"] + epoch["num_writes_done"] for epoch in statistics], dtype=np.int64
    )
    busy = np.array(
        [epoch["num_read_cmds"] + epoch["num_write_cmds"] > 0 for epoch in statistics], np.bool_
    )
    follow = np.append(busy[::-1].cumsum()[::-1][1:], busy[-1])
    back = np.where(follow > 0, np.minimum(done, bursts - 1), done)
    return [
        Epoch(int(count), _energy(epoch, clock_ns))
        for count, epoch in zip(back, statistics, strict=True)
    ]


def _energy(epoch: dict[str, Any], clock_ns: float) -> DramEnergy:
    """In nJ: mW times cycles times ns are pJ."""
    standby = sum(
        sum(epoch[name].values()) for name in ("act_stb_energy", "pre_stb_energy", "sref_energy")
    )
    parts = (
        epoch["act_energy"],
        epoch["read_energy"] + epoch["write_energy"],
        standby,
        epoch["ref_energy"] + epoch["refb_energy"],
    )
    return DramEnergy(*(part * clock_ns * 1e-3 for part in parts))
