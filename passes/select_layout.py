"""Gives every activation the layout that serves its consumers."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from dsconv.dialects.graph import (
    LayerOperation,
    layout_of,
)
from dsconv.passes.analysis.layouts import only_layers_read, preferred_layout, set_layout


@dataclass(frozen=True)
class SelectLayoutPass(ModulePass):
    """Chooses CHW or HWC for what only layers read, where nothing is chosen yet.

    A function's arguments and results keep the layout in which the caller has the bytes, and values
    that other operations read keep their type.
    """

    name = "select-layout"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        layers = [layer for layer in op.walk() if isinstance(layer, LayerOperation)]
        for layer in reversed(layers):
            if layout_of(layer.result) is None and only_layers_read(layer.result):
                set_layout(layer.result, preferred_layout(layer.result))
