"""Gates of one processing element, as Yosys counts them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from dsconv.errors import ToolError
from dsconv.runners.process import RunnerError, run_program
from dsconv.runners.systolic.rtl_tools import find_yosys, sources

TIMEOUT_S = 300.0
GATES = "AND,NAND,OR,NOR,XOR,XNOR,MUX,AOI3,OAI3"
TRANSISTORS_OF_A_GATE = 4
"""A NAND of two inputs, which a gate equivalent is."""


@dataclass(frozen=True)
class PeSize:
    """A PE in gate equivalents of CMOS, and in lookup tables of an iCE40 FPGA."""

    gates: float
    tables: int


def pe_size(*, row_bus: bool, operand_bits: int = 8, sum_bits: int = 32) -> PeSize:
    """Synthesises one PE, with or without the multiplexer in front of its weight.

    Raises ToolError where Yosys is missing.
    """
    if find_yosys() is None:
        raise ToolError("Yosys is missing: make rtl, or apt install yosys")
    parameters = {"OPERAND_BITS": operand_bits, "SUM_BITS": sum_bits, "ROW_BUS": int(row_bus)}
    options = " ".join(f"-set {name} {value}" for name, value in parameters.items())
    read = f"read_verilog -sv {sources()[0]}; chparam {options} systolic_pe; "
    gates = (
        "synth -flatten -top systolic_pe; dfflegalize -cell $_DFF_P_ x; "
        f"abc -g {GATES}; opt_clean; stat -tech cmos"
    )
    transistors = _number(read + gates, r"transistors: +(\d+)")
    tables = _number(read + "synth_ice40 -top systolic_pe; stat", r"SB_LUT4 +(\d+)")
    return PeSize(transistors / TRANSISTORS_OF_A_GATE, tables)


def _number(script: str, pattern: str) -> int:
    """The last number that matches in what Yosys says to a script."""
    with TemporaryDirectory(prefix="dsconv-") as folder:
        answer = run_program(["yosys", "-p", script], Path(folder), TIMEOUT_S)
    found = re.findall(pattern, answer)
    if not found:
        raise RunnerError("yosys does not say what it has counted", answer)
    return int(found[-1])
