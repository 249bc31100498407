"""Runs traces on DRAMSim2 (University of Maryland): cycle by cycle, DDR3 alone.

It takes every write latency for the read latency less 1, and whole mA.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from dsconv.dram.device import AddressMapping, DramDevice, Standard
from dsconv.dram.result import DramEnergy, DramResult
from dsconv.dram.trace import Bursts
from dsconv.runners.dram.epochs import Epoch, program_for, run_until_all_are_back
from dsconv.runners.dram.trace_file import write_trace
from dsconv.runners.process import Program, find_in_home, run_program

NAME = "DRAMSim2"
HOW_TO_GET = (
    "build https://github.com/umd-memsys/DRAMSim2 with make, then put DRAMSim on PATH or set "
    "DRAMSIM2_HOME to its folder"
)
SCHEMES = {AddressMapping.ROW_COLUMN_BANK: "scheme2", AddressMapping.ROW_BANK_COLUMN: "scheme6"}
ANY_NUMBER = 2**30
"""Of accesses to an open row."""
TIMEOUT_S = 3600

STATISTICS = re.compile(
    r"Total Return Transactions : (?P<back>\d+).*?"
    r"-Background \(watts\)\s*: (?P<standby>[\d.]+).*?"
    r"-Act/Pre\s+\(watts\)\s*: (?P<activation>[\d.]+).*?"
    r"-Burst\s+\(watts\)\s*: (?P<burst>[\d.]+).*?"
    r"-Refresh\s+\(watts\)\s*: (?P<refresh>[\d.]+)",
    re.DOTALL,
)
"""What it prints at the end of an epoch: powers of that, transactions since the start."""


def find() -> Program | None:
    """DRAMSim2 from DRAMSIM2_HOME if that is set, else from PATH."""
    return find_in_home("DRAMSim", "DRAMSIM2_HOME")


def refusal(device: DramDevice) -> str | None:
    """Why DRAMSim2 cannot run a device; None where it can."""
    structure, power = device.structure, device.power
    if structure.standard is not Standard.DDR3:
        return f"it has no {structure.standard}"
    if structure.bus_bits != 64:
        return f"its bus has 64 bits, not {structure.bus_bits}"
    if device.timing.cwl != device.timing.cl - 1:
        return "it takes cwl for cl - 1"
    if device.controller.bank_queue:
        return "its banks share a queue of commands"
    currents = (power.idd0, power.idd2p, power.idd2n, power.idd3p, power.idd3n, power.idd4r)
    if any(current % 1 for current in (*currents, power.idd4w, power.idd5, power.idd6)):
        return "it takes currents in whole mA"
    return None


def run(bursts: Bursts, device: DramDevice, expected_cycles: int) -> DramResult:
    """Runs a trace that is expected to take so many cycles.

    Raises RunnerError where DRAMSim2 is not there or cannot run the device, or where transactions
    do not come back.
    """
    program = program_for(device, NAME, find(), HOW_TO_GET, refusal(device))
    with tempfile.TemporaryDirectory(prefix="dsconv-") as name:
        folder = Path(name)
        write_trace(bursts, folder / "k6_dsconv.trc")
        (folder / "device.ini").write_text(device_ini(device))
        (folder / "system.ini").write_text(system_ini(device))

        def simulate(cycles: int, epoch_cycles: int) -> list[Epoch]:
            # -n: as fast as the memory takes them, not at the cycles that the trace has
            command = [
                *(str(program.path), "-t", "k6_dsconv.trc", "-d", "device.ini"),
                *("-s", "system.ini", "-S", str(device.bytes >> 20), "-n"),
                *("-c", str(cycles), "-o", f"EPOCH_LENGTH={epoch_cycles}"),
            ]
            output = run_program(command, folder, TIMEOUT_S)
            return epochs_in(output, epoch_cycles * device.timing.clock_ns)

        return run_until_all_are_back(simulate, NAME, device, len(bursts), expected_cycles)


def device_ini(device: DramDevice) -> str:
    """The device as DRAMSim2 reads it; what it asks for and never uses is 0."""
    structure, timing, power = device.structure, device.timing, device.power
    currents = {
        **{"IDD0": power.idd0, "IDD1": 0, "IDD2P": power.idd2p, "IDD2Q": 0, "IDD2N": power.idd2n},
        **{"IDD3Pf": power.idd3p, "IDD3Ps": power.idd3p, "IDD3N": power.idd3n},
        **{"IDD4W": power.idd4w, "IDD4R": power.idd4r, "IDD5": power.idd5, "IDD6": power.idd6},
        **{"IDD6L": 0, "IDD7": 0},
    }
    values = {
        **{"NUM_BANKS": structure.banks, "NUM_ROWS": structure.rows, "NUM_COLS": structure.columns},
        **{"DEVICE_WIDTH": structure.device_bits, "BL": structure.burst},
        "REFRESH_PERIOD": round(timing.t_refi * timing.clock_ns),
        **{"tCK": timing.clock_ns, "CL": timing.cl, "AL": 0, "tCMD": 1},
        **{"tRAS": timing.t_ras, "tRCD": timing.t_rcd, "tRRD": timing.t_rrd, "tRP": timing.t_rp},
        **{"tRC": timing.t_ras + timing.t_rp, "tCCD": timing.t_ccd, "tRTP": timing.t_rtp},
        **{"tWTR": timing.t_wtr, "tWR": timing.t_wr, "tRTRS": timing.t_rtrs},
        **{"tRFC": timing.t_rfc, "tFAW": timing.t_faw, "tCKE": timing.t_cke, "tXP": timing.t_xp},
        **{name: round(current) for name, current in currents.items()},
        "Vdd": power.vdd,
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())


def system_ini(device: DramDevice) -> str:
    """Its controller as it is delivered, but for the mapping, the queues and the limit of a row.

    It counts the accesses to an open row after the first.
    """
    controller = device.controller
    accesses = controller.row_accesses - 1 if controller.row_accesses else ANY_NUMBER
    traps = ("TRANS_Q", "CMD_Q", "ADDR_MAP", "BUS", "BANKSTATE", "BANKS", "POWER")
    values = {
        **{"NUM_CHANS": 1, "JEDEC_DATA_BUS_BITS": device.structure.bus_bits},
        **{"TRANS_QUEUE_DEPTH": controller.queue, "CMD_QUEUE_DEPTH": controller.queue},
        **{"EPOCH_LENGTH": 1000, "ROW_BUFFER_POLICY": "open_page"},
        "ADDRESS_MAPPING_SCHEME": SCHEMES[controller.mapping],
        "SCHEDULING_POLICY": "rank_then_bank_round_robin",
        **{"QUEUING_STRUCTURE": "per_rank", "TOTAL_ROW_ACCESSES": accesses},
        **{"USE_LOW_POWER": "true", "VIS_FILE_OUTPUT": "false", "VERIFICATION_OUTPUT": "false"},
        **{f"DEBUG_{name}": "false" for name in traps},
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())


def epochs_in(output: str, epoch_ns: float) -> list[Epoch]:
    """The epochs that it printed, W times ns being nJ. The first print is that of cycle 0."""
    names = ("activation", "burst", "standby", "refresh")
    return [
        Epoch(int(found["back"]), DramEnergy(*(float(found[name]) * epoch_ns for name in names)))
        for found in STATISTICS.finditer(output)
    ][1:]
