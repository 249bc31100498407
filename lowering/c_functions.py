"""C for functions: statements, loops, transfers. The C is meant to be read.

One long file: every statement is a method of the printer, which knows the names and the
indentation, and groups what core 0 does alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import IO

from xdsl.dialects import memref, scf
from xdsl.dialects.builtin import IndexType, IntegerAttr, MemRefType, TensorType, i32
from xdsl.dialects.func import CallOp, FuncOp, ReturnOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.traits import SymbolTable
from xdsl.utils.exceptions import DiagnosticException

from dsconv.dialects.attributes import LayoutAttr, Space
from dsconv.dialects.graph import tensor_bytes
from dsconv.dialects.machine import RequantiseOp
from dsconv.dialects.tiled import (
    OFFSETS,
    BarrierOp,
    BoxAttr,
    BufferOp,
    DmaStartOp,
    FillOp,
    L3LoadOp,
    L3StoreOp,
    L3TransferOp,
    L3WaitOp,
    LayerOp,
    MoveOp,
    PrefetchOp,
    PrefetchWaitOp,
    SlotOp,
    ViewOp,
    WaitOp,
    buffer_size,
    buffer_space,
    enclosing_layer,
    whole_buffer,
)
from dsconv.lowering.c_expressions import (
    ATOM,
    LOADS,
    PRODUCT,
    SUM,
    Expression,
    c_type,
    element_offset,
    expression,
    is_free,
    is_narrow,
    is_scalar,
    no_form,
)
from dsconv.lowering.c_names import c_identifier
from dsconv.lowering.memory_plan import port_offset
from dsconv.passes.analysis.diagnostics import OperationError
from dsconv.passes.analysis.l1_buffers import users

L3_TRANSFERS = (L3LoadOp, L3StoreOp)
CORE_ZERO = (
    DmaStartOp,
    WaitOp,
    PrefetchOp,
    PrefetchWaitOp,
    L3LoadOp,
    L3StoreOp,
    L3WaitOp,
)
"""What core 0 does alone."""


def without_comment_marks(text: str) -> str:
    """Text that a C comment can hold."""
    return text.replace("/*", "/ *").replace("*/", "* /")


class CWriter:
    """Indented lines of C."""

    def __init__(self, output: IO[str]):
        self.output = output
        self.depth = 0

    def line(self, text: str = "") -> None:
        """One line."""
        self.output.write(f"{'  ' * self.depth}{text}".rstrip() + "\n")

    @contextmanager
    def block(self, head: str, end: str = "}") -> Generator[None]:
        """`head {`, indented lines, `end`."""
        self.line(f"{head} {{".lstrip())
        self.depth += 1
        yield
        self.depth -= 1
        self.line(end)


class FunctionPrinter:
    """Prints the body of one function."""

    def __init__(self, writer: CWriter, prefix: str):
        self.writer = writer
        self.prefix = prefix
        self.expressions: dict[SSAValue, Expression] = {}
        self.names: Counter[str] = Counter()
        self.pending: list[str] = []
        self.layer_names: dict[LayerOp, str] = {}

    def name(self, hint: str | None) -> str:
        """A C name that this function does not use yet."""
        base = c_identifier(hint or "v")
        self.names[base] += 1
        count = self.names[base]
        return base if count == 1 else self.name(f"{base}_{count}")

    def declare(self, value: SSAValue, hint: str | None) -> str:
        """Gives a value a C name."""
        name = self.name(hint)
        self.expressions[value] = Expression(name, ATOM)
        return name

    def text(self, value: SSAValue) -> str:
        """The C expression of a value."""
        return self.operand(value).text

    def operand(self, value: SSAValue) -> Expression:
        """The C expression of a value, inlined or the name of its variable."""
        known = self.expressions.get(value)
        if known is not None:
            return known
        assert isinstance(value.owner, Operation), "block arguments are declared before"
        return expression(value.owner, self.operand)

    # Blocks

    def print_block(self, block: Block) -> None:
        """Prints all operations of a block."""
        for op in block.ops:
            if isinstance(op, BufferOp) and enclosing_layer(op) is None:
                continue
            if isinstance(op, CORE_ZERO):
                self.print_core_zero(op)
            elif is_scalar(op):
                self.print_scalar(op)
            else:
                self.flush()
                self.print_statement(op)
        self.flush()

    def flush(self) -> None:
        """Writes what core 0 does alone up to here."""
        if not self.pending:
            return
        with self.writer.block("if (core == 0)"):
            for line in self.pending:
                self.writer.line(line)
        self.pending = []

    def print_scalar(self, op: Operation) -> None:
        """Gives a scalar a variable, unless it is better inlined where it is used.

        Narrow ones are inlined wherever that changes nothing.
        """
        (value,) = op.results
        if is_free(op) or self.is_inlined(op) or (is_narrow(value) and not reads_memory(op)):
            return
        text = expression(op, self.operand).text
        name = self.name(value.name_hint)
        self.writer.line(f"const {c_type(value)} {name} = {text};")
        self.expressions[value] = Expression(name, ATOM)

    def is_inlined(self, op: Operation) -> bool:
        """Whether the only use comes in the same block, with no store between for a load."""
        if is_dead(op):
            return True
        uses = list(op.results[0].uses)
        user = uses[0].operation
        if len(uses) > 1 or user.parent_block() is not op.parent_block():
            return False
        if isinstance(user, scf.ForOp | RequantiseOp):
            return False
        if not reads_memory(op):
            return True
        between = op.next_op
        while between is not None and between is not user:
            if not is_scalar(between):
                return False
            between = between.next_op
        return True

    def print_statement(self, op: Operation) -> None:
        """Prints an operation that is no expression."""
        match op:
            case scf.ForOp():
                self.print_for(op)
            case scf.YieldOp() | ReturnOp():
                pass
            case memref.StoreOp():
                target = f"{self.text(op.memref)}[{self.text(element_offset(op))}]"
                self.writer.line(f"{target} = {self.text(op.value)};")
            case BarrierOp():
                self.writer.line("dsc_barrier(core);")
            case FillOp():
                self.writer.line(self.guarded(self.fill(op), op.condition))
            case MoveOp():
                self.writer.line(self.guarded(self.move(op), op.condition))
            case CallOp():
                self.print_call(op)
            case LayerOp():
                self.writer.line(f"{self.layer_names[op]}(core);")
            case BufferOp():
                self.print_buffer(op)
            case SlotOp():
                self.print_slot(op)
            case ViewOp():
                self.print_view(op)
            case memref.GetGlobalOp():
                if buffer_space(op.memref) is Space.L2:
                    self.print_weights(op)
            case _:
                raise no_form(op)

    def print_for(self, op: scf.ForOp) -> None:
        """A loop. An accumulator that only this loop uses keeps its variable."""
        if op.lb.type not in (IndexType(), i32):
            raise no_form(op, f"over {op.lb.type}")
        carried: list[str] = []
        for initial, argument, result in zip(
            op.iter_args, op.body.block.args[1:], op.results, strict=True
        ):
            owner = initial.owner
            is_variable = isinstance(owner, Block | scf.ForOp) and initial.has_one_use()
            if is_variable and initial in self.expressions:
                name = self.expressions[initial].text
            else:
                name = self.name(argument.name_hint)
                self.writer.line(f"{c_type(argument)} {name} = {self.text(initial)};")
            carried.append(name)
            self.expressions[argument] = self.expressions[result] = Expression(name, ATOM)
        index = self.name(op.body.block.args[0].name_hint or "i")
        self.expressions[op.body.block.args[0]] = Expression(index, ATOM)
        step = self.text(op.step)
        advance = f"{index}++" if step == "1" else f"{index} += {step}"
        head = (
            f"for (int32_t {index} = {self.text(op.lb)}; {index} < {self.text(op.ub)}; {advance})"
        )
        with self.writer.block(head):
            self.print_block(op.body.block)
            self.print_yield(op, carried)
        self.names[index] -= 1

    def print_yield(self, op: scf.ForOp, carried: list[str]) -> None:
        """Assigns what the body yields to the loop's variables."""
        yielded = op.body.block.last_op
        assert isinstance(yielded, scf.YieldOp), "the body of a loop ends with a yield"
        if len(carried) > 1:
            raise OperationError(op, "a loop with several carried values has no C form here")
        for name, value in zip(carried, yielded.arguments, strict=True):
            text = self.text(value)
            if text != name:
                self.writer.line(f"{name} = {text};")

    def print_call(self, op: CallOp) -> None:
        """A kernel on its tiles."""
        callee = SymbolTable.lookup_symbol(op, op.callee)
        if op.res or not isinstance(callee, FuncOp) or callee.is_declaration:
            raise no_form(op, f"of @{op.callee.string_value()}, which is no kernel with a body,")
        arguments = [
            f"{self.text(argument)}.base"
            if isinstance(argument.type, MemRefType)
            else self.text(argument)
            for argument in op.arguments
        ]
        name = f"{self.prefix}_{op.callee.string_value()}"
        self.writer.line(f"{name}({', '.join(['core', *arguments])});")

    # Transfers

    def print_core_zero(self, op: Operation) -> None:
        """Collects what core 0 does alone, to be written as one block."""
        match op:
            case DmaStartOp():
                self.start_transfer(op)
            case WaitOp():
                wait = f"dsc_wait({self.text(op.transfer)});"
                self.pending.append(self.guarded(wait, op.condition))
            case PrefetchOp():
                start = f"{self.prefetch_handle(op)} = {self.prefetch(op)};"
                self.pending.append(self.guarded(start, op.condition))
            case PrefetchWaitOp():
                handle, size = self.prefetch_handle(op), op.box.total_bytes
                self.pending.append(f"dsc_wait_prefetch({handle}, {size});")
            case L3LoadOp() | L3StoreOp():
                start = f"{self.l3_handle(op.l2_buffer)} = {self.l3_transfer(op)};"
                self.pending.append(self.guarded(start, op.condition))
            case L3WaitOp():
                wait = f"dsc_l3_wait({self.l3_handle(op.buffer)});"
                self.pending.append(self.guarded(wait, op.condition))
            case _:
                raise DiagnosticException(f"{op.name} is not for core 0")

    def start_transfer(self, op: DmaStartOp) -> None:
        """Starts a transfer; its handle outlives the block where the wait comes later."""
        name = self.declare(op.transfer, "transfer")
        if op.condition is None and is_waited_for_at_once(op):
            self.pending.append(f"const dsc_dma {name} = {self.transfer(op)};")
            return
        self.writer.line(f"dsc_dma {name} = {{0}};")
        self.pending.append(self.guarded(f"{name} = {self.transfer(op)};", op.condition))

    def guarded(self, statement: str, condition: SSAValue | None) -> str:
        """A statement that runs where its condition holds."""
        if condition is None:
            return statement
        return f"if ({self.text(condition)}) {statement}"

    def transfer(self, op: DmaStartOp) -> str:
        """The call that starts a transfer."""
        inner, inner_offset = op.target, op.target_offset
        outer, outer_offset = op.source, op.source_offset
        function = "dsc_load"
        if not op.is_load:
            inner, inner_offset, outer, outer_offset = outer, outer_offset, inner, inner_offset
            function = "dsc_store"
        elif op.parameters is not None:
            function = "dsc_load_weights"
        arguments = (
            self.text(inner),
            unsigned(self.operand(inner_offset)),
            self.text(outer) if op.parameters is None else self.weights(outer),
            unsigned(self.operand(outer_offset)),
            box_literal(op.box),
        )
        return f"{function}({', '.join(arguments)})"

    def weights(self, source: SSAValue) -> str:
        """Weights in L2: a constant, or what a buffer holds."""
        text = self.text(source)
        is_buffer = isinstance(source.owner, BufferOp)
        return f"(dsc_const_buffer){{{text}.base, {text}.bytes}}" if is_buffer else text

    def prefetch(self, op: PrefetchOp) -> str:
        """The call that starts a prefetch."""
        offset = unsigned(self.operand(op.source_offset))
        arguments = (self.text(op.target), self.weights(op.source), offset, box_literal(op.box))
        return f"dsc_prefetch({', '.join(arguments)})"

    def prefetch_handle(self, op: PrefetchOp | PrefetchWaitOp) -> str:
        """The variable that holds a buffer's prefetch."""
        return f"{self.text(whole_buffer(op.target))}_dma"

    def fill(self, op: FillOp) -> str:
        """The call that fills bytes."""
        sizes = (op.offset, op.size)
        lines = (op.lines, op.line_stride)
        arguments = (
            "core",
            self.text(op.buffer),
            *(str(size.value.data) for size in sizes),
            str(op.value.value.data & 0xFF),
            *(str(size.value.data) for size in lines),
        )
        return f"dsc_fill({', '.join(arguments)});"

    def move(self, op: MoveOp) -> str:
        """The call that moves bytes within L1."""
        sizes = (op.size, op.lines, op.line_stride)
        arguments = (
            "core",
            self.text(op.source),
            unsigned(self.operand(op.source_offset)),
            self.text(op.target),
            unsigned(self.operand(op.target_offset)),
            *(str(size.value.data) for size in sizes),
        )
        return f"dsc_move({', '.join(arguments)});"

    def l3_handle(self, buffer: SSAValue) -> str:
        """The variable that holds a buffer's transfer from or to L3."""
        return f"{self.text(buffer)}_l3"

    def l3_transfer(self, op: L3TransferOp) -> str:
        """The call that starts a transfer from or to L3."""
        function = "dsc_l3_load" if isinstance(op, L3LoadOp) else "dsc_l3_store"
        first = l3_offset(op.l3_buffer)
        offset = unsigned(self.operand(op.l3_offset))
        place = str(first + int(offset)) if offset.isdigit() else f"{first} + {offset}"
        place = f"{self.prefix.upper()}_L3_BASE + {place}"
        arguments = (self.text(op.l2_buffer), "0", place, box_literal(op.box))
        return f"{function}({', '.join(arguments)})"

    def print_buffer(self, op: BufferOp) -> None:
        """A buffer in L1 at its place in the memory plan."""
        name = self.declare(op.result, op.label.data.split(".")[-1])
        self.writer.line(f"const dsc_buffer {name} = {self.placed(op)};")

    def print_shared_buffer(self, op: BufferOp) -> None:
        """A buffer that layers share, at file scope. L3 has no addresses, only offsets.

        The place of L1 may be known when the program runs, and not before: a macro can have it.
        """
        if op.space is Space.L3:
            return
        name = self.declare(op.result, f"{self.prefix}_{op.label.data}")
        if op.space is Space.L1:
            self.writer.line(f"#define {name} ((dsc_buffer){self.placed(op)})")
        else:
            self.writer.line(f"static const dsc_buffer {name} = {self.placed(op)};")
        prefetches = [user for user in users(op.result) if isinstance(user, PrefetchOp)]
        if any(whole_buffer(prefetch.target) is op.result for prefetch in prefetches):
            self.writer.line(f"static dsc_dma {name}_dma;")
        if any(isinstance(use.operation, L3_TRANSFERS) for use in op.result.uses):
            self.writer.line(f"static dsc_l3_transfer {self.l3_handle(op.result)};")

    def placed(self, op: BufferOp) -> str:
        """Where a buffer lies, and its size."""
        if op.offset is None:
            raise OperationError(
                op, f'buffer "{op.label.data}" has no offset; run plan-memory before dsconv-c'
            )
        return f"{{{self.prefix}_{op.space.value} + {op.offset.value.data}, {op.size}}}"

    def print_slot(self, op: SlotOp) -> None:
        """A part of a buffer. Who waits for a prefetch names the whole one."""
        if all(isinstance(use.operation, PrefetchWaitOp) for use in op.result.uses):
            return
        if op.slots == 1:
            self.expressions[op.result] = self.operand(op.buffer)
            return
        name = self.declare(op.result, f"{self.text(op.buffer)}_slot")
        size = buffer_size(op.result)
        version = self.operand(op.version)
        base = f"{self.text(op.buffer)}.base"
        if version.text.isdigit():
            base += f" + {int(version.text) % op.slots * size}"
        else:
            base += f" + {version.within(PRODUCT + 1)} % {op.slots} * {size}"
        self.writer.line(f"const dsc_buffer {name} = {{{base}, {size}}};")

    def print_view(self, op: ViewOp) -> None:
        """A buffer from an offset on."""
        name = self.declare(op.result, f"{self.text(op.buffer)}_view")
        base = f"{self.text(op.buffer)}.base + {self.operand(op.offset).within(SUM + 1)}"
        self.writer.line(f"const dsc_buffer {name} = {{{base}, {buffer_size(op.result)}}};")

    def print_weights(self, op: memref.GetGlobalOp) -> None:
        """The constant that holds a layer's channel records."""
        if not op.memref.uses:
            return
        symbol = op.name_.string_value()
        name = self.declare(op.memref, "weights")
        size = buffer_size(op.memref)
        self.writer.line(f"const dsc_const_buffer {name} = {{{self.prefix}_{symbol}, {size}}};")

    # Layers

    def layer_end(self, op: LayerOp, number: int) -> str:
        """The call behind a layer, which says where its output lies."""
        if buffer_space(op.output) is Space.L3:
            base = f"{self.prefix.upper()}_L3_BASE"
            place = f"{base} + {l3_offset(op.output)}, {buffer_size(op.output)}"
            return f"dsc_layer_end_in_l3({number}, {place});"
        output, size = self.text(op.output), tensor_bytes(op.shape)
        if size < buffer_size(op.output):
            offset = op.output_offset.value.data
            base = f"{output}.base + {offset}" if offset else f"{output}.base"
            output = f"(dsc_buffer){{{base}, {size}}}"
        suffix = "_in_l1" if buffer_space(op.output) is Space.L1 else ""
        return f"dsc_layer_end{suffix}({number}, {output});"

    def print_layer(self, op: LayerOp, name: str, number: int) -> None:
        """A layer as a function of its own, between its marks for the report."""
        label = without_comment_marks(op.label.data)
        comment = f"{label}: {op.kind.data}, makes {describe(op.shape)}"
        self.writer.line(
            f"/* {comment}; tile {op.tile.tile.size_text}, {op.schedule.schedule.text} */"
        )
        with self.writer.block(f"static DSC_NOINLINE void {name}(uint32_t core)"):
            self.pending.append(f"dsc_layer_begin({number});")
            self.print_block(op.body.block)
            self.pending.append(self.layer_end(op, number))
            self.flush()


