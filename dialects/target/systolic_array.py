"""A systolic array: rows and columns of processing elements (PEs), and how tiles follow on it."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.ir import Data
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.str_enum import StrEnum

from dsconv.dialects.target.tables import TableError, parse_record, print_record, verify_record


class Dataflow(StrEnum):
    """What stays in a PE while operands pass: an output, a weight, or either."""

    OUTPUT_STATIONARY = "output_stationary"
    WEIGHT_STATIONARY = "weight_stationary"
    BOTH = "both"


class Drain(StrEnum):
    """How sums leave the array: beside the next tile, or shifted out row by row before it."""

    OVERLAPPED = "overlapped"
    SERIAL = "serial"


class TileFlow(StrEnum):
    """Whether a tile waits until the last one has left the array, or streams in right behind it."""

    SEPARATE = "separate"
    PIPELINED = "pipelined"


@dataclass(frozen=True)
class SystolicArray:
    """An array of `rows` x `columns` PEs, each with an accumulator of so many bits.

    With a `row_bus`, all PEs of a row can take their weight from one bus: one multiplexer a PE.
    """

    rows: int
    columns: int
    row_bus: bool = True
    accumulator_bits: int = 32
    dataflow: Dataflow = Dataflow.OUTPUT_STATIONARY
    drain: Drain = Drain.OVERLAPPED
    tiles: TileFlow = TileFlow.SEPARATE

    def check(self) -> None:
        """Raises TableError where there is no such array."""
        if self.rows < 1 or self.columns < 1:
            raise TableError(
                f"an array has at least one row and one column, not {self.rows}x{self.columns}"
            )
        if not 8 <= self.accumulator_bits <= 64:
            raise TableError(f"an accumulator has 8 to 64 bits, not {self.accumulator_bits}")
        if self.tiles is TileFlow.PIPELINED and self.drain is Drain.SERIAL:
            raise TableError(
                "tiles do not follow each other on an array that is drained between them: "
                "give drain=overlapped or tiles=separate"
            )
        if self.tiles is TileFlow.PIPELINED and self.weight_stationary:
            raise TableError(
                "weights that stay are loaded between tiles: give tiles=separate or "
                "dataflow=output_stationary"
            )

    @property
    def output_stationary(self) -> bool:
        """Whether sums can stay in the PEs."""
        return self.dataflow is not Dataflow.WEIGHT_STATIONARY

    @property
    def weight_stationary(self) -> bool:
        """Whether weights can stay in the PEs."""
        return self.dataflow is not Dataflow.OUTPUT_STATIONARY


@irdl_attr_definition
class SystolicArrayAttr(Data[SystolicArray]):
    """The array that a module is mapped to, as its target's description has it."""

    name = "dsconv.systolic_array"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> SystolicArray:
        return parse_record(parser, SystolicArray, cls.name, SystolicArray.check)

    def print_parameter(self, printer: Printer) -> None:
        print_record(printer, self.data)

    def verify(self) -> None:
        verify_record(self.data.check)
