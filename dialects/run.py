"""Runs an imported network on its reference semantics, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import ArrayAttr, IntegerAttr, ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.interpreter import Interpreter
from xdsl.interpreters.func import FuncFunctions
from xdsl.interpreters.scf import ScfFunctions
from xdsl.ir import Operation

from dsconv.dialects.attributes import Layout, Space
from dsconv.dialects.graph import LayerOperation
from dsconv.dialects.layer_semantics import GraphFunctions
from dsconv.dialects.tiled import L2_SIZE, OFFSETS, buffer_size
from dsconv.dialects.tiled_semantics import (
    Bytes,
    IntegerFunctions,
    MachineFunctions,
    TiledFunctions,
    unwritten,
)

Array = npt.NDArray[np.integer]


def to_memory(array: Array, layout: Layout | None) -> npt.NDArray[np.uint8]:
    """Bytes of a (1, C, H, W) activation in the order of a layout."""
    ordered = array.transpose(0, 2, 3, 1) if layout is Layout.HWC else array
    return np.ascontiguousarray(ordered).view(np.uint8).reshape(-1)


def from_memory(
    data: npt.NDArray[np.uint8],
    shape: tuple[int, ...],
    dtype: type[np.integer],
    layout: Layout | None,
) -> Array:
    """The (1, C, H, W) activation that lies in memory in a layout."""
    if layout is not Layout.HWC:
        return data.view(dtype).reshape(shape)
    batch, channels, height, width = shape
    return data.view(dtype).reshape(batch, height, width, channels).transpose(0, 3, 1, 2)


@dataclass
class _Recorder(Interpreter.Listener):
    """Keeps the result of every layer."""

    outputs: dict[str, Array] = field(default_factory=dict[str, Array])

    def did_interpret_op(self, op: Operation, results: tuple[Any, ...]) -> None:
        if isinstance(op, LayerOperation):
            self.outputs[op.label] = results[0]


@dataclass(frozen=True)
class ReferenceRun:
    """Outputs of the network and of every layer by its label, as (1, C, H, W) arrays."""

    outputs: tuple[Array, ...]
    layers: Mapping[str, Array]


def network_of(module: ModuleOp) -> FuncOp:
    """The function of an imported module."""
    (function,) = (op for op in module.body.block.ops if isinstance(op, FuncOp))
    return function


def layers_of(module: ModuleOp) -> dict[str, LayerOperation]:
    """The layers of an imported module by label."""
    operations = network_of(module).body.block.ops
    return {op.label: op for op in operations if isinstance(op, LayerOperation)}


def make_interpreter(module: ModuleOp, *listeners: Interpreter.Listener) -> Interpreter:
    """An interpreter for every level of the dialect."""
    interpreter = Interpreter(module, listeners=listeners)
    for functions in (
        FuncFunctions(),
        ScfFunctions(),
        GraphFunctions(),
        TiledFunctions(),
        MachineFunctions(),
        IntegerFunctions(),
    ):
        interpreter.register_implementations(functions)
    return interpreter


def run_reference(module: ModuleOp, *inputs: Array) -> ReferenceRun:
    """Runs a module of the graph level on (1, C, H, W) arrays."""
    recorder = _Recorder()
    interpreter = make_interpreter(module, recorder)
    outputs = interpreter.call_op(network_of(module).sym_name.data, inputs)
    return ReferenceRun(outputs, recorder.outputs)


def run_lowered(network: FuncOp, *inputs: Bytes) -> tuple[Bytes, ...]:
    """Runs a network of the tiled or machine level on the bytes of its inputs.

    Once memory is planned all buffers lie in it as on the device, so a plan that lets two of them
    collide shows. Returns the bytes of the outputs.
    """
    module = network.parent_op()
    assert isinstance(module, ModuleOp), "networks lie in a module"
    interpreter = make_interpreter(module)
    arguments = network.body.block.args
    places = network.attributes.get(OFFSETS)
    if isinstance(places, ArrayAttr):
        size = cast(IntegerAttr, network.attributes[L2_SIZE]).value.data
        memory = unwritten(size)
        interpreter.set_data(TiledFunctions, Space.L2, memory)
        offsets = [cast(IntegerAttr, place).value.data for place in places]
        buffers = [
            memory[offset:][: buffer_size(argument)]
            for offset, argument in zip(offsets, arguments, strict=True)
        ]
    else:
        buffers = [unwritten(buffer_size(argument)) for argument in arguments]
    for buffer, data in zip(buffers, inputs, strict=False):
        buffer[:] = data
    interpreter.call_op(network, tuple(buffers))
    return tuple(buffers[len(inputs) :])