def l3_offset(buffer: SSAValue) -> int:
    """Where weights or an activation lie in L3."""
    owner = buffer.owner
    offset = owner.offset if isinstance(owner, BufferOp) else None
    if isinstance(owner, memref.GetGlobalOp):
        constant = SymbolTable.lookup_symbol(owner, owner.name_)
        offset = None if constant is None else constant.attributes.get(OFFSETS)
    if not isinstance(offset, IntegerAttr):
        raise DiagnosticException("a buffer in L3 has no offset; run plan-memory before dsconv-c")
    return offset.value.data


def is_waited_for_at_once(start: DmaStartOp) -> bool:
    """Whether core 0 waits for a transfer before anything else happens than its own work."""
    waits = {use.operation for use in start.transfer.uses}
    following = start.next_op
    while following is not None and (isinstance(following, CORE_ZERO) or is_scalar(following)):
        waits.discard(following)
        following = following.next_op
    return not waits


def is_dead(op: Operation) -> bool:
    """Whether nothing that becomes a statement needs a scalar."""
    users = [use.operation for use in op.results[0].uses]
    return all(is_scalar(user) and is_dead(user) for user in users)


def reads_memory(op: Operation) -> bool:
    """Whether an expression's value depends on when it is evaluated."""
    if isinstance(op, LOADS):
        return True
    return any(
        isinstance(value.owner, Operation)
        and value.owner.parent_block() is op.parent_block()
        and is_scalar(value.owner)
        and len(list(value.uses)) == 1
        and reads_memory(value.owner)
        for value in op.operands
    )


