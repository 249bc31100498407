"""Nodes that take and give N, H, W, C, as ONNX Runtime's optimiser makes them of others."""

from __future__ import annotations

from dataclasses import replace

from dsconv.frontends.arithmetic.values import Dequantised, LayerT, with_view
from dsconv.frontends.onnx_file.onnx_graph import Node
from dsconv.frontends.onnx_file.view import View


def takes_channels_last(node: Node) -> bool:
    """Whether a node is one of them."""
    return node.op_type == "NhwcMaxPool" or bool(node.integer("channels_last", 0))


def channels_first(node: Node, view: View) -> View:
    """What such a node takes, read as N, C, H, W."""
    turned = turned_to_nchw(view)
    if turned is None:
        raise node.problem(f"takes {list(view.shape)} with channels last")
    return turned


def turned_to_nchw(view: View) -> View | None:
    """The last dimension of three or more as the second, where that cuts no axis."""
    rank = len(view.shape)
    return view.transposed((0, rank - 1, *range(1, rank - 1))) if rank > 2 else None


def with_channels_first(node: Node, x: Dequantised) -> Dequantised:
    """What a node takes, as its twin on N, C, H, W takes it."""
    if not takes_channels_last(node):
        return x
    return with_view(x, lambda view: channels_first(node, view))


def with_channels_last(node: Node, layer: LayerT) -> LayerT:
    """What a node gives, from the layer on N, C, H, W."""
    return turned_to_nhwc(layer) if takes_channels_last(node) else layer


def turned_to_nhwc(layer: LayerT) -> LayerT:
    """A layer on N, C, H, W whose result is read as N, H, W, C."""
    view = layer.view.transposed((0, *range(2, len(layer.view.shape)), 1))
    assert view is not None, "layers on N, C, H, W cut no axis"
    return replace(layer, view=view)
