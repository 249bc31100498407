"""A network compiled for a target."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp

from dsconv.dialects.tiled import LayerOp
from dsconv.driver.output import write_folder
from dsconv.frontends import ImportedNetwork
from dsconv.lowering.c_target import network_function
from dsconv.targets import ClusterTarget


@dataclass(frozen=True)
class CompiledNetwork:
    """A network compiled for a target: what was imported, and what it was lowered to."""

    imported: ImportedNetwork
    lowered: ModuleOp
    target: ClusterTarget

    @property
    def layers(self) -> list[LayerOp]:
        """The layers of the program, as they run one after the other."""
        ops = network_function(self.lowered).body.block.ops
        return [op for op in ops if isinstance(op, LayerOp)]

    @property
    def estimate(self) -> int:
        """Expected cycles of an inference; estimates leave out what layers wait for L3."""
        return sum(layer.estimate.value.data for layer in self.layers)

    def write(self, directory: Path, *, library: bool = False) -> list[str]:
        """Writes the C, its runtime, a Makefile and the IR to a folder, made if need be.

        With `library`, `make` builds what an application links, in place of a program. Returns the
        names of the files.
        """
        return write_folder(
            self.lowered, directory, self.target, self.target.platform, library=library
        )