def unsigned(value: Expression) -> str:
    """An offset as the runtime takes it."""
    if value.text.isdigit():
        return value.text
    return f"(uint32_t){value.within(SUM + 2)}"


def box_literal(box: BoxAttr) -> str:
    """A box as compound literal."""
    sizes = (
        box.blocks,
        box.block_stride,
        box.lines,
        box.line_stride,
        box.line_bytes,
        box.inner_block_stride,
    )
    return f"(dsc_box){{{', '.join(map(str, sizes))}}}"


def describe(type_: TensorType) -> str:
    """Shape, elements and layout of an activation in words."""
    shape = "x".join(map(str, type_.get_shape()[1:]))
    layout = f" {type_.encoding.data.value}" if isinstance(type_.encoding, LayoutAttr) else ""
    return f"{shape} {type_.element_type}{layout}"


def print_kernel(function: FuncOp, prefix: str, writer: CWriter, isa_macro: str | None) -> None:
    """A kernel: `void kernel(core, tiles, row, column)`.

    `isa_macro` is what the preprocessor knows where the kernel's assembly replaces these loops.
    """
    if len(function.body.blocks) > 1:
        raise OperationError(
            function,
            f'function "{function.sym_name.data}" has several blocks; dsconv-c prints loops only',
        )
    if function.function_type.outputs.data:
        raise OperationError(
            function,
            f'function "{function.sym_name.data}" returns a value; kernels write to their buffers',
        )
    printer = FunctionPrinter(writer, prefix)
    block = function.body.block
    parameters = ["uint32_t core"]
    for argument in block.args:
        name = printer.declare(argument, argument.name_hint)
        if argument.type in (IndexType(), i32):
            parameters.append(f"int32_t {name}")
            continue
        if not isinstance(argument.type, MemRefType):
            raise OperationError(
                function,
                f'function "{function.sym_name.data}" takes a {argument.type}; '
                "kernels take buffers, indices and i32",
            )
        written = any(isinstance(use.operation, memref.StoreOp) for use in argument.uses)
        qualifier = "" if written else "const "
        parameters.append(f"{qualifier}uint8_t *{name}")
    signature = f"void {prefix}_{function.sym_name.data}({', '.join(parameters)})"
    if isa_macro is not None:
        writer.line(f"#ifdef {isa_macro}")
        writer.line(f"{signature};")
        writer.line("#else")
    with writer.block(f"static {signature}"):
        used = values_read(function)
        for argument in block.args:
            if argument not in used:
                writer.line(f"(void){printer.text(argument)};")
        printer.print_block(block)
    if isa_macro is not None:
        writer.line("#endif")


