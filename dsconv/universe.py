"""What the stock xdsl-opt finds of us: each part is imported when it is first used."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from xdsl.ir import Dialect
from xdsl.passes import ModulePass
from xdsl.universe import Universe
from xdsl.utils.target import Target

PASSES = {
    "convert-tosa-to-dsconv": "dsconv.passes.convert_tosa_to_dsconv:ConvertTosaToDsconvPass",
    "fuse-dsconv": "dsconv.passes.fuse_dsconv:FuseDsconvPass",
    "fold-pads": "dsconv.passes.fold_pads:FoldPadsPass",
    "fold-negative-scales": "dsconv.passes.fold_negative_scales:FoldNegativeScalesPass",
    "fold-weight-zero-points": "dsconv.passes.fold_weight_zero_points:FoldWeightZeroPointsPass",
    "join-depthwise": "dsconv.passes.join_depthwise:JoinDepthwisePass",
    "narrow-requant": "dsconv.passes.narrow_requant:NarrowRequantPass",
    "factorise-depthwise": "dsconv.passes.factorise_depthwise:FactoriseDepthwisePass",
    "map-array": "dsconv.passes.map_array:MapArrayPass",
    "select-layout": "dsconv.passes.select_layout:SelectLayoutPass",
    "select-schedule": "dsconv.passes.select_schedule:SelectSchedulePass",
    "order-tiles": "dsconv.passes.order_tiles:OrderTilesPass",
    "schedule-dram": "dsconv.passes.schedule_dram:ScheduleDramPass",
    "tile-l1": "dsconv.passes.tile_l1:TileL1Pass",
    "lower-to-tiles": "dsconv.lowering.layer_loop:LowerToTilesPass",
    "lower-to-accelerator": "dsconv.lowering.dram.lower_to_accelerator:LowerToAcceleratorPass",
    "elide-copies": "dsconv.passes.elide_copies:ElideCopiesPass",
    "keep-in-l1": "dsconv.passes.keep_in_l1:KeepInL1Pass",
    "double-buffer": "dsconv.passes.double_buffer:DoubleBufferPass",
    "spill-activations": "dsconv.passes.spill_activations:SpillActivationsPass",
    "stream-weights": "dsconv.passes.stream_weights:StreamWeightsPass",
    "prefetch-weights": "dsconv.passes.prefetch_weights:PrefetchWeightsPass",
    "plan-memory": "dsconv.passes.plan_memory:PlanMemoryPass",
    "lower-kernels-to-xpulp": "dsconv.lowering.xpulp.lower_kernels:LowerKernelsToXpulpPass",
    "lower-kernels": "dsconv.lowering.lower_kernels:LowerKernelsPass",
    "lower-to-upstream": "dsconv.lowering.upstream.lower_to_upstream:LowerToUpstreamPass",
    "canonicalize-functions": "dsconv.passes.canonicalize_functions:CanonicalizeFunctionsPass",
}
TARGETS = {"dsconv-c": "dsconv.lowering.c_target:CTarget"}


def _importer(place: str) -> Callable[[], Any]:
    module, name = place.split(":")
    return lambda: getattr(import_module(module), name)


def _dialect() -> Dialect:
    from dsconv.dialects.dsconv import Dsconv

    return Dsconv


_passes: dict[str, Callable[[], type[ModulePass]]] = {
    name: _importer(place) for name, place in PASSES.items()
}
_targets: dict[str, Callable[[], type[Target]]] = {
    name: _importer(place) for name, place in TARGETS.items()
}

DSCONV_UNIVERSE = Universe(
    all_dialects={"dsconv": _dialect}, all_passes=_passes, all_targets=_targets
)
