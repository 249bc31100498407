"""C of scalar operations against the interpreter: every operation and type that the printer takes.

Each case is a kernel that reads operands from memory and stores the bytes of its result.
"""

import ctypes
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import product
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from xdsl.builder import ImplicitBuilder
from xdsl.dialects import arith, memref, test
from xdsl.dialects.builtin import IndexType, IntegerType, ModuleOp, i1, i8, i16, i32, i64
from xdsl.dialects.func import FuncOp, ReturnOp
from xdsl.ir import Attribute, SSAValue
from xdsl.utils.exceptions import DiagnosticException

from dsconv.dialects.attributes import Space
from dsconv.dialects.machine import LoadWordOp
from dsconv.dialects.run import make_interpreter
from dsconv.dialects.tiled import buffer_type
from dsconv.lowering.building import index_value, integer
from dsconv.lowering.c_functions import CWriter, print_kernel

RUNTIME = Path(__file__).parent.parent / "runtime_c"
INDEX = IndexType()
WORDS = (INDEX, i32, i64)
OPERAND_BYTES = 8
BITS: dict[Attribute, int] = {INDEX: 32, i1: 1, i8: 8, i16: 16, i32: 32, i64: 64}
OPERANDS = 3

Build = Callable[[Sequence[SSAValue]], SSAValue]


@dataclass(frozen=True)
class Case:
    """An operation on operands of some types."""

    name: str
    types: tuple[Attribute, ...]
    build: Build

    def __str__(self) -> str:
        return f"{self.name}-{'-'.join(map(str, self.types))}"


def binary(op: type[arith.SignlessIntegerBinaryOperation], *types: Attribute) -> list[Case]:
    """An operation on two values of each of some types."""
    return [
        Case(op.name, (type_, type_), lambda values: op(values[0], values[1]).result)
        for type_ in types
    ]


def comparison(predicate: str, *types: Attribute) -> list[Case]:
    """A comparison of two values of each of some types."""
    return [
        Case(
            predicate,
            (type_, type_),
            lambda values: arith.CmpiOp(values[0], values[1], predicate).result,
        )
        for type_ in types
    ]


def conversion(
    op: type[arith.ExtUIOp | arith.ExtSIOp | arith.TruncIOp | arith.IndexCastOp],
    source: Attribute,
    target: Attribute,
) -> Case:
    """A value of one type as another."""
    return Case(
        f"{op.name} to {target}",
        (source,),
        lambda values: op(values[0], cast(IntegerType, target)).result,
    )


def constant(value: int, type_: IntegerType) -> Case:
    """A constant."""
    return Case(f"constant {value}", (type_,), lambda _: integer(value, type_))


INTEGERS = (i1, i8, i16, i32, i64)
PAIRS = [(low, high) for low in INTEGERS for high in INTEGERS if BITS[low] < BITS[high]]
ARITHMETIC = [
    case
    for op in (arith.AddiOp, arith.SubiOp, arith.MuliOp, arith.DivSIOp, arith.RemSIOp)
    for case in binary(op, *WORDS)
]
SHIFTS = binary(arith.ShRSIOp, *WORDS)
DIVISIONS = {arith.DivSIOp.name, arith.RemSIOp.name}
CASES = [
    *ARITHMETIC,
    *SHIFTS,
    *(case for op in (arith.AndIOp, arith.OrIOp, arith.XOrIOp) for case in binary(op, i1, *WORDS)),
    *(case for op in (arith.MinSIOp, arith.MaxSIOp) for case in binary(op, INDEX, i32)),
    *(case for name in ("eq", "ne") for case in comparison(name, i1, *WORDS)),
    *(
        case
        for name in ("slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge")
        for case in comparison(name, *WORDS)
    ),
    *(
        Case(
            "select",
            (i1, type_, type_),
            lambda values: arith.SelectOp(values[0], values[1], values[2]).result,
        )
        for type_ in (*INTEGERS, INDEX)
    ),
    *(conversion(op, low, high) for op in (arith.ExtUIOp, arith.ExtSIOp) for low, high in PAIRS),
    *(conversion(arith.TruncIOp, high, low) for low, high in PAIRS),
    *(conversion(arith.IndexCastOp, INDEX, type_) for type_ in (i32, i64)),
    *(conversion(arith.IndexCastOp, type_, INDEX) for type_ in (i32, i64)),
    *(
        constant(value, type_)
        for type_ in INTEGERS[1:]
        for value in (-(1 << BITS[type_] - 1), -1, 0, (1 << BITS[type_] - 1) - 1)
    ),
    constant(-1, i1),
    constant(0, i1),
]


