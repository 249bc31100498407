"""Builds the module: one dsconv operation for each layer, once its output is quantised."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from xdsl.dialects import func
from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseArrayBase,
    DictionaryAttr,
    FloatAttr,
    IntegerAttr,
    ModuleOp,
    StringAttr,
    f64,
    i64,
)
from xdsl.ir import Attribute, Block, Region, SSAValue
from xdsl.rewriter import Rewriter

from dsconv.dialects.attributes import i64_array
from dsconv.dialects.graph import (
    ConstantOp,
    LayerOperation,
    activation_type,
    dtype_of,
    layout_of,
    tensor_type,
)
from dsconv.errors import ModelError
from dsconv.frontends.arithmetic.integer_arithmetic import IntegerArithmetic
from dsconv.frontends.arithmetic.real_factors import Arithmetic, OnnxRuntimeArithmetic
from dsconv.frontends.arithmetic.scales import Quantisation
from dsconv.frontends.arithmetic.values import (
    UNBOUNDED,
    AnyPendingLayer,
    ConvolutionLayer,
    Dequantised,
    FunctionOfSums,
    Integers,
    LayerOfSums,
    MatrixLayer,
    MaxPoolLayer,
    MovingLayer,
    PendingLayer,
    RescaleLayer,
    SummingLayer,
    TransposedConvolutionLayer,
    with_bounds,
)
from dsconv.frontends.core.fold_clips import fold_clip
from dsconv.frontends.core.on_grids import GridMaker
from dsconv.frontends.core.operations import (
    LARGEST_ACTIVATION,
    MadeLayer,
    layer_operation,
    max_pool_operation,
    ones_operation,
    result_type,
    sum_operation,
)
from dsconv.frontends.core.phases import in_phases
from dsconv.frontends.core.sums import QUANTISE_BETWEEN, SumMaker
from dsconv.frontends.onnx_file.labels import c_identifier, layer_labels
from dsconv.frontends.onnx_file.network import ImportedNetwork, LayerSource, OnnxTensor, Port
from dsconv.frontends.onnx_file.onnx_graph import GraphInput, Node
from dsconv.frontends.onnx_file.preprocessing import Preparation
from dsconv.frontends.onnx_file.view import View

ONES = Quantisation(1.0, 0, "int8")
"""What 0 or 1 means that is added to an integer."""

Bounds: TypeAlias = tuple[float, float]


@dataclass(frozen=True)
class _Input:
    argument: SSAValue
    source: GraphInput
    tensor: str


@dataclass(frozen=True)
class _Layer:
    operation: LayerOperation
    node: Node
    output: OnnxTensor | None
    inputs: tuple[OnnxTensor | None, ...]


@dataclass(frozen=True)
class Output:
    """A result of the network: the name it has in the file, its bytes, and what the caller does.

    `aliases` are outputs of the file that are made of the same bytes, `reals` the tensor that holds
    what they mean, where none holds the bytes.
    """

    name: str
    integers: Integers
    steps: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    reals: str | None = None


class NetworkBuilder:
    """Collects inputs and layers in order of evaluation; `finish` gives the network."""

    def __init__(
        self,
        arithmetic: Arithmetic,
        preparations: Mapping[str, Preparation],
        note: Callable[[str], None],
    ):
        """`preparations` are what the caller does before the graph's inputs of these names.

        `note` is told what a user should know of layers.
        """
        self._arithmetic, self._note = arithmetic, note
        self._preparations = preparations
        self._block = Block()
        self._inputs: list[_Input] = []
        self._layers: list[_Layer] = []
        self._input_quantisations: dict[SSAValue, Quantisation] = {}
        self._grids = GridMaker(self.add_layer)
        self._sums = SumMaker(self._append, self.add_layer, self._grids)
        self._parts: dict[tuple[Dequantised | AnyPendingLayer, Quantisation, Bounds], Integers] = {}

    def add_input(
        self, source: GraphInput, file_view: View, tensor: OnnxTensor, dtype: str
    ) -> Integers:
        """An argument of the function. `tensor` is the ONNX tensor of its first quantised form."""
        layout = file_view.layout
        if layout is None:
            raise ModelError(
                f"input '{source.name}': its first layer reads it in an order that is neither "
                "NCHW nor NHWC"
            )
        if math.prod(file_view.sizes) > LARGEST_ACTIVATION:
            raise ModelError(f"input '{source.name}' has {list(source.shape)} values, too many")
        index = sum(known.source.position < source.position for known in self._inputs)
        type_ = activation_type(file_view.sizes, dtype, layout)
        argument = self._block.insert_arg(type_, index)
        argument.name_hint = c_identifier(source.name)
        self._inputs.insert(index, _Input(argument, source, tensor.name))
        return Integers(argument, tensor, tensor.view, None)

    def quantise_input(
        self, source: GraphInput, file_view: View, tensor: OnnxTensor, quantisation: Quantisation
    ) -> Integers:
        """The argument for a float input, which the caller quantises into `tensor`."""
        known = next((known for known in self._inputs if known.source is source), None)
        if known is None:
            integers = self.add_input(source, file_view, tensor, quantisation.dtype)
            self.set_input_quantisation(integers, quantisation)
            return replace(integers, quantisation=quantisation)
        if self._input_quantisations[known.argument] != quantisation:
            raise ModelError(f"input '{source.name}' is quantised in two ways; quantise it once")
        return Integers(known.argument, tensor, tensor.view, quantisation)

    def set_input_quantisation(self, integers: Integers, quantisation: Quantisation) -> None:
        """Notes what the bytes of an input mean; its first user decides."""
        self._input_quantisations.setdefault(integers.value, quantisation)

    def add_layer(
        self,
        layer: AnyPendingLayer,
        output: Quantisation,
        name: str | None,
        arithmetic: Arithmetic | None = None,
    ) -> Integers:
        """Makes the operation of a layer whose result is quantised as `output`.

        `name` is the ONNX tensor of the result, None where the file has none. `arithmetic` is the
        flavour's by default.
        """
        if isinstance(layer, MaxPoolLayer):
            return self._add_max_pool(layer, output, name)
        if isinstance(layer, MovingLayer):
            return self._add_movement(layer, output, name)
        if isinstance(layer, TransposedConvolutionLayer):
            return self.add_layer(in_phases(layer), output, name, arithmetic)
        if isinstance(layer, FunctionOfSums | LayerOfSums):
            self._check_adds_reals(layer)
        if isinstance(layer, FunctionOfSums):
            return self._add_function_of_sums(layer, output, name)
        if isinstance(layer, LayerOfSums):
            return self._sums.quantised(layer, layer, None, output, name)
        made = layer_operation(layer, output, arithmetic or self._arithmetic)
        if made.ones is not None:
            return self._add_ones(made, made.ones, layer, output, name)
        inputs = [x.integers for x in made.inputs]
        return self._append(made.operation, layer, inputs, output, name)

    def _check_adds_reals(self, layer: FunctionOfSums | LayerOfSums) -> None:
        """Raises `ModelError` where the flavour's kernels take nothing but quantised tensors."""
        if not isinstance(self._arithmetic, OnnxRuntimeArithmetic):
            raise layer.node.problem(
                "takes what is not quantised, or several scales in one sum, for which this flavour "
                "has no arithmetic",
                QUANTISE_BETWEEN,
            )

    def _add_ones(
        self,
        made: MadeLayer,
        ones: npt.NDArray[np.int64],
        layer: PendingLayer,
        output: Quantisation,
        name: str | None,
    ) -> Integers:
        """A layer, and what it lacks for some pairs of integers, added up."""
        self._note(f"{layer.node.title}: results next to ties are rounded by a table of 8 kB")
        inputs = [x.integers for x in made.inputs]
        below = self._append(made.operation, layer, inputs, output, None)
        pair = inputs
        if made.above is not None:
            pair = [below, self._append(made.above, layer, inputs, output, None)]
        lacks = ones_operation(layer, pair, ones, output)
        rest = self._append(lacks, layer, pair, ONES, None)
        total = sum_operation(layer, below, rest, output)
        return self._append(total, layer, [below, rest], output, name)

    def add_accumulators(self, layer: ConvolutionLayer | MatrixLayer, name: str | None) -> Integers:
        """Makes the operation of a last layer whose result is not quantised: its sums, in int32.

        `name` is the ONNX tensor that has the sums, None where the file has none.
        """
        scales = tuple(layer.bias_scales.reshape(-1).tolist())
        meaning = Quantisation(scales[0], 0, "int32")
        unbounded = replace(layer, bounds=UNBOUNDED)
        integers = self.add_layer(unbounded, meaning, name, IntegerArithmetic())
        if len(scales) == 1:
            return integers
        return replace(integers, quantisation=None, channel_scales=scales)

    def add_sums(self, layer: SummingLayer) -> Integers:
        """Makes the integers of a last layer whose result is not quantised, in int32."""
        return self._sums.integers(layer)

    def addends(self, layer: AnyPendingLayer) -> tuple[Dequantised, ...] | None:
        """Activations whose sum a layer is that chooses, moves or clips values."""
        return self._grids.activations(layer)

    def _add_function_of_sums(
        self, layer: FunctionOfSums, output: Quantisation, name: str | None
    ) -> Integers:
        """The sums in 32 bits, and a table of the steps of the function."""
        if isinstance(layer.sums, TransposedConvolutionLayer):
            return self.add_layer(in_phases(layer), output, name)
        return self._sums.quantised(layer, layer.sums, layer.function, output, name)

    def _append(
        self,
        operation: LayerOperation,
        layer: PendingLayer,
        inputs: Sequence[Integers],
        output: Quantisation,
        name: str | None,
    ) -> Integers:
        owners = (operand.owner for operand in operation.operands)
        parameters = (owner for owner in owners if isinstance(owner, ConstantOp))
        self._block.add_ops((*parameters, operation))
        tensor = None if name is None else OnnxTensor(name, layer.view)
        sources = tuple(integers.stored for integers in inputs)
        self._layers.append(_Layer(operation, layer.node, tensor, sources))
        return Integers(operation.result, tensor, layer.view, output)

    def _add_max_pool(
        self, layer: MaxPoolLayer, output: Quantisation, name: str | None
    ) -> Integers:
        """A maximum commutes with every rounding and clipping, so it needs no arithmetic.

        A layer before it is quantised as the pool's result is; an activation that is quantised
        otherwise is pooled first and requantised then.
        """
        if isinstance(layer.x, PendingLayer):
            source = self.add_layer(with_bounds(layer.x, layer.bounds), output, None)
            return self._append(max_pool_operation(layer, source), layer, [source], output, name)
        source, quantisation = layer.x.integers, layer.x.quantisation
        if quantisation == output and output.clip_range(layer.bounds) == output.limits:
            return self._append(max_pool_operation(layer, source), layer, [source], output, name)
        pooled = self._append(
            max_pool_operation(layer, source), layer, [source], quantisation, None
        )
        rescale = RescaleLayer(
            layer.node, layer.view, layer.bounds, Dequantised(pooled, quantisation)
        )
        return self.add_layer(rescale, output, name)

    def _add_movement(self, layer: MovingLayer, output: Quantisation, name: str | None) -> Integers:
        """A movement commutes with quantisation: its parts are quantised as the result is."""
        sources = [self._requantised(part, layer, output) for part in layer.parts]
        values = [source.value for source in sources]
        fill = 0 if layer.fill is None else output.clipped(layer.fill, layer.bounds)
        operation = layer.make(values, result_type(layer, output.dtype), output, fill)
        return self._append(operation, layer, sources, output, name)

    def _requantised(
        self, part: Dequantised | AnyPendingLayer, layer: MovingLayer, output: Quantisation
    ) -> Integers:
        """A part of a movement as integers of its result, bounds applied; made only once."""
        place = part, output, layer.bounds
        if place not in self._parts:
            self._parts[place] = self._made_part(part, layer, output)
        return self._parts[place]

    def _made_part(
        self, part: Dequantised | AnyPendingLayer, layer: MovingLayer, output: Quantisation
    ) -> Integers:
        if isinstance(part, PendingLayer):
            return self.add_layer(with_bounds(part, layer.bounds), output, None)
        if part.quantisation == output and output.clip_range(layer.bounds) == output.limits:
            return part.integers
        return self.add_layer(self._arithmetic.restated(layer, part, output), output, None)

    def finish(
        self, name: str, outputs: Sequence[Output], notes: Sequence[str], flavour: str
    ) -> ImportedNetwork:
        """Closes the function and labels its layers. `name` becomes a C identifier."""
        return_op = func.ReturnOp(*(output.integers.value for output in outputs))
        self._block.add_op(return_op)
        self._fold_clips()
        for index, output in enumerate(outputs):
            _lay_out(return_op.operands[index], output)
        sources = self._labelled_layers()
        ports = tuple(self._input_port(known) for known in self._inputs)
        results = tuple(_output_port(output) for output in outputs)
        function = func.FuncOp(
            c_identifier(name),
            (self._block.arg_types, [value.type for value in return_op.operands]),
            Region(self._block),
        )
        function.attributes["dsconv.inputs"] = _port_attributes(ports)
        function.attributes["dsconv.outputs"] = _port_attributes(results)
        function.attributes["dsconv.notes"] = ArrayAttr([StringAttr(note) for note in notes])
        module = ModuleOp([function])
        module.verify()
        return ImportedNetwork(module, ports, results, sources, tuple(notes), flavour)

    def _fold_clips(self) -> None:
        kept: list[_Layer] = []
        for layer in self._layers:
            producer = fold_clip(layer.operation)
            if producer is None:
                kept.append(layer)
                continue
            kept = [
                replace(known, output=layer.output) if known.operation is producer else known
                for known in kept
            ]
        self._layers = kept

    def _labelled_layers(self) -> tuple[LayerSource, ...]:
        labels = layer_labels([_label_source(layer.node) for layer in self._layers])
        for layer, label in zip(self._layers, labels, strict=True):
            layer.operation.properties["layer"] = StringAttr(label)
        return tuple(
            LayerSource(label, layer.node.name, layer.output, layer.inputs)
            for layer, label in zip(self._layers, labels, strict=True)
        )

    def _input_port(self, known: _Input) -> Port:
        quantisation = self._input_quantisations.get(known.argument)
        return Port(
            known.source.name,
            known.tensor,
            known.source.shape,
            np.dtype(dtype_of(known.argument)).name,
            None if quantisation is None else quantisation.scale,
            0 if quantisation is None else quantisation.zero_point,
            ("QuantizeLinear",) if known.source.dtype == "float32" else (),
            preparation=self._preparations.get(known.source.name),
        )


