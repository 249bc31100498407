"""The target `dsconv-c`: a lowered module as readable C on the API of runtime_c."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from typing import IO

from xdsl.context import Context
from xdsl.dialects import memref
from xdsl.dialects.builtin import (
    DenseIntOrFPElementsAttr,
    ModuleOp,
)
from xdsl.dialects.func import FuncOp
from xdsl.utils.exceptions import DiagnosticException
from xdsl.utils.target import Target

from dsconv.dialects.attributes import Space
from dsconv.dialects.machine import AssemblyOp
from dsconv.dialects.tiled import (
    L1_SIZE,
    L2_SIZE,
    L3_IMAGE_SIZE,
    L3_SIZE,
    LayerOp,
    aligned,
)
from dsconv.lowering.c_expressions import no_form
from dsconv.lowering.c_functions import (
    CWriter,
    print_kernel,
    print_network,
)
from dsconv.lowering.c_header import print_header
from dsconv.lowering.c_names import c_prefix
from dsconv.lowering.c_ports import (
    print_port_fields,
    print_port_lists,
)
from dsconv.lowering.instruction_sets import ASSEMBLY_MACROS
from dsconv.lowering.memory_plan import size_attribute
from dsconv.passes.analysis.liveness import constants
from dsconv.passes.analysis.networks import networks

BYTES_A_LINE = 16
INCLUDES = ("dsc_math.h", "dsc_requant.h", "dsc_runtime.h", "dsc_simd.h")


@dataclass(frozen=True)
class CFiles:
    """The files of a compiled network, text by name, and the bytes of L3 that it needs."""

    texts: dict[str, str]
    l3_image: bytes
    l3_bytes: int


def functions(module: ModuleOp) -> Iterator[FuncOp]:
    """Functions with a body."""
    for op in module.body.block.ops:
        if isinstance(op, FuncOp) and not op.is_declaration:
            yield op


def network_function(module: ModuleOp) -> FuncOp:
    """The one function that holds layers."""
    found = networks(module, LayerOp)
    if len(found) != 1:
        raise DiagnosticException(
            f"dsconv-c needs one network of lowered layers, found {len(found)}; "
            "run lower-to-tiles, plan-memory and lower-kernels before"
        )
    return found[0]


def network_name(module: ModuleOp) -> str:
    """What the C calls the network; all its names at file scope begin so."""
    return c_prefix(network_function(module).sym_name.data)


def taken_names(module: ModuleOp) -> list[str]:
    """Names at file scope of all but buffers and layers."""
    kernels = [function.sym_name.data for function in functions(module)]
    constants = [symbol for symbol, _ in weights(module)]
    own = ("l1", "l2", "inputs", "outputs", "run", "network", *kernels, *constants)
    name = network_name(module)
    return [f"{name}_{part}" for part in own]


def layer_count(network: FuncOp) -> int:
    """Layers of a network."""
    return sum(isinstance(op, LayerOp) for op in network.body.block.ops)


def weights(module: ModuleOp, space: Space = Space.L2) -> Iterator[tuple[str, bytes]]:
    """Symbol and bytes of every constant in a memory, in order of place."""
    for constant in constants(module, space):
        if isinstance(constant.initial_value, DenseIntOrFPElementsAttr):
            yield constant.sym_name.data, constant.initial_value.data.data


def l3_image(module: ModuleOp) -> bytes:
    """What lies in L3 before the first run; empty where the network does without L3."""
    image = b""
    for _, data in weights(module, Space.L3):
        image += data.ljust(aligned(len(data)), b"\0")
    return image


def print_network_header(module: ModuleOp, output: IO[str]) -> None:
    """network.h: what an application includes."""
    function = network_function(module)
    sizes = {"L1": L1_SIZE, "L2": L2_SIZE, "L3": L3_SIZE}
    memories = {name: size_attribute(function, attribute) for name, attribute in sizes.items()}
    records = [(symbol, len(data)) for symbol, data in weights(module)]
    print_header(function, layer_count(function), memories, records, output)


def print_weights(module: ModuleOp, output: IO[str]) -> None:
    """weights.c: the channel records of all layers."""
    name = network_name(module)
    output.write('#include "network.h"\n')
    for symbol, data in weights(module):
        output.write(f"\n_Alignas(4) const uint8_t {name}_{symbol}[{len(data)}] = {{\n")
        for start in range(0, len(data), BYTES_A_LINE):
            output.write(f"  {','.join(map(str, data[start : start + BYTES_A_LINE]))},\n")
        output.write("};\n")


def print_code(module: ModuleOp, output: IO[str]) -> None:
    """network.c: arenas, kernels and the network's function."""
    writer = CWriter(output)
    network, name = network_function(module), network_name(module)
    for op in module.body.block.ops:
        if not isinstance(op, FuncOp | memref.GlobalOp | AssemblyOp):
            raise no_form(op)
    writer.line('#include "network.h"')
    writer.line()
    for header in INCLUDES:
        writer.line(f'#include "{header}"')
    writer.line()
    writer.line("#if defined DSC_L1_ARENA /* an array that several networks share */")
    writer.line(f"extern uint8_t DSC_L1_ARENA[];\n#define {name}_l1 DSC_L1_ARENA")
    writer.line("#elif defined DSC_L1_BASE /* what the platform has allocated for all of them */")
    writer.line(f"#define {name}_l1 DSC_L1_BASE\n#else")
    writer.line(f"DSC_L1 static uint8_t {name}_l1[{size_attribute(network, L1_SIZE)}];")
    writer.line("#endif")
    l2_bytes = size_attribute(network, L2_SIZE)
    writer.line(f"DSC_L2 static uint8_t {name}_l2[{l2_bytes}];")
    macros = {
        op.kernel.string_value(): ASSEMBLY_MACROS[op.instruction_set]
        for op in assembly_kernels(module)
    }
    for function in functions(module):
        if function is not network:
            writer.line()
            print_kernel(function, name, writer, macros.get(function.sym_name.data))
    writer.line()
    print_network(network, name, writer, taken_names(module))
    writer.line()
    print_port_lists(network, name, writer)
    print_description(network, name, writer)


