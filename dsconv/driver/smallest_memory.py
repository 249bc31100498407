"""The smallest L1 or L2 that a network can be planned for, found by trying."""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp

from dsconv.dialects.attributes import Space
from dsconv.driver.pipeline import GRAPH_LEVEL, planning_passes, run_pipeline, set_target
from dsconv.errors import CapacityError
from dsconv.targets import ClusterTarget

STEPS = {Space.L1: 256, Space.L2: 1024}
"""Bytes; sizes are whole steps."""


def smallest_size(module: ModuleOp, target: ClusterTarget, layers: int, space: Space) -> int:
    """Bytes of a memory with which planning succeeds, while with one step less it fails.

    `module` is the imported network of so many layers, which does not fit the target's memory. The
    other memory stays as it is, and may be too small as well.
    """
    search = _Search(module, target, layers, space)
    step = STEPS[space]
    too_small = (target.l1 if space is Space.L1 else target.l2).bytes // step
    enough = max(2 * too_small, 1)
    while not search.fits(enough * step):
        too_small, enough = enough, 2 * enough
    while enough - too_small > 1:
        middle = (too_small + enough) // 2
        if search.fits(middle * step):
            enough = middle
        else:
            too_small = middle
    return enough * step


class _Search:
    """Plans a network for one size of a memory after the other."""

    def __init__(self, module: ModuleOp, target: ClusterTarget, layers: int, space: Space):
        self.target, self.layers, self.space = target, layers, space
        self.passes = planning_passes().removeprefix(f"{GRAPH_LEVEL},")
        self.module = module.clone()
        run_pipeline(self.module, GRAPH_LEVEL)

    def _resized(self, size: int) -> ClusterTarget:
        if self.space is Space.L1:
            return self.target.with_sizes(size, None)
        return self.target.with_sizes(None, size)

    def fits(self, size: int) -> bool:
        """Whether the memory is not what planning fails for."""
        module = self.module.clone()
        try:
            set_target(module, self._resized(size), self.layers)
            run_pipeline(module, self.passes)
        except CapacityError as error:
            return error.space is not self.space
        return True
