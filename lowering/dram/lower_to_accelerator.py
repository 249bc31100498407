"""Lowers scheduled layers to a program for an accelerator behind DRAM."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from xdsl.builder import ImplicitBuilder
from xdsl.context import Context
from xdsl.dialects.builtin import ArrayAttr, IntegerAttr, ModuleOp, i64
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter
from xdsl.utils.exceptions import DiagnosticException

from dsconv.dialects.accelerator import MapOp, PatchOp, ReleaseOp, UnitOp, UnitYieldOp
from dsconv.dialects.accelerator.operations import map_type
from dsconv.dialects.attributes import Layout, Schedule, ScheduleAttr, Space, Tile, TileAttr
from dsconv.dialects.fused import FusedOp
from dsconv.dialects.graph import (
    ConstantOp,
    LayerOperation,
    tensor_type,
)
from dsconv.dialects.target import TARGET, Accelerator, accelerator_in
from dsconv.dialects.tiled import OFFSETS, LayerOp
from dsconv.lowering.callers import check_not_called
from dsconv.lowering.dram.dense_loops import DenseLoops
from dsconv.lowering.dram.group_loops import GroupLoops
from dsconv.lowering.dram.row_loops import RowLoops
from dsconv.lowering.network_checks import check_layers_alone
from dsconv.lowering.tile_kernels import Symbols
from dsconv.passes.analysis.networks import networks
from dsconv.passes.dram.decided import leaves_output, step_of, values_on_chip
from dsconv.passes.dram.dense_nest import DenseNest
from dsconv.passes.dram.group_nest import GroupNest
from dsconv.passes.dram.links import layers_in, value_bits
from dsconv.passes.dram.search import Step


class DramPlaces:
    """Where things lie in DRAM: one after the other, each at the beginning of a burst."""

    def __init__(self, machine: Accelerator):
        self.machine = machine
        self.end = 0

    def place(self, entries: int) -> int:
        """The offset, in entries, of the next so many."""
        offset, line = self.end, self.machine.line_entries
        self.end += -(-entries // line) * line
        return offset

    def place_weights(self, step: Step) -> list[int]:
        """Where the weights of each layer of a chain begin.

        Those of a chain along channels lie together, group by group.
        """
        sizes = [link.weight_entries for link in step.chain.links]
        if isinstance(step.way, GroupNest):
            return [self.place(sum(sizes))] * len(sizes)
        return [self.place(size) for size in sizes]

    def place_map(self, value: SSAValue) -> int:
        """The offset of an activation."""
        elements = prod(tensor_type(value).get_shape())
        return self.place(elements * self.machine.entries_of(value_bits(value)))


def unit_of(layer: LayerOperation, symbols: Symbols) -> UnitOp:
    """What computes a layer: a copy of it, which reads the activations of the region."""
    body = Block(arg_types=[value.type for value in layer.activations])
    mapper: dict[SSAValue, SSAValue] = dict(zip(layer.activations, body.args, strict=True))
    for operand in layer.operands:
        if isinstance(operand.owner, ConstantOp):
            body.add_op(operand.owner.clone(mapper))
    copy = layer.clone(mapper)
    copy.properties.pop("tile", None)
    body.add_ops((copy, UnitYieldOp(copy.result)))
    unit = UnitOp(layer.label, Region(body))
    symbols.settle(unit)
    return unit


def layer_of(op: LayerOperation, step: Step, output: SSAValue, body: Block) -> LayerOp:
    """The layer that runs a step."""
    _, channels, _, columns = tensor_type(op.result).get_shape()
    schedule = Schedule(
        (Layout.HWC, Layout.HWC),
        op.axis if isinstance(op, FusedOp) else None,
        tuple(layer.kind for layer in op.chain) if isinstance(op, FusedOp) else (),
        inputs_in_l1=len(values_on_chip(op)),
    )
    return LayerOp(
        step.chain.label,
        op.kind,
        output,
        tensor_type(op.result),
        Region(body),
        tile=op.tile or TileAttr.of(Tile(channels, 1, columns)),
        schedule=ScheduleAttr.of(schedule),
        macs=op.macs,
    )


class ProgramWriter:
    """Writes the program of one network."""

    def __init__(self, function: FuncOp, machine: Accelerator, symbols: Symbols):
        self.function = function
        self.machine = machine
        self.places = DramPlaces(machine)
        self.layers = [op for op in function.body.block.ops if isinstance(op, LayerOperation)]
        self.units = {
            layer: unit_of(layer, symbols) for op in self.layers for layer in layers_in(op)
        }
        self.steps = {op: step_of(op, machine) for op in self.layers}
        self.weights = {op: self.places.place_weights(step) for op, step in self.steps.items()}

    def write(self) -> list[Operation]:
        """The units, then the function on maps in DRAM: inputs, then outputs."""
        old = self.function.body.block
        returned = check_layers_alone(self.function, "is nothing an accelerator does")
        ports = [*old.args, *returned.arguments]
        types = [_map_of(value) for value in ports]
        new = FuncOp(self.function.sym_name.data, (types, []))
        new.attributes[OFFSETS] = ArrayAttr(
            IntegerAttr(self.places.place_map(value), i64) for value in ports
        )
        self.maps: dict[SSAValue, SSAValue] = dict(zip(ports, new.body.block.args, strict=True))
        with ImplicitBuilder(new.body):
            for op in self.layers:
                self._layer(op)
            ReturnOp()
        return [*self.units.values(), new]

    def _layer(self, op: LayerOperation) -> None:
        step = self.steps[op]
        if op.result not in self.maps:
            self.maps[op.result] = self._room_for(op)
        body = Block()
        symbols = {layer: unit.sym_name.data for layer, unit in self.units.items()}
        nest = step.way
        arguments = (op.label, step, self._with_inside(op), symbols, self.weights[op], self.machine)
        with ImplicitBuilder(body):
            if isinstance(nest, DenseNest):
                DenseLoops(*arguments).write(nest)
            elif isinstance(nest, GroupNest):
                GroupLoops(*arguments).write(nest)
            else:
                RowLoops(*arguments).write(nest)
        layer_of(op, step, self.maps[op.result], body)
        for value in values_on_chip(op):
            ReleaseOp(self.maps[value])

    def _with_inside(self, op: LayerOperation) -> Mapping[SSAValue, SSAValue]:
        """The maps by their values: what a fused layer makes is what its last one does."""
        if not isinstance(op, FusedOp):
            return self.maps
        return self.maps | {op.chain[-1].result: self.maps[op.result]}

    def _room_for(self, op: LayerOperation) -> SSAValue:
        """A map in DRAM for what a layer makes, or on chip where it stays there."""
        _, *shape = tensor_type(op.result).get_shape()
        element = tensor_type(op.result).element_type
        if leaves_output(op):
            return PatchOp(op.label, shape, element).result
        return MapOp(op.label, self.places.place_map(op.result), shape, element).result


def _map_of(value: SSAValue):
    _, *shape = tensor_type(value).get_shape()
    return map_type(shape, tensor_type(value).element_type, Space.L2)


class LowerToAcceleratorPass(ModulePass):
    """Lowers every function with layers that `schedule-dram` has scheduled, or a user by hand."""

    name = "lower-to-accelerator"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        machine = accelerator_in(op)
        found = networks(op, LayerOperation)
        if found and machine is None:
            raise DiagnosticException(
                "lower-to-accelerator needs an accelerator; write "
                f"{TARGET} = #dsconv.accelerator<...> to the module"
            )
        symbols = Symbols(op)
        for function in found:
            check_not_called(op, function.sym_name.data, self.name)
            assert machine is not None, "checked"
            lowered = ProgramWriter(function, machine, symbols).write()
            op.body.block.insert_ops_before(lowered, function)
            Rewriter.erase_op(function)
