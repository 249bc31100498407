"""What makes one flavour of quantised ONNX: how it is recognised, and what its nodes mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dsconv.frontends.arithmetic.real_factors import Arithmetic
from dsconv.frontends.core.reader import Handler
from dsconv.frontends.onnx_file.onnx_graph import OnnxGraph


@dataclass(frozen=True)
class Flavour:
    """A way to write quantised networks.

    `producer` and `requantisation` describe it to people. `is_written_in` recognises it in a graph,
    `handlers` reads its nodes by operation, and `arithmetic` requantises their layers. The first
    sentence of a handler's docstring is what `dsconv support` says about the operation.
    """

    name: str
    producer: str
    requantisation: str
    is_written_in: Callable[[OnnxGraph], bool]
    handlers: Mapping[str, Handler]
    arithmetic: Arithmetic


def has_operation(*operations: str) -> Callable[[OnnxGraph], bool]:
    """Recognises graphs with any of these operations."""
    return lambda graph: any(node.op_type in operations for node in graph.nodes)