def assembly_kernels(module: ModuleOp) -> list[AssemblyOp]:
    """Kernels that are there in assembly too."""
    return [op for op in module.body.block.ops if isinstance(op, AssemblyOp)]


def print_assembly(module: ModuleOp, isa: str, output: IO[str]) -> None:
    """kernels_<isa>.S: the kernels of one instruction set."""
    name = network_name(module)
    output.write(f"/* Kernels of {name} for {isa}. */\n")
    for op in assembly_kernels(module):
        if op.isa.data != isa:
            continue
        symbol = f"{name}_{op.kernel.string_value()}"
        output.write(
            f'\n    .section .text.{symbol},"ax"\n    .balign 16\n    .globl {symbol}\n'
            f"    .type {symbol}, @function\n{symbol}:\n{op.text.data}\n"
            f"    .size {symbol}, . - {symbol}\n"
        )


def print_description(network: FuncOp, name: str, writer: CWriter) -> None:
    """The structure that the harness, or an application, starts from."""
    with writer.block(f"const dsc_network {name}_network =", end="};"):
        writer.line(f'.name = "{name}",')
        print_port_fields(network, name, writer)
        writer.line(f".layers = {layer_count(network)},")
        writer.line(f".run = {name}_run,")
        writer.line(f".l3_bytes = {size_attribute(network, L3_SIZE)},")
        writer.line(f".l3_image_bytes = {size_attribute(network, L3_IMAGE_SIZE)},")


def c_files(module: ModuleOp) -> CFiles:
    """The C and assembly of a lowered module, file by file."""
    texts: dict[str, str] = {}
    printers = {
        "network.h": print_network_header,
        "network.c": print_code,
        "weights.c": print_weights,
    }
    for name, print_file in printers.items():
        output = StringIO()
        print_file(module, output)
        texts[name] = output.getvalue()
    for isa in ASSEMBLY_MACROS:
        output = StringIO()
        print_assembly(module, isa, output)
        if assembly_kernels(module):
            texts[f"kernels_{isa}.S"] = output.getvalue()
    return CFiles(texts, l3_image(module), size_attribute(network_function(module), L3_SIZE))


@dataclass(frozen=True)
class CTarget(Target):
    """Prints network.h, network.c, weights.c and assembly one behind the other."""

    name = "dsconv-c"

    def emit(self, ctx: Context, module: ModuleOp, output: IO[str]) -> None:
        for title, text in c_files(module).texts.items():
            output.write(f"// ---- {title}\n{text}")