def _lay_out(value: SSAValue, output: Output) -> None:
    """Puts the layout that the file gives an output on its type."""
    layout = output.integers.view.layout
    if isinstance(value.owner, Block):
        raise ModelError(f"output '{output.name}' is an input of the network: nothing to compile")
    if layout is None:
        raise ModelError(f"output '{output.name}' is transposed to neither NCHW nor NHWC")
    type_ = activation_type(tensor_type(value).get_shape(), dtype_of(value), layout)
    if layout_of(value) is None:
        Rewriter.replace_value_with_new_type(value, type_)
    elif value.type != type_:
        raise ModelError(f"output '{output.name}' leaves the network in two layouts")


def _label_source(node: Node) -> str:
    name = node.name or node.outputs[0]
    return f"{node.op_type}_{name}" if name.isdigit() else name


def _output_port(output: Output) -> Port:
    integers = output.integers
    quantisation, tensor = integers.quantisation, integers.stored
    return Port(
        output.name,
        (output.reals or output.name) if tensor is None else tensor.name,
        integers.view.shape,
        integers.dtype,
        None if quantisation is None else quantisation.scale,
        0 if quantisation is None else quantisation.zero_point,
        output.steps,
        integers.channel_scales,
        aliases=output.aliases,
    )


def _port_attributes(ports: Sequence[Port]) -> ArrayAttr[DictionaryAttr]:
    return ArrayAttr([_port_attribute(port) for port in ports])


def _port_attribute(port: Port) -> DictionaryAttr:
    fields: dict[str, Attribute] = {
        "name": StringAttr(port.name),
        "meaning": StringAttr(port.meaning),
        "dtype": StringAttr(port.dtype),
        "shape": i64_array(port.shape),
        "zero_point": IntegerAttr(port.zero_point, i64),
    }
    if port.scale is not None:
        fields["scale"] = FloatAttr(port.scale, f64)
    if port.channel_scales:
        fields["channel_scales"] = DenseArrayBase.from_list(f64, port.channel_scales)
    return DictionaryAttr(fields)
