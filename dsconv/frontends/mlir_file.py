"""Imports a network of quantised TOSA from a file of MLIR."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ArrayAttr, Builtin, ModuleOp, StringAttr
from xdsl.dialects.func import Func
from xdsl.utils.exceptions import ParseError, VerifyException

from dsconv.dialects.run import layers_of
from dsconv.errors import ModelError
from dsconv.frontends.located_parser import LocatedParser
from dsconv.frontends.onnx_file.labels import c_identifier
from dsconv.frontends.onnx_file.network import ImportedNetwork, LayerSource, Port
from dsconv.passes.tosa.conversion import Conversion, convert, is_tosa_function
from dsconv.passes.tosa.conversion import Port as ConvertedPort
from dsconv.passes.tosa.operation import TosaOperation, UnreadableError

FLAVOUR = "TOSA"
SUFFIX = ".mlir"
BYTECODE = b"ML\xefR"
ENTRY = "main"
PIECE = re.compile(r"""[^"/]+|//.*|/|"(?:[^"\\\v\f]|\\(?:["nt\\]|[0-9A-Fa-f]{2}))*["]""")
"""Of a line: text, a comment, a whole string."""
PRETTY = "does not have a custom format"
"""What xDSL says of an operation that it does not know in a pretty form."""
GENERIC_FORM = (
    "print it in the generic form: mlir-opt --mlir-print-op-generic {path} -o generic.mlir"
)


def import_mlir(path: Path, name: str | None = None) -> ImportedNetwork:
    """Imports the function of a file that holds TOSA: the only one, or `main`.

    A softmax at the end is left to the caller. Raises `ModelError`, with the operation and what to
    do, for anything that cannot be compiled.
    """
    module = _parsed(path, text_of(path.read_bytes(), str(path)))
    try:
        function = _network(module, path)
        conversion = convert(function, softmax_to_caller=True)
    except UnreadableError as error:
        raise ModelError(str(error)) from error
    return _imported(conversion, name or path.stem)


def text_of(data: bytes, name: str) -> str:
    """The text in a file of MLIR. Raises `ModelError` for bytecode, and for what is no text."""
    if data.startswith(BYTECODE):
        raise ModelError(f"{name}: MLIR bytecode; " + GENERIC_FORM.format(path=name))
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise ModelError(f"{name}: no text of MLIR") from error
    for number, line in enumerate(text.split("\n"), start=1):
        if _has_open_string(line):
            raise ModelError(f"{name}:{number}: a string without an end")
    return text


def _has_open_string(line: str) -> bool:
    """Whether a string has no end, on which the lexer of xDSL 0.74 takes exponential time."""
    place = 0
    while piece := PIECE.match(line, place):
        place = piece.end()
    return place < len(line)


def _parsed(path: Path, text: str) -> ModuleOp:
    """The module. TOSA is not registered: xDSL 0.74 has a part of it, whose matmul is wrong."""
    context = Context(allow_unregistered=True)
    for dialect in (Builtin, Func):
        context.load_dialect(dialect)
    try:
        module = LocatedParser(context, text, str(path)).parse_module()
        for operation in module.walk():
            if isinstance(operation, func.FuncOp):
                operation.verify(verify_nested_ops=False)
        return module
    except VerifyException as error:
        raise ModelError(f"{path}: {_reason(error)}") from error
    except ParseError as error:
        line = len(error.span.input.content[: error.span.start].splitlines()) or 1
        raise ModelError(
            f"{path}:{line}: {_reason(error)}; {GENERIC_FORM.format(path=path)}"
        ) from error


def _reason(error: Exception) -> str:
    """The last line, which says it in short."""
    reason = str(error).strip().rpartition("\n")[2].strip().rstrip(".")
    return "a pretty form of MLIR" if reason.endswith(PRETTY) else reason


def _network(module: ModuleOp, path: Path) -> func.FuncOp:
    functions = [
        inner
        for inner in module.walk()
        if isinstance(inner, func.FuncOp) and is_tosa_function(inner)
    ]
    for function in functions:
        for index, operation in enumerate(function.body.walk()):
            TosaOperation(operation, index).check_form()
    if len(functions) > 1:
        functions = [inner for inner in functions if inner.sym_name.data == ENTRY] or functions
    if len(functions) != 1:
        names = ", ".join(f"@{inner.sym_name.data}" for inner in functions) or "none"
        raise ModelError(f"{path}: one function of TOSA is needed; there are {names}")
    return functions[0]


def _imported(conversion: Conversion, name: str) -> ImportedNetwork:
    function = conversion.function
    function.sym_name = StringAttr(c_identifier(name))
    notes = tuple(
        f"output '{port.name}': {', '.join(port.steps)} left to the caller"
        for port in conversion.outputs
        if port.steps
    )
    function.attributes["dsconv.notes"] = ArrayAttr([StringAttr(note) for note in notes])
    module = ModuleOp([function])
    layers = tuple(
        LayerSource(label, label, None, tuple(None for _ in layer.activations))
        for label, layer in layers_of(module).items()
    )
    inputs, outputs = map(_ports, (conversion.inputs, conversion.outputs))
    return ImportedNetwork(module, inputs, outputs, layers, notes, FLAVOUR)


def _ports(ports: Sequence[ConvertedPort]) -> tuple[Port, ...]:
    return tuple(map(_port, ports))


def _port(port: ConvertedPort) -> Port:
    return Port(port.name, port.name, port.shape, port.dtype, None, 0, port.steps)