def values_read(function: FuncOp) -> set[SSAValue]:
    """What is read by statements, or by scalars that are read themselves."""
    read: set[SSAValue] = set()
    for op in reversed(list(function.walk())):
        if not is_scalar(op) or not read.isdisjoint(op.results):
            read.update(op.operands)
    return read


def print_network(function: FuncOp, prefix: str, writer: CWriter, taken: Iterable[str]) -> None:
    """The buffers in L2, a function a layer, and the one that every core runs for an inference.

    `taken` are the names at file scope that others have.
    """
    shared = FunctionPrinter(writer, prefix)
    shared.names.update(taken)
    for argument, name in zip(function.body.block.args, port_names(function), strict=True):
        shared.declare(argument, f"{prefix}_{name}")
        place = (
            f"{{{prefix}_l2 + {port_offset(function, argument.index)}, {buffer_size(argument)}}}"
        )
        writer.line(f"static const dsc_buffer {shared.text(argument)} = {place};")
    for buffer in function.body.block.ops:
        if isinstance(buffer, BufferOp):
            shared.print_shared_buffer(buffer)
    layers = [op for op in function.body.block.ops if isinstance(op, LayerOp)]
    for number, layer in enumerate(layers):
        name = shared.name(f"{prefix}_layer_{layer.label.data}")
        shared.layer_names[layer] = name
        printer = FunctionPrinter(writer, prefix)
        printer.expressions.update(shared.expressions)
        writer.line()
        printer.print_layer(layer, name, number)
    writer.line()
    with writer.block(f"static void {prefix}_run(uint32_t core)"):
        shared.print_block(function.body.block)


def port_names(function: FuncOp) -> list[str]:
    """`input` and `output`, numbered where there are several."""
    written = [is_output(function, number) for number in range(len(function.body.block.args))]
    names: list[str] = []
    for number, output in enumerate(written):
        base = "output" if output else "input"
        same = written.count(output)
        names.append(base if same == 1 else f"{base}{written[:number].count(output)}")
    return names


def is_output(function: FuncOp, number: int) -> bool:
    """Whether an argument of the network is written by a layer."""
    argument = function.body.block.args[number]
    return any(
        isinstance(use.operation, LayerOp) and use.operation.output is argument
        for use in argument.uses
    )
