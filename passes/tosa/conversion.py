"""A TOSA function as one of the graph level."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xdsl.dialects import func
from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, IntegerAttr, StringAttr, i64
from xdsl.ir import Attribute, Block, Region, SSAValue
from xdsl.rewriter import Rewriter
from xdsl.utils.exceptions import VerifyException

from dsconv.dialects.attributes import i64_array
from dsconv.dialects.graph import dtype_of
from dsconv.passes.analysis.diagnostics import place_of
from dsconv.passes.tosa import arithmetic, movements, weighted
from dsconv.passes.tosa.function_reader import (
    FunctionReader,
    Reader,
    is_activation_type,
    laid_out_type,
)
from dsconv.passes.tosa.operation import (
    TosaOperation,
    UnreadableError,
    bits_of,
    is_tosa,
    shape_of,
)
from dsconv.passes.tosa.values import Activation

READERS: Mapping[str, Reader] = {
    "tosa.add": arithmetic.read_add,
    "tosa.avg_pool2d": movements.read_avg_pool2d,
    "tosa.clamp": arithmetic.read_clamp,
    "tosa.concat": movements.read_concat,
    "tosa.const": movements.read_constant,
    "tosa.const_shape": movements.read_constant,
    "tosa.conv2d": weighted.read_conv2d,
    "tosa.depthwise_conv2d": weighted.read_depthwise_conv2d,
    "tosa.identity": movements.read_identity,
    "tosa.matmul": weighted.read_matmul,
    "tosa.max_pool2d": movements.read_max_pool2d,
    "tosa.mul": arithmetic.read_mul,
    "tosa.pad": movements.read_pad,
    "tosa.reduce_sum": arithmetic.read_reduce_sum,
    "tosa.rescale": arithmetic.read_rescale,
    "tosa.reshape": movements.read_reshape,
    "tosa.resize": movements.read_resize,
    "tosa.slice": movements.read_slice,
    "tosa.sub": arithmetic.read_sub,
    "tosa.table": arithmetic.read_table,
    "tosa.transpose": movements.read_transpose,
}
"""What is read, by name."""
SOFTMAX_BEGINS = "tosa.reduce_max"
"""What the chain of a softmax takes off its operand."""


@dataclass(frozen=True)
class Port:
    """An input or output: its name in the file, and its shape there."""

    name: str
    value: SSAValue
    shape: tuple[int, ...]
    steps: tuple[str, ...] = ()

    @property
    def dtype(self) -> str:
        """Type of its elements, as numpy calls it."""
        return dtype_of(self.value).__name__

    @property
    def attribute(self) -> DictionaryAttr:
        """As the function says it."""
        fields: dict[str, Attribute] = {
            "name": StringAttr(self.name),
            "meaning": StringAttr(f"{self.dtype} {'x'.join(map(str, self.shape))}"),
            "dtype": StringAttr(self.dtype),
            "shape": i64_array(self.shape),
            "zero_point": IntegerAttr(0, i64),
        }
        return DictionaryAttr(fields)


@dataclass(frozen=True)
class Conversion:
    """A function at the graph level, with its ports."""

    function: func.FuncOp
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]


def is_tosa_function(operation: object) -> bool:
    """Whether an operation is a function with operations of TOSA in it."""
    return (
        isinstance(operation, func.FuncOp)
        and not operation.is_declaration
        and any(is_tosa(inner) for inner in operation.walk())
    )


def convert(function: func.FuncOp, *, softmax_to_caller: bool = False) -> Conversion:
    """A new function of layers, beside the old one. Raises UnreadableError.

    With `softmax_to_caller`, a softmax at the end is left out, and what it takes is returned.
    """
    return _Converter(function, softmax_to_caller=softmax_to_caller).run()


class _Converter:
    def __init__(self, function: func.FuncOp, *, softmax_to_caller: bool):
        self._function = function
        self._softmax_to_caller = softmax_to_caller
        self._errors: dict[SSAValue, UnreadableError] = {}

    def run(self) -> Conversion:
        blocks = self._function.body.blocks
        if len(blocks) != 1:
            raise self._problem(f"{len(blocks)} blocks, not one")
        block = self._function.body.block
        for index, argument in enumerate(block.args):
            if not is_activation_type(argument):
                raise self._problem(
                    f"argument {index} is {argument.type}; tensors of i8, of batch 1 and at most 4 "
                    "dimensions, are supported"
                )
        reader = FunctionReader(block)
        operations = [TosaOperation(operation, index) for index, operation in enumerate(block.ops)]
        *body, last = operations
        for operation in body:
            self._read(reader, operation)
        if not isinstance(last.operation, func.ReturnOp):
            raise last.problem("does not return from the function")
        try:
            return self._finish(block, reader, last)
        except VerifyException as error:
            raise self._problem(str(error)) from error

    def _problem(self, reason: str) -> UnreadableError:
        name = self._function.sym_name.data
        return UnreadableError(f"{place_of(self._function)}@{name}: {reason}")

    def _read(self, reader: FunctionReader, operation: TosaOperation) -> None:
        """Reads an operation; what goes wrong counts where its result is needed."""
        for operand in operation.operands:
            if operand in self._errors:
                self._errors.update(
                    dict.fromkeys(operation.operation.results, self._errors[operand])
                )
                return
        try:
            read = READERS.get(operation.name)
            if read is None:
                raise operation.problem(
                    "this operation is not supported", f"supported are {', '.join(READERS)}"
                )
            read(reader, operation)
        except UnreadableError as error:
            self._keep(operation, error)
        except VerifyException as error:
            self._keep(operation, operation.problem(str(error)))
        except (IndexError, KeyError, TypeError, ValueError, ZeroDivisionError) as error:
            self._keep(operation, operation.problem(f"its operands do not fit together ({error})"))

    def _keep(self, operation: TosaOperation, error: UnreadableError) -> None:
        if not operation.operation.results:
            raise error
        self._errors.update(dict.fromkeys(operation.operation.results, error))

    def _finish(self, block: Block, reader: FunctionReader, last: TosaOperation) -> Conversion:
        names = _port_names(self._function)
        inputs = tuple(
            Port(name, new, shape_of(old))
            for name, new, old in zip(names[0], reader.block.args, block.args, strict=True)
        )
        outputs = tuple(
            self._output(reader, last, name, value)
            for name, value in zip(names[1], last.operands, strict=True)
        )
        values = [output.value for output in outputs]
        reader.block.add_op(func.ReturnOp(*values))
        converted = func.FuncOp(
            self._function.sym_name.data,
            (reader.block.arg_types, [value.type for value in values]),
            Region(reader.block),
            self._function.sym_visibility,
        )
        for name, ports in (("dsconv.inputs", inputs), ("dsconv.outputs", outputs)):
            converted.attributes[name] = ArrayAttr([port.attribute for port in ports])
        converted.verify()
        return Conversion(converted, inputs, outputs)

    def _output(
        self, reader: FunctionReader, last: TosaOperation, name: str, value: SSAValue
    ) -> Port:
        steps: tuple[str, ...] = ()
        if value in self._errors:
            logits = self._behind_softmax(value) if self._softmax_to_caller else None
            if logits is None:
                raise self._errors[value]
            value, steps = logits, ("Softmax",)
        found = reader.returned(value, last)
        return Port(name, _laid_out(found), found.shape, steps)

    def _behind_softmax(self, value: SSAValue) -> SSAValue | None:
        """The 8 bits that a softmax at the end takes; None where something else stands there."""
        taken, seen, has_maximum = set[SSAValue](), {value}, False
        waiting = [value]
        while waiting:
            owner = waiting.pop().owner
            if isinstance(owner, Block):
                return None
            operation = TosaOperation(owner, 0)
            has_maximum |= operation.name == SOFTMAX_BEGINS
            for operand in operation.operands:
                if operand in seen:
                    continue
                seen.add(operand)
                if operand in self._errors or bits_above_8(operand):
                    waiting.append(operand)
                elif not is_constant(operand):
                    taken.add(operand)
        return taken.pop() if has_maximum and len(taken) == 1 else None


def bits_above_8(value: SSAValue) -> bool:
    """Whether a tensor that is no constant has wider integers than activations."""
    return not is_constant(value) and (bits_of(value) or 0) > 8


def is_constant(value: SSAValue) -> bool:
    """Whether a value is held by the function."""
    owner = value.owner
    return not isinstance(owner, Block) and TosaOperation(owner, 0).name.startswith("tosa.const")


def _laid_out(found: Activation) -> SSAValue:
    """The value with the layout that the file gives it on its type."""
    type_ = laid_out_type(found.sizes, found.dtype)
    if found.value.type == type_:
        return found.value
    return Rewriter.replace_value_with_new_type(found.value, type_)


def _port_names(function: func.FuncOp) -> tuple[list[str], list[str]]:
    """Names of inputs and outputs, which TensorFlow's converter keeps."""
    types = function.function_type
    named = function.attributes.get("tf.entry_function")
    names: list[list[str]] = []
    for role, count in (("inputs", len(types.inputs)), ("outputs", len(types.outputs))):
        value = named.data.get(role) if isinstance(named, DictionaryAttr) else None
        given = value.data.split(",") if isinstance(value, StringAttr) else []
        single = role.removesuffix("s")
        names.append(given if len(given) == count else [f"{single}{i}" for i in range(count)])
    return names[0], names[1]
