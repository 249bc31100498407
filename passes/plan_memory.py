"""Places every buffer: L1 within each layer, L2 and L3 over the network, from lifespans."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ArrayAttr, IntegerAttr, ModuleOp, i64
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass

from dsconv.dialects.attributes import Space
from dsconv.dialects.tiled import (
    L1_SIZE,
    L2_SIZE,
    L3_IMAGE_SIZE,
    L3_SIZE,
    OFFSETS,
    BufferOp,
    LayerOp,
    aligned,
)
from dsconv.passes.analysis.allocator import best_fit, search_fit
from dsconv.passes.analysis.diagnostics import DoesNotFitError
from dsconv.passes.analysis.l1_buffers import network_buffers, place
from dsconv.passes.analysis.liveness import (
    Lifespan,
    constant_size,
    constants,
    lifespans,
    peak_layer,
    peak_live_bytes,
)
from dsconv.passes.analysis.networks import networks
from dsconv.passes.analysis.target_cluster import memory_limit


def place_l3_constants(module: ModuleOp) -> int:
    """Places the weights in L3 one behind the other; returns the bytes of the image."""
    offset = 0
    for constant in constants(module, Space.L3):
        constant.attributes[OFFSETS] = IntegerAttr(offset, i64)
        offset += aligned(constant_size(constant))
    return offset


@dataclass(frozen=True)
class Limits:
    """Bytes of L1 and L2; 0 means no limit."""

    l1: int
    l2: int


@dataclass(frozen=True)
class PlanMemoryPass(ModulePass):
    """Gives each `dsconv.buffer` its offset, and the function its `dsconv.l1_bytes` and so on.

    `l1` and `l2`, in bytes, are limits, the target's by default; 0 means none. L2 holds the
    activations and the weights that are not in L3.
    """

    name = "plan-memory"

    l1: int | None = None
    l2: int | None = None

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        limits = Limits(memory_limit(op, Space.L1, self.l1), memory_limit(op, Space.L2, self.l2))
        for function in networks(op, LayerOp):
            self._plan(op, function, limits)

    def _plan(self, module: ModuleOp, function: FuncOp, limits: Limits) -> None:
        items = lifespans(function)
        far_items = lifespans(function, Space.L3)
        image_bytes = place_l3_constants(module)
        l2_bytes, far_bytes = search_fit(items), best_fit(far_items)
        for item in far_items:
            item.offset += image_bytes
        sizes = {
            L1_SIZE: self._place_l1(function, limits.l1),
            L2_SIZE: l2_bytes,
            L3_SIZE: image_bytes + far_bytes,
            L3_IMAGE_SIZE: image_bytes,
        }
        self._check_l2(module, function, l2_bytes, items, limits.l2)
        for name, size in sizes.items():
            function.attributes[name] = IntegerAttr(size, i64)
        self._write_offsets(function, [*items, *far_items])

    def _place_l1(self, function: FuncOp, l1: int) -> int:
        plans = network_buffers(function)
        for plan in plans:
            if l1 and plan.needed_bytes > l1:
                raise DoesNotFitError(
                    Space.L1,
                    plan.layer,
                    f'layer "{plan.layer.label.data}" needs {plan.needed_bytes} bytes of L1, '
                    f"{l1} are there",
                )
        size = max(plan.needed_bytes for plan in plans)
        place(plans, size)
        return size

    def _check_l2(
        self,
        module: ModuleOp,
        function: FuncOp,
        l2_bytes: int,
        items: Iterable[Lifespan],
        l2: int,
    ) -> None:
        weights = sum(aligned(constant_size(constant)) for constant in constants(module, Space.L2))
        if l2 and l2_bytes + weights > l2:
            raise DoesNotFitError(
                Space.L2,
                function,
                f'network "{function.sym_name.data}" needs {l2_bytes + weights} bytes of L2: '
                f"{l2_bytes} for activations (at least {peak_live_bytes(items)} whatever the "
                f'plan, for layer "{peak_layer(function, items)}"), {weights} for weights; '
                f"{l2} are there",
            )

    def _write_offsets(self, function: FuncOp, items: Iterable[Lifespan]) -> None:
        offsets = {item.value: item.offset for item in items}
        for value, offset in offsets.items():
            if isinstance(value.owner, BufferOp):
                value.owner.place(offset)
        arguments = [IntegerAttr(offsets[argument], i64) for argument in function.body.block.args]
        function.attributes[OFFSETS] = ArrayAttr(arguments)
