"""Handlers of operations that move values and change none."""

from __future__ import annotations

from dsconv.frontends.core.reader import Handler
from dsconv.frontends.handlers.blocks import read_depth_to_space, read_space_to_depth
from dsconv.frontends.handlers.concats import read_concat
from dsconv.frontends.handlers.gathers import read_gather, read_tile
from dsconv.frontends.handlers.maps import on_maps
from dsconv.frontends.handlers.pads import read_pad
from dsconv.frontends.handlers.resizes import read_expand, read_resize
from dsconv.frontends.handlers.slices import read_slice, read_split
from dsconv.frontends.handlers.transposes import read_transpose

MOVEMENT_HANDLERS: dict[str, Handler] = {
    "Concat": read_concat,
    "DepthToSpace": on_maps(read_depth_to_space),
    "Expand": read_expand,
    "Gather": read_gather,
    "Pad": read_pad,
    "Resize": read_resize,
    "Slice": read_slice,
    "SpaceToDepth": on_maps(read_space_to_depth),
    "Split": read_split,
    "Tile": read_tile,
    "Transpose": read_transpose,
    "Upsample": read_resize,
}
