"""network.h: what an application includes, from C or C++."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import IO

from xdsl.dialects.func import FuncOp

from dsconv.lowering.c_functions import without_comment_marks
from dsconv.lowering.c_names import c_prefix
from dsconv.lowering.c_ports import ROLES, CPort, c_ports, header_comment, header_constants

C_TYPES = {"int8": "int8_t", "uint8": "uint8_t", "int32": "int32_t"}
ROUNDS_TO_EVEN = "12582912.0f"
"""1.5 * 2**23: beside it, a float32 of up to 22 bits has no fraction left."""
LARGEST_STEP = "1024.0f"


def print_header(
    function: FuncOp,
    layers: int,
    memories: Mapping[str, int],
    weights: Sequence[tuple[str, int]],
    output: IO[str],
) -> None:
    """The network's structure, its sizes, and for each port its shape, scale and values.

    `memories` are bytes by names, `weights` the symbols and bytes of channel records.
    """
    name = c_prefix(function.sym_name.data)
    upper = name.upper()
    guard = f"{upper}_NETWORK_H"
    output.write(
        f"{header_comment(function, f'{name}_network')} */\n"
        f"#ifndef {guard}\n#define {guard}\n\n"
        '#include "dsc_network.h"\n\n'
        '#ifdef __cplusplus\nextern "C" {\n#endif\n\n'
        f"extern const dsc_network {name}_network;\n\n{header_constants(function)}"
    )
    for memory, size in memories.items():
        output.write(f"#define {upper}_{memory}_BYTES {size}\n")
    if memories["L3"]:
        output.write(
            f"#ifndef {upper}_L3_BASE /* where the network's part of L3 begins */\n"
            f"#define {upper}_L3_BASE 0\n#endif\n"
        )
    output.write("\n")
    for symbol, size in weights:
        output.write(f"extern const uint8_t {name}_{symbol}[{size}];\n")
    for role in ROLES:
        ports = c_ports(function, role)
        for number, port in enumerate(ports):
            place = f"{name}_network.{role}" + (f"s[{number}].data" if len(ports) > 1 else "")
            prefix = f"{name}_{role}" if len(ports) == 1 else port.constant.lower()
            _print_port(port, role, prefix, place, output)
    output.write(
        "\n#ifdef DSC_PROGRAM /* what the harness of runtime_c runs */\n"
        f"#define DSC_NETWORK {name}_network\n#define DSC_LAYERS {layers}\n"
        f"#define DSC_L1_BYTES {memories['L1']}\n#define DSC_L3_BYTES {memories['L3']}\n#endif\n\n"
        "#ifdef __cplusplus\n}\n#endif\n\n#endif\n"
    )


def _print_port(port: CPort, role: str, prefix: str, place: str, output: IO[str]) -> None:
    """Constants of a port, a typed pointer, and the way between reals and its integers."""
    upper = prefix.upper()
    output.write(
        f"\n/* {without_comment_marks(port.name)}: {without_comment_marks(port.meaning)} */\n"
    )
    output.write(f"#define {upper}_BYTES {port.size}\n")
    c_type = C_TYPES.get(port.dtype)
    if c_type is None:
        return
    count = port.size // (4 if c_type == "int32_t" else 1)
    output.write(f"#define {upper}_COUNT {count}\n")
    if port.shape:
        output.write(
            f"#define {upper}_RANK {len(port.shape)}\n"
            f"#define {upper}_SHAPE {{{', '.join(map(str, port.shape))}}}\n"
        )
    const = "" if role == "input" else "const "
    output.write(
        f"static inline {const}{c_type} *{prefix}_data(void) {{ "
        f"return ({const}{c_type} *){place}; }}\n"
    )
    if port.scale is None:
        return
    scale, zero_point = f"{port.scale:.9g}", port.zero_point
    scale += "f" if "." in scale or "e" in scale else ".0f"
    output.write(f"#define {upper}_SCALE {scale}\n#define {upper}_ZERO_POINT {zero_point}\n")
    if role == "output":
        output.write(
            f"static inline float {prefix}_real(uint32_t index) {{\n"
            f"  return {upper}_SCALE * (float)({prefix}_data()[index] - {upper}_ZERO_POINT);\n}}\n"
        )
        return
    low, high = (0, 255) if c_type == "uint8_t" else (-128, 127)
    output.write(
        f"/* round_half_even(real / scale) + zero_point, clipped */\n"
        f"static inline {c_type} {prefix}_quantised(float real) {{\n"
        f"  float steps = real / {upper}_SCALE;\n"
        f"  steps = steps < -{LARGEST_STEP} ? -{LARGEST_STEP} "
        f": steps > {LARGEST_STEP} ? {LARGEST_STEP} : steps;\n"
        f"  volatile float rounded = steps + {ROUNDS_TO_EVEN};\n"
        f"  int32_t quantised = (int32_t)(rounded - {ROUNDS_TO_EVEN}) + {upper}_ZERO_POINT;\n"
        f"  quantised = quantised < {low} ? {low} : quantised > {high} ? {high} : quantised;\n"
        f"  return ({c_type})quantised;\n"
        "}\n"
    )