def read(buffer: SSAValue, number: int, type_: Attribute) -> SSAValue:
    """Operand `number`."""
    offset = index_value(number * OPERAND_BYTES)
    if type_ == i8:
        return memref.LoadOp.get(buffer, [offset]).res
    if type_ == i64:
        return LoadWordOp(buffer, offset, i64).result
    word = LoadWordOp(buffer, offset).result
    if type_ == INDEX:
        return arith.IndexCastOp(word, INDEX).result
    if type_ == i32:
        return word
    assert isinstance(type_, IntegerType)
    return arith.TruncIOp(word, type_).result


def store(value: SSAValue, buffer: SSAValue) -> None:
    """Writes the bytes of a value; of fewer bits, extended by its sign."""
    if value.type == INDEX:
        value = arith.IndexCastOp(value, i32).result
    elif BITS[value.type] < 32:
        value = arith.ExtSIOp(value, i32).result
    type_ = value.type
    assert isinstance(type_, IntegerType)
    for number in range(BITS[type_] // 8):
        shifted = arith.ShRSIOp(value, integer(8 * number, type_)).result
        byte = arith.TruncIOp(shifted, i8)
        memref.StoreOp.get(byte, buffer, [index_value(number)])


def kernel(name: str, types: Sequence[Attribute], build: Build) -> FuncOp:
    """A kernel of one result."""
    buffers = [buffer_type(size, Space.L1) for size in (OPERANDS * OPERAND_BYTES, OPERAND_BYTES)]
    function = FuncOp(name, (buffers, []))
    source, target = function.body.block.args
    source.name_hint, target.name_hint = "x", "y"
    with ImplicitBuilder(function.body):
        store(build([read(source, number, type_) for number, type_ in enumerate(types)]), target)
        ReturnOp()
    return function


class CompiledKernels:
    """Kernels as C of the host, and in the interpreter."""

    def __init__(self, kernels: Sequence[FuncOp], folder: Path):
        self.interpreter = make_interpreter(ModuleOp(list(kernels)))
        text = StringIO()
        text.write('#include "dsc_math.h"\n')
        for function in kernels:
            name = function.sym_name.data
            print_kernel(function, "t", CWriter(text), None)
            text.write(f"void {name}(const uint8_t *x, uint8_t *y) {{ t_{name}(0, x, y); }}\n")
        (folder / "kernels.c").write_text(text.getvalue())
        flags = ["-std=c11", "-O1", "-Werror=parentheses", "-Werror=overflow", f"-I{RUNTIME}"]
        flags += ["-fwrapv", "-shared", "-fPIC"]  # sums wrap, as the interpreter's do
        subprocess.run(
            ["gcc", *flags, "-o", folder / "kernels.so", folder / "kernels.c"], check=True
        )
        self.library = ctypes.CDLL(str(folder / "kernels.so"))

    def check(self, name: str, operands: Sequence[int]) -> None:
        """Compares both on some operands."""
        source = np.array(operands, np.int64).view(np.uint8)
        made, expected = np.zeros(OPERAND_BYTES, np.uint8), np.zeros(OPERAND_BYTES, np.uint8)
        pointers = (ctypes.c_void_p(buffer.ctypes.data) for buffer in (source, made))
        self.library[name](*pointers)
        self.interpreter.call_op(name, (source, expected))
        assert made.tolist() == expected.tolist(), f"{name} of {operands}"


def ends(type_: Attribute) -> list[int]:
    """Values at the ends of a type and around 0."""
    half = 1 << BITS[type_] - 1
    return [0, 1, -1, -half, half - 1, -7]


def operand_rows(case: Case) -> list[list[int]]:
    """Operands for a case, where it means something."""
    draw = np.random.default_rng(len(case.name))
    first, last = case.types[0], case.types[-1]
    rows = [list(pair) for pair in product(ends(first), ends(last))]
    for _ in range(8):
        rows.append([int(draw.integers(min(ends(t)), max(ends(t)) + 1)) for t in (first, last)])
    if case.name == arith.ShRSIOp.name:
        rows = [[value, count % BITS[first]] for value, count in rows]
    if case.name in DIVISIONS:
        rows = [row for row in rows if row[1] and row != [min(ends(first)), -1]]
    return [[*row, int(draw.integers(-(1 << 31), 1 << 31))] for row in rows]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> CompiledKernels:
    kernels = [kernel(f"case{n}", case.types, case.build) for n, case in enumerate(CASES)]
    return CompiledKernels(kernels, tmp_path_factory.mktemp("kernels"))


@pytest.mark.parametrize("number", range(len(CASES)), ids=[str(case) for case in CASES])
def test_operations(compiled: CompiledKernels, number: int) -> None:
    for row in operand_rows(CASES[number]):
        compiled.check(f"case{number}", row)


def random_tree(draw: np.random.Generator, depth: int, leaves: Sequence[SSAValue]) -> SSAValue:
    """Operators of i32 and i1 within each other."""
    if depth == 0:
        return leaves[int(draw.integers(len(leaves)))]
    if draw.random() < 0.1:
        return integer(int(draw.integers(-9, 9)))
    first, second = (random_tree(draw, depth - 1, leaves) for _ in range(2))
    kinds = (arith.AddiOp, arith.SubiOp, arith.MuliOp, arith.AndIOp, arith.OrIOp, arith.XOrIOp)
    kind = int(draw.integers(len(kinds) + 4))
    if kind < len(kinds):
        return kinds[kind](first, second).result
    if kind == len(kinds):
        return arith.ShRSIOp(first, integer(3)).result
    if kind == len(kinds) + 1:
        return (arith.DivSIOp if draw.random() < 0.5 else arith.RemSIOp)(first, integer(5)).result
    tests = [arith.CmpiOp(first, second, int(draw.integers(10))).result for _ in range(2)]
    logical = (arith.AndIOp, arith.OrIOp, arith.XOrIOp)[int(draw.integers(3))](
        tests[0], tests[1]
    ).result
    if kind == len(kinds) + 2:
        return arith.SelectOp(logical, first, second).result
    return (arith.ExtUIOp if draw.random() < 0.5 else arith.ExtSIOp)(logical, i32).result


@settings(max_examples=2, phases=[Phase.generate])
@given(seed=st.integers(0, 1 << 30))
def test_expressions_keep_their_parentheses(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    draw = np.random.default_rng(seed)
    names = [f"tree{number}" for number in range(40)]
    kernels = [
        kernel(name, (i32,) * OPERANDS, lambda leaves: random_tree(draw, 3, leaves))
        for name in names
    ]
    compiled = CompiledKernels(kernels, tmp_path_factory.mktemp("trees"))
    for name in names:
        for _ in range(10):
            compiled.check(name, draw.integers(-20, 20, OPERANDS).tolist())


def printed(build: Build, *types: Attribute) -> str:
    """The C of a kernel whose operands come from elsewhere."""
    text = StringIO()
    print_kernel(kernel("k", types, build), "t", CWriter(text), None)
    return text.getvalue()


@pytest.mark.parametrize(
    "op",
    [
        arith.DivUIOp,
        arith.RemUIOp,
        arith.ShLIOp,
        arith.ShRUIOp,
        arith.MinUIOp,
        arith.MaxUIOp,
        arith.CeilDivSIOp,
        arith.CeilDivUIOp,
        arith.FloorDivSIOp,
    ],
)
def test_what_has_no_form_is_named(op: type[arith.SignlessIntegerBinaryOperation]) -> None:
    with pytest.raises(DiagnosticException, match=rf"{op.name} .*has no C form; lower it"):
        printed(lambda values: op(values[0], values[1]).result, i32, i32)


@pytest.mark.parametrize("type_", [i1, i8, i16])
@pytest.mark.parametrize(
    "op",
    [
        arith.AddiOp,
        arith.SubiOp,
        arith.MuliOp,
        arith.DivSIOp,
        arith.RemSIOp,
        arith.ShRSIOp,
        arith.MinSIOp,
        arith.MaxSIOp,
    ],
)
def test_no_arithmetic_of_narrow_values(
    op: type[arith.SignlessIntegerBinaryOperation], type_: Attribute
) -> None:
    with pytest.raises(DiagnosticException, match=f"{op.name} of type {type_} has no C form"):
        printed(lambda values: op(values[0], values[1]).result, type_, type_)


@pytest.mark.parametrize("op", [arith.AndIOp, arith.OrIOp, arith.XOrIOp])
@pytest.mark.parametrize("type_", [i8, i16])
def test_no_bitwise_operators_of_narrow_values(
    op: type[arith.SignlessIntegerBinaryOperation], type_: Attribute
) -> None:
    with pytest.raises(DiagnosticException, match=f"{op.name} of type {type_} has no C form"):
        printed(lambda values: op(values[0], values[1]).result, type_, type_)


@pytest.mark.parametrize("op", [arith.MinSIOp, arith.MaxSIOp])
def test_no_limits_of_64_bits(op: type[arith.SignlessIntegerBinaryOperation]) -> None:
    with pytest.raises(DiagnosticException, match=f"{op.name} of type i64 has no C form"):
        printed(lambda values: op(values[0], values[1]).result, i64, i64)


@pytest.mark.parametrize(
    ("predicate", "type_"),
    [("slt", i1), ("ult", i1), ("eq", i8), ("slt", i8), ("ult", i16)],
)
def test_no_comparisons_of_narrow_values(predicate: str, type_: Attribute) -> None:
    with pytest.raises(DiagnosticException, match=f"cmpi {predicate} of type {type_} has no C"):
        printed(lambda values: arith.CmpiOp(values[0], values[1], predicate).result, type_, type_)


def test_no_other_widths() -> None:
    with pytest.raises(DiagnosticException, match=r"arith\.extsi from i12 to i32 has no C form"):
        printed(
            lambda values: (
                arith.ExtSIOp(arith.TruncIOp(values[0], IntegerType(12)).result, i32).result
            ),
            i32,
        )


@pytest.mark.parametrize("type_", [i8, i16])
def test_no_index_from_narrow_values(type_: Attribute) -> None:
    with pytest.raises(DiagnosticException, match=f"index_cast from {type_} to index has no C"):
        printed(lambda values: arith.IndexCastOp(values[0], INDEX).result, type_)


def test_foreign_operations_are_named() -> None:
    with pytest.raises(DiagnosticException, match=r"test\.op has no C form"):
        printed(lambda _: test.TestOp(result_types=[i32]).results[0])


def test_loads_come_before_stores_that_follow_them(tmp_path: Path) -> None:
    function = FuncOp("swap", ([buffer_type(OPERANDS * OPERAND_BYTES, Space.L1)] * 2, []))
    source, target = function.body.block.args
    source.name_hint, target.name_hint = "x", "y"
    with ImplicitBuilder(function.body):
        memref.StoreOp.get(memref.LoadOp.get(source, [index_value(0)]), target, [index_value(0)])
        byte = memref.LoadOp.get(target, [index_value(0)]).res
        is_large = arith.CmpiOp(arith.ExtUIOp(byte, i32).result, integer(100), "sgt").result
        memref.StoreOp.get(integer(0, i8), target, [index_value(0)])
        memref.StoreOp.get(byte, target, [index_value(1)])
        memref.StoreOp.get(
            arith.SelectOp(is_large, integer(1, i8), integer(2, i8)).result,
            target,
            [index_value(2)],
        )
        ReturnOp()
    compiled = CompiledKernels([function], tmp_path)
    compiled.check("swap", (120, 0, 0))
    compiled.check("swap", (20, 0, 0))
