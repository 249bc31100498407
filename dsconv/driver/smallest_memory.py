"""The smallest L1 or L2 that a network can be planned for, found by trying."""

from __future__ import annotations

from xdsl.dialects.builtin import ModuleOp

from dsconv.dialects.attributes import Space
from dsconv.driver.pipeline import GRAPH_LEVEL, planning_passes, run_pipeline, set_target
from dsconv.errors import CapacityError
from dsconv.targets import ClusterTarget

STEPS = {Space.L1: 256, Space.L2: 1024}
"""Bytes; sizes are whole steps."""


def smallest_size(
    module: ModuleOp, target: ClusterTarget, layers: int, error: CapacityError
) -> int:
    """Bytes of a memory with which planning succeeds, while with one step less it fails.

    `module` is the imported network of so many layers, and `error` says which of the target's
    memories it does not fit. The other memory stays as it is, and may be too small as well.
    """
    search = Search(module, target, layers, error.space)
    step = STEPS[error.space]
    size = (target.l1 if error.space is Space.L1 else target.l2).bytes
    too_small = size // step
    tried = max(too_small + 1, -(-(size + error.missing) // step))
    while (missing := search.missing(tried * step)) is not None:
        too_small, tried = tried, tried + -(-missing // step) if missing else 2 * tried
    enough, tried = tried, tried - 1
    while enough - too_small > 1:
        if search.missing(tried * step) is None:
            enough = tried
        else:
            too_small = tried
        tried = (too_small + enough) // 2
    return enough * step


class Search:
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

    def missing(self, size: int) -> int | None:
        """Bytes that a plan lacks at least, or 0; None where it does not fail for this memory."""
        module = self.module.clone()
        try:
            set_target(module, self._resized(size), self.layers)
            run_pipeline(module, self.passes)
        except CapacityError as error:
            return error.missing if error.space is self.space else None
        return None
