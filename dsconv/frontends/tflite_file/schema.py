"""What a .tflite file holds: tensors, operators, and the options of operators.

Field numbers and codes: schema.fbs, version 3, of https://github.com/tensorflow/tensorflow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import ml_dtypes
import numpy as np
import numpy.typing as npt

from dsconv.errors import ModelError
from dsconv.frontends.tflite_file.flatbuffer import DamagedError, Table
from dsconv.frontends.tflite_file.operator_names import OPERATOR_NAMES

IDENTIFIER = b"TFL3"
"""Bytes 4 to 7 of every file."""
ABSENT = -1
"""The index of an optional input that is not given."""
TENSOR_TYPES = (
    *("float32", "float16", "int32", "uint8", "int64", "string", "bool", "int16", "complex64"),
    *("int8", "float64", "complex128", "uint64", "resource", "variant", "uint32", "uint16"),
    *("int4", "bfloat16", "int2", "uint4"),
)
LARGEST_TENSOR = 2**31
"""Values of a tensor."""


@dataclass(frozen=True)
class Quantised:
    """`real = scale * (q - zero_point)`, for the whole tensor or by the places of an axis."""

    scales: npt.NDArray[np.float32]
    zero_points: npt.NDArray[np.int64]
    axis: int


@dataclass(frozen=True)
class TfliteTensor:
    """A tensor; `data` are its bytes where it is constant, empty otherwise."""

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: str
    data: bytes
    quantised: Quantised | None

    @property
    def is_constant(self) -> bool:
        """Whether the file holds its values."""
        return bool(self.data) or 0 in self.shape

    @property
    def numbers(self) -> tuple[object, ...]:
        """What its bytes mean: type, scales and zero points."""
        if self.quantised is None:
            return (self.dtype,)
        scales, zero_points = self.quantised.scales, self.quantised.zero_points
        return self.dtype, *scales.tolist(), *zero_points.tolist()

    @cached_property
    def array(self) -> npt.NDArray[np.generic]:
        """The values of a constant."""
        if self.dtype == "int4":
            return self._nibbles()
        if self.dtype in ("string", "resource", "variant", "int2", "uint4"):
            raise ModelError(
                f"constant '{self.name}' has type {self.dtype}, which is not supported"
            )
        form = np.dtype(ml_dtypes.bfloat16 if self.dtype == "bfloat16" else self.dtype)
        self._check_size(form.itemsize * int(np.prod(self.shape)))
        return np.frombuffer(self.data, form).reshape(self.shape)

    def _nibbles(self) -> npt.NDArray[np.generic]:
        """Two values a byte, the low half first."""
        count = int(np.prod(self.shape))
        self._check_size((count + 1) // 2)
        packed = np.frombuffer(self.data, np.uint8)
        halves = np.stack([packed & 15, packed >> 4], axis=1).reshape(-1)[:count].astype(np.int8)
        return np.where(halves > 7, halves - 16, halves).astype(np.int8).reshape(self.shape)

    def _check_size(self, wanted: int) -> None:
        if len(self.data) != wanted:
            raise ModelError(
                f"constant '{self.name}' has {len(self.data)} bytes, but its shape "
                f"{list(self.shape)} of {self.dtype} takes {wanted}: the file is damaged"
            )


@dataclass(frozen=True)
class Batches:
    """A map cut into batches, each of every `blocks`-th row and column, behind its pads.

    `pads` are top, left, bottom and right, less what is cropped of the result.
    """

    blocks: tuple[int, int]
    pads: tuple[int, int, int, int]


@dataclass(frozen=True)
class Operator:
    """An operator with indices of its tensors; `options` has the fields of its kind of options.

    `batches` is how its input is cut, and its result put together again.
    """

    index: int
    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Table | None
    batches: Batches | None = None

    @property
    def title(self) -> str:
        """Number and kind, as in messages."""
        return f"operator {self.index} ({self.kind})"

    def problem(self, reason: str, advice: str = "") -> ModelError:
        """An error that names this operator."""
        return ModelError(f"{self.title}: {reason}" + (f"; {advice}" if advice else ""))

    def integer(self, field: int, form: str = "i", default: int = 0) -> int:
        """An integer option."""
        return default if self.options is None else self.options.integer(field, form, default)

    def real(self, field: int, default: float = 0.0) -> float:
        """A float option."""
        return default if self.options is None else self.options.real(field, default)

    def flag(self, field: int) -> bool:
        """A bool option."""
        return self.options is not None and self.options.flag(field)

    def text(self, field: int) -> str:
        """A string option."""
        return "" if self.options is None else self.options.text(field)

    def integers(self, field: int) -> tuple[int, ...]:
        """A list of integers."""
        return () if self.options is None else _integers(self.options, field)


@dataclass(frozen=True)
class State:
    """A variable as an input and an output, and the constant that it is before the first call."""

    given: TfliteTensor
    left: TfliteTensor
    first: TfliteTensor | None

    @property
    def note(self) -> str:
        """What the caller does."""
        first = "what the file does not say"
        if self.first is not None:
            values = np.unique(self.first.array)
            first = f"all {values[0]}" if values.size == 1 else f"the constant '{self.first.name}'"
        return (
            f"'{self.given.name}' is kept from call to call: begin with {first}, then hand in "
            f"'{self.left.name}' of the call before"
        )


@dataclass(frozen=True)
class TfliteModel:
    """A graph of a file; the main one has all of them, itself first."""

    tensors: tuple[TfliteTensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    subgraphs: tuple[TfliteModel, ...] = ()
    states: tuple[State, ...] = ()


def is_tflite(data: bytes) -> bool:
    """Whether bytes are those of a .tflite file."""
    return data[4:8] == IDENTIFIER


def parse(data: bytes) -> TfliteModel:
    """Reads the main graph, which is the first. Raises `ModelError` for a damaged file."""
    try:
        return _parse(data)
    except DamagedError as error:
        raise ModelError(f"the .tflite file is damaged or truncated: {error}") from error


def _parse(data: bytes) -> TfliteModel:
    root = Table.root(data)
    subgraphs = root.tables(2)
    if not subgraphs:
        raise ModelError("the .tflite file has no graph")
    kinds = [_kind(code) for code in root.tables(1)]
    buffers = [_buffer(data, table) for table in root.tables(4)]
    graphs = tuple(_graph(table, kinds, buffers) for table in subgraphs)
    if not graphs[0].operators or not graphs[0].outputs:
        raise ModelError("the .tflite file's graph has no operators or no outputs")
    return replace(graphs[0], subgraphs=graphs)


def _graph(table: Table, kinds: Sequence[str], buffers: Sequence[bytes]) -> TfliteModel:
    tensors = tuple(_tensor(index, each, buffers) for index, each in enumerate(table.tables(0)))
    operators = tuple(
        _operator(index, each, kinds, len(tensors)) for index, each in enumerate(table.tables(3))
    )
    inputs, outputs = (_checked(_integers(table, field), len(tensors)) for field in (1, 2))
    return TfliteModel(_with_own_names(tensors), operators, inputs, outputs)


def _kind(code: Table) -> str:
    """An operator's name; files before 2.4 have its number in another field."""
    number = max(code.integer(0, "b"), code.integer(3, "i"))
    if OPERATOR_NAMES.get(number) == "CUSTOM":
        return f"CUSTOM '{code.text(1)}'"
    return OPERATOR_NAMES.get(number, f"operator code {number}")


def _buffer(data: bytes, table: Table) -> bytes:
    """The bytes of a buffer, which files of more than 2 GB have behind the flatbuffer."""
    offset, size = table.integer(1, "Q"), table.integer(2, "Q")
    if offset <= 1:
        return table.array(0, np.uint8).tobytes()
    if offset + size > len(data):
        raise DamagedError("a buffer runs over the end")
    return data[offset : offset + size]


def _tensor(index: int, table: Table, buffers: Sequence[bytes]) -> TfliteTensor:
    code, buffer = table.integer(1, "b"), table.integer(2, "I")
    if not 0 <= code < len(TENSOR_TYPES):
        raise ModelError(f"tensor {index} has type {code}, which is not known")
    if buffer >= len(buffers):
        raise DamagedError(f"tensor {index} has buffer {buffer} of {len(buffers)}")
    shape = _integers(table, 0)
    name = table.text(3)
    if any(size < 0 for size in shape) or math.prod(shape) > LARGEST_TENSOR:
        raise ModelError(f"tensor '{name}' has shape {list(shape)}")
    if table.table(6) is not None:
        raise ModelError(f"tensor '{name}' is sparse; convert the model again without sparsity")
    quantised = _quantised(table.table(4), shape)
    return TfliteTensor(index, name, shape, TENSOR_TYPES[code], buffers[buffer], quantised)


def _quantised(table: Table | None, shape: tuple[int, ...]) -> Quantised | None:
    if table is None:
        return None
    scales = table.array(2, np.float32).astype(np.float32)
    zero_points = table.array(3, np.int64).astype(np.int64)
    if not scales.size:
        return None
    if not zero_points.size:
        zero_points = np.zeros(scales.shape, np.int64)
    if zero_points.size == 1:
        zero_points = np.broadcast_to(zero_points, scales.shape)
    if zero_points.size != scales.size:
        raise DamagedError(f"{scales.size} scales and {zero_points.size} zero points")
    return Quantised(scales, zero_points, table.integer(6, "i"))


def _operator(index: int, table: Table, kinds: Sequence[str], tensors: int) -> Operator:
    code = table.integer(0, "I")
    if code >= len(kinds):
        raise DamagedError(f"operator {index} has code {code} of {len(kinds)}")
    inputs, outputs = (_checked(_integers(table, field), tensors) for field in (1, 2))
    return Operator(index, kinds[code], inputs, outputs, table.table(4))


def _checked(indices: tuple[int, ...], tensors: int) -> tuple[int, ...]:
    if any(not ABSENT <= index < tensors for index in indices):
        raise DamagedError(f"tensors {list(indices)} of {tensors}")
    return indices


def _integers(table: Table, field: int) -> tuple[int, ...]:
    return tuple(int(number) for number in table.array(field, np.int32))


def _with_own_names(tensors: Sequence[TfliteTensor]) -> tuple[TfliteTensor, ...]:
    """Tensors of which each has a name of its own."""
    names: set[str] = set()
    named: list[TfliteTensor] = []
    for tensor in tensors:
        name = tensor.name or f"tensor_{tensor.index}"
        if name in names:
            name = f"{name}_{tensor.index}"
        names.add(name)
        named.append(replace(tensor, name=name))
    return tuple(named)
