"""runtime_c: the arithmetic against Python's integers, and the checks and boxes of the DMA."""

import ctypes
from collections.abc import Callable
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
import pytest
from handwritten import (
    L3_BYTES,
    RUNNERS,
    RUNTIME,
    WITH_L3,
    build_network,
    needs_gvsoc,
    on_every_platform,
    on_pulp_chips,
)
from hypothesis import assume, example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dsconv.runners import RunnerError, host
from dsconv.runners.process import run_program

TIMEOUT_S = 60

Function = Callable[..., int]

INT64 = ctypes.c_int64
INT32 = ctypes.c_int32
UINT32 = ctypes.c_uint32

SIGNATURES = {
    "dsc_floor_shift": (INT64, INT64, UINT32),
    "dsc_round_half_up": (INT64, INT64, UINT32),
    "dsc_round_half_even": (INT64, INT64, UINT32),
    "dsc_round_half_away": (INT64, INT64, UINT32),
    "dsc_round_twice": (INT64, INT64, UINT32),
    "dsc_div_floor": (INT64, INT64, INT64),
    "dsc_div_half_up": (INT64, INT64, INT64),
    "dsc_div_half_even": (INT64, INT64, INT64),
    "dsc_div_half_away": (INT64, INT64, INT64),
    "dsc_clip": (INT32, INT64, INT32, INT32),
    "dsc_clip32": (INT32, INT32, INT32, INT32),
    "dsc_sdot4_us": (INT32, INT32, UINT32, UINT32),
    "dsc_sdot4_ss": (INT32, INT32, UINT32, UINT32),
    "dsc_sdot4_uu": (INT32, INT32, UINT32, UINT32),
}

C_NAMES = {INT64: "int64_t", INT32: "int32_t", UINT32: "uint32_t"}


@pytest.fixture(scope="module")
def functions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Function]:
    """The inline functions of dsc_requant.h and dsc_simd.h, callable from Python."""
    directory = tmp_path_factory.mktemp("functions")
    exports = [f"{_exported(name, *types)}\n" for name, types in SIGNATURES.items()]
    source = '#include "dsc_requant.h"\n#include "dsc_simd.h"\n' + "".join(exports)
    (directory / "functions.c").write_text(source)
    warnings = ["-Wall", "-Wextra", "-Wconversion", "-Werror", "-fsanitize=undefined"]
    trap = ["-fno-sanitize-recover=undefined", "-fsanitize-undefined-trap-on-error"]
    flags = ["-std=c11", "-O2", "-shared", "-fPIC", f"-I{RUNTIME}", *warnings, *trap]
    run_program(["cc", *flags, "-o", "functions.so", "functions.c"], directory, TIMEOUT_S)
    library = ctypes.CDLL(str(directory / "functions.so"))
    exported = {name: library[f"test_{name}"] for name in SIGNATURES}
    for name, (result, *arguments) in SIGNATURES.items():
        exported[name].restype = result
        exported[name].argtypes = arguments
    return exported


def _exported(name: str, result: type, *arguments: type) -> str:
    parameters = ", ".join(f"{C_NAMES[type_]} a{i}" for i, type_ in enumerate(arguments))
    passed = ", ".join(f"a{i}" for i in range(len(arguments)))
    declared = f"{C_NAMES[result]} test_{name}({parameters})"
    return f"{declared};\n{declared} {{ return {name}({passed}); }}"


def half_up(value: int, divisor: int) -> int:
    return (2 * value + divisor) // (2 * divisor)


def half_even(value: int, divisor: int) -> int:
    quotient, remainder = divmod(value, divisor)
    return quotient + (2 * remainder + (quotient & 1) > divisor)


def half_away(value: int, divisor: int) -> int:
    return half_up(value, divisor) if value >= 0 else -half_up(-value, divisor)


def twice(value: int, shift: int) -> int:
    first = min(shift, 31)
    return half_away(half_up(value, 1 << first), 1 << (shift - first))


def tie(odd: int, shift: int) -> int:
    return (2 * odd + 1) << shift


SHIFT_RANGE = 2**62 + 2**61 - 1
INT32_MAX = 2**31 - 1
INT64_MAX = 2**63 - 1

shifts = st.integers(0, 62)
shifted = st.integers(-SHIFT_RANGE, SHIFT_RANGE) | st.integers(-300, 300)
ties = st.builds(tie, st.integers(-50, 50), shifts)
values = st.integers(-INT64_MAX, INT64_MAX) | st.integers(-300, 300)
divisors = st.integers(1, INT64_MAX) | st.integers(1, 300)
int32s = st.integers(-INT32_MAX - 1, INT32_MAX)
words = st.integers(0, 2**32 - 1)


@given(value=shifted | ties, shift=shifts)
@example(value=SHIFT_RANGE, shift=62)
@example(value=-SHIFT_RANGE, shift=62)
def test_shifts(functions: dict[str, Function], value: int, shift: int):
    assume(abs(value) <= SHIFT_RANGE)
    assert functions["dsc_floor_shift"](value, shift) == value >> shift
    assert functions["dsc_round_half_up"](value, shift) == half_up(value, 1 << shift)
    assert functions["dsc_round_half_even"](value, shift) == half_even(value, 1 << shift)
    assert functions["dsc_round_half_away"](value, shift) == half_away(value, 1 << shift)
    assert functions["dsc_round_twice"](value, shift) == twice(value, shift)


@given(value=values, divisor=divisors)
def test_divisions(functions: dict[str, Function], value: int, divisor: int):
    assert functions["dsc_div_floor"](value, divisor) == value // divisor
    assert functions["dsc_div_half_up"](value, divisor) == half_up(value, divisor)
    assert functions["dsc_div_half_even"](value, divisor) == half_even(value, divisor)
    assert functions["dsc_div_half_away"](value, divisor) == half_away(value, divisor)


@given(half=st.integers(1, 2**30), odd=st.integers(-(2**20), 2**20))
def test_divisions_of_ties(functions: dict[str, Function], half: int, odd: int):
    value, divisor = half * (2 * odd + 1), 2 * half
    assert functions["dsc_div_half_up"](value, divisor) == odd + 1
    assert functions["dsc_div_half_even"](value, divisor) == odd + (odd & 1)
    assert functions["dsc_div_half_away"](value, divisor) == odd + (odd >= 0)


@given(value=values, low=int32s, high=int32s)
def test_clip(functions: dict[str, Function], value: int, low: int, high: int):
    assume(low <= high)
    assert functions["dsc_clip"](value, low, high) == min(max(value, low), high)


@given(value=int32s, low=int32s, high=int32s)
def test_clip32(functions: dict[str, Function], value: int, low: int, high: int):
    assume(low <= high)
    assert functions["dsc_clip32"](value, low, high) == min(max(value, low), high)


def unsigned_lanes(word: int) -> list[int]:
    return list(word.to_bytes(4, "little"))


def signed_lanes(word: int) -> list[int]:
    return [lane - 256 * (lane > 127) for lane in unsigned_lanes(word)]


def dot(acc: int, x: list[int], w: list[int]) -> int:
    return acc + sum(a * b for a, b in zip(x, w, strict=True))


@given(acc=st.integers(-(2**30), 2**30), x=words, w=words)
def test_sdot4(functions: dict[str, Function], acc: int, x: int, w: int):
    x_u, x_s, w_u, w_s = unsigned_lanes(x), signed_lanes(x), unsigned_lanes(w), signed_lanes(w)
    assert functions["dsc_sdot4_us"](acc, x, w) == dot(acc, x_u, w_s)
    assert functions["dsc_sdot4_ss"](acc, x, w) == dot(acc, x_s, w_s)
    assert functions["dsc_sdot4_uu"](acc, x, w) == dot(acc, x_u, w_u)


@on_every_platform
def test_simd_on_the_platform(tmp_path: Path, platform: str):
    """Misaligned loads, and the Xpulp instructions where there are any."""
    data = np.random.default_rng(1).integers(0, 256, 2 * 68, dtype=np.uint8)
    result = RUNNERS[platform].run(build_network(tmp_path, platform, "simd"), data, TIMEOUT_S)
    outputs = result.outputs.view("<i4").reshape(64, 3)
    for i in range(64):
        x, w = (int.from_bytes(data[at : at + 4].tobytes(), "little") for at in (i, 68 + i))
        x_u, x_s, w_u, w_s = unsigned_lanes(x), signed_lanes(x), unsigned_lanes(w), signed_lanes(w)
        assert outputs[i].tolist() == [dot(-5, x_u, w_s), dot(-5, x_s, w_s), dot(-5, x_u, w_u)]


@on_every_platform
def test_a_kernel_between_parts_of_one_array(tmp_path: Path, platform: str):
    """GCC 12.2 may address y from a null pointer, and then find that nothing is written."""
    data = np.random.default_rng(3).integers(0, 256, (16, 32), dtype=np.uint8)
    built = build_network(tmp_path, platform, "one_arena")
    result = RUNNERS[platform].run(built, data, TIMEOUT_S)
    expected = (data[:, 0] + data[:, 4]).repeat(64)
    np.testing.assert_array_equal(result.outputs[0], expected)


@dataclass(frozen=True)
class Box:
    blocks: int
    block_stride: int
    lines: int
    line_stride: int
    line_bytes: int

    @property
    def packed_bytes(self) -> int:
        return self.blocks * self.lines * self.line_bytes

    def indices(self, offset: int) -> NDArray[np.intp]:
        block, line, byte = np.ogrid[: self.blocks, : self.lines, : self.line_bytes]
        return (offset + block * self.block_stride + line * self.line_stride + byte).ravel()


BOXES = {
    "one byte": Box(1, 0, 1, 0, 1),
    "one line": Box(1, 0, 1, 0, 1000),
    "adjacent lines": Box(1, 0, 10, 30, 30),
    "lines": Box(1, 0, 7, 40, 13),
    "single-line blocks": Box(5, 100, 1, 0, 17),
    "adjacent blocks": Box(3, 80, 2, 40, 40),
    "blocks that continue the lines": Box(3, 120, 3, 40, 11),
    "blocks of lines": Box(6, 333, 4, 50, 21),
    "blocks of adjacent lines": Box(6, 333, 4, 50, 50),
    "more blocks than the DMA queues": Box(40, 101, 3, 20, 9),
    "overlapping lines": Box(1, 0, 8, 10, 16),
    "no blocks": Box(0, 100, 4, 20, 10),
    "no lines": Box(2, 100, 0, 20, 10),
    "no bytes": Box(2, 100, 4, 20, 0),
}


LONG_BOXES = {
    "a line longer than a command": Box(1, 0, 1, 0, 200_001),
    "lines longer than a command": Box(1, 0, 2, 140_004, 140_001),
    "lines that together are longer": Box(1, 0, 3000, 90, 81),
    "blocks longer than a command": Box(2, 150_001, 1500, 99, 90),
}


def check_boxes(
    directory: Path,
    platform: str,
    boxes: list[Box],
    *,
    input_bytes: int,
    l1_arena_bytes: int,
    config: str = "",
) -> None:
    """Pack every box and unpack it again, as tests/networks/boxes.c does, and compare."""
    data = np.random.default_rng(2).integers(0, 256, input_bytes, dtype=np.uint8)
    packed = np.zeros_like(data)
    unpacked = np.zeros_like(data)
    cases: list[str] = []
    packed_offset = 0
    for number, box in enumerate(boxes):
        offset = number * 4099
        indices = box.indices(offset)
        packed[packed_offset : packed_offset + box.packed_bytes] = data[indices]
        unpacked[indices] = data[indices]
        shape = ", ".join(str(size) for size in astuple(box))
        cases.append(f"{{{offset}, {packed_offset}, {{{shape}, 0}}}}")
        packed_offset += box.packed_bytes + 3
    defines = {
        "INPUT_BYTES": str(input_bytes),
        "L1_ARENA_BYTES": str(l1_arena_bytes),
        "BOXES": ", ".join(cases),
    }
    built = build_network(directory, platform, "boxes", defines=defines, config=config)
    result = RUNNERS[platform].run(built, data, TIMEOUT_S)
    np.testing.assert_array_equal(result.outputs[0, :input_bytes], packed)
    np.testing.assert_array_equal(result.outputs[0, input_bytes:], unpacked)
    moved = sum(box.packed_bytes for box in boxes)
    assert all(row.l2_l1_in == row.l2_l1_out == moved for row in result.layer_stats[0])


@on_every_platform
def test_boxes(tmp_path: Path, platform: str):
    boxes = list(BOXES.values())
    check_boxes(tmp_path, platform, boxes, input_bytes=65536, l1_arena_bytes=4096)


@needs_gvsoc
@pytest.mark.parametrize("name", BOXES)
def test_a_box_that_the_compiler_knows(tmp_path: Path, name: str):
    check_boxes(tmp_path, "pulp_open", [BOXES[name]], input_bytes=65536, l1_arena_bytes=4096)


@on_pulp_chips
def test_a_stride_longer_than_the_dma_knows(tmp_path: Path, platform: str):
    box = Box(2, 1000, 2, 70_000, 13)
    check_boxes(tmp_path, platform, [box], input_bytes=150_000, l1_arena_bytes=4096)


@needs_gvsoc
@pytest.mark.parametrize("name", LONG_BOXES)
def test_boxes_longer_than_a_command(tmp_path: Path, name: str):
    check_boxes(
        tmp_path,
        "pulp_open",
        [LONG_BOXES[name]],
        input_bytes=400_000,
        l1_arena_bytes=400_000,
        config=f"L1_BYTES = {1 << 20}\nL2_BYTES = 1572864",
    )


L3_BOXES = [
    Box(1, 0, 1, 0, 1000),
    Box(1, 0, 1, 0, 13),
    Box(1, 0, 10, 28, 28),
    Box(1, 0, 100, 40, 12),
    Box(5, 100, 1, 0, 16),
    Box(3, 120, 3, 40, 12),
    Box(6, 332, 4, 52, 24),
    Box(6, 332, 4, 52, 52),
    Box(1, 0, 8, 8, 16),
    Box(2, 100, 4, 20, 0),
]


@on_every_platform
def test_l3_boxes(tmp_path: Path, platform: str):
    """Load every box from the image and store it in a second one (tests/networks/l3_boxes.c)."""
    image = np.random.default_rng(3).integers(0, 256, L3_BYTES // 2, dtype=np.uint8)
    packed: dict[int, NDArray[np.uint8]] = {}
    unpacked = np.zeros_like(image)
    cases: list[str] = []
    packed_offset = 0
    for number, box in enumerate(L3_BOXES):
        offset = number * 4100
        indices = box.indices(offset)
        packed[packed_offset] = image[indices]
        unpacked[indices] = image[indices]
        shape = ", ".join(str(size) for size in astuple(box))
        cases.append(f"{{{offset}, {packed_offset}, {{{shape}, 0}}}}")
        packed_offset += (box.packed_bytes + 3) // 4 * 4
    defines = {"IMAGE_BYTES": str(image.size), "BOXES": ", ".join(cases)}
    built = build_network(tmp_path, platform, "l3_boxes", defines=defines, config=WITH_L3)
    (built / "l3.bin").write_bytes(image.tobytes())
    result = RUNNERS[platform].run(built, bytes(4), TIMEOUT_S)
    for offset, expected in packed.items():
        np.testing.assert_array_equal(result.outputs[0, offset : offset + expected.size], expected)
    np.testing.assert_array_equal(result.outputs[0, image.size :], unpacked)
    moved = sum(box.packed_bytes for box in L3_BOXES)
    loaded, stored = result.layer_stats[0]
    assert loaded.l3_l2 == image.size + moved
    assert stored.l3_l2 == moved + image.size


LINE = "(dsc_box){1, 0, 1, 0, 16, 0}"
LINES = "(dsc_box){1, 0, 4, 64, 16, 0}"
BLOCKS = "(dsc_box){2, 128, 2, 64, 16, 0}"
ODD_LINE = "(dsc_box){1, 0, 1, 0, 13, 0}"
ODD_LINES = "(dsc_box){1, 0, 2, 64, 13, 0}"
HUGE = "(dsc_box){0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0}"
WEIGHTS = "(dsc_const_buffer){test_weights, 16}"
FAR_BLOCK = "(dsc_box){3, 0x80000000, 1, 0, 1, 0}"

VIOLATIONS = {
    f"dsc_wait(dsc_load(l1, 49, l2, 0, {LINE}))": "dsc_load: L1 offset 49 and 16 bytes",
    f"dsc_wait(dsc_load(l1, 0, l2, 241, {LINE}))": "dsc_load: L2 offset 241 and 16 bytes",
    f"dsc_wait(dsc_load(l1, 0, l2, 49, {LINES}))": "dsc_load: L2 offset 49 and 208 bytes",
    f"dsc_wait(dsc_load(l1, 0, l2, 49, {BLOCKS}))": "dsc_load: L2 offset 49 and 208 bytes",
    f"dsc_wait(dsc_store(l1, 1, l2, 0, {LINES}))": "dsc_store: L1 offset 1 and 64 bytes",
    f"dsc_wait(dsc_store(l1, 0, l2, 250, {LINE}))": "dsc_store: L2 offset 250 and 16 bytes",
    f"dsc_wait(dsc_load(l1, 0xFFFFFFF8, l2, 0, {LINE}))": "dsc_load: L1 offset 4294967288",
    f"dsc_wait(dsc_load(l1, 0, l2, 0, {HUGE}))": r"dsc_load: L1 offset 0 and 2\^32 or more",
    f"dsc_wait(dsc_load(l1, 0, l2, 0, {FAR_BLOCK}))": r"dsc_load: L2 offset 0 and 2\^32 or more",
    f"dsc_wait(dsc_load_weights(l1, 0, {WEIGHTS}, 1, {LINE}))": "dsc_load_weights: L2 offset 1",
    f"dsc_load(l1, 0, l2, 0, {LINE})": "ended without waiting",
    f"dsc_dma t = dsc_load(l1, 0, l2, 0, {LINE}); dsc_wait(t); dsc_wait(t)": "not in flight",
    f"dsc_wait(dsc_prefetch(l1, {WEIGHTS}, 1, {LINE}))": "dsc_prefetch: L2 offset 1",
    f"dsc_prefetch(l1, {WEIGHTS}, 0, {LINE})": "ended without waiting",
    f"for (;;) dsc_load(l1, 0, l2, 0, {LINE})": "more transfers in flight .* 16",
}

IN_FLIGHT = "a transfer to the other side of L2 that uses the same bytes is in flight"

L3_VIOLATIONS = {
    f"dsc_l3_wait(dsc_l3_load(l2, 244, 0, {LINE}))": "dsc_l3_load: L2 offset 244 and 16 bytes",
    f"dsc_l3_wait(dsc_l3_load(l2, 0, {L3_BYTES - 12}, {LINE}))": "dsc_l3_load: L3 offset 131060",
    f"dsc_l3_wait(dsc_l3_store(l2, 0, {L3_BYTES - 204}, {LINES}))": "L3 offset .* and 208 bytes",
    f"dsc_l3_wait(dsc_l3_store(l2, 200, 0, {LINES}))": "dsc_l3_store: L2 offset 200 and 64 bytes",
    f"dsc_l3_wait(dsc_l3_load((dsc_buffer){{l2_arena, 13}}, 0, 0, {ODD_LINE}))": "0 and 16 bytes",
    f"dsc_l3_wait(dsc_l3_load(l2, 2, 0, {LINE}))": "dsc_l3_load: its address in L2 is no multiple",
    f"dsc_l3_wait(dsc_l3_store(l2, 0, 2, {LINE}))": "dsc_l3_store: its offset in L3 is no multiple",
    f"dsc_l3_wait(dsc_l3_load(l2, 0, 0, {ODD_LINES}))": "dsc_l3_load: several lines, and",
    f"dsc_l3_transfer t = dsc_l3_load(l2, 0, 0, {LINE}); dsc_l3_wait(t); dsc_l3_wait(t)": (
        "dsc_l3_wait for a transfer that is not in flight"
    ),
    f"for (;;) dsc_l3_load(l2, 0, 0, {LINE})": "more transfers in flight .* 8",
    f"dsc_l3_load(l2, 0, 0, {LINE})": "ended without waiting",
    f"dsc_l3_load(l2, 0, 0, {LINE}); dsc_load(l1, 0, l2, 12, {LINE})": f"dsc_load: {IN_FLIGHT}",
    f"dsc_l3_load(l2, 64, 0, {LINE}); dsc_store(l1, 0, l2, 0, {LINES})": f"dsc_store: {IN_FLIGHT}",
    f"dsc_l3_store(l2, 0, 0, {LINE}); dsc_store(l1, 0, l2, 0, {LINES})": f"dsc_store: {IN_FLIGHT}",
    f"dsc_load(l1, 0, l2, 0, {LINES}); dsc_l3_load(l2, 204, 0, {LINE})": (
        f"dsc_l3_load: {IN_FLIGHT}"
    ),
}


def check_violation(
    directory: Path, platform: str, statement: str, message: str, config: str = ""
) -> None:
    defines = {"STATEMENT": statement}
    built = build_network(directory, platform, "statement", defines=defines, config=config)
    with pytest.raises(RunnerError, match=f"exit status 3\nlayer 1: .*{message}"):
        RUNNERS[platform].run(built, b"x", TIMEOUT_S)


@pytest.mark.parametrize(("statement", "message"), VIOLATIONS.items())
def test_a_violation_ends_the_run(tmp_path: Path, statement: str, message: str):
    check_violation(tmp_path, "host", statement, message)


@pytest.mark.parametrize(("statement", "message"), L3_VIOLATIONS.items())
def test_a_violation_with_l3_ends_the_run(tmp_path: Path, statement: str, message: str):
    check_violation(tmp_path, "host", statement, message, WITH_L3)


def test_a_violation_ends_the_run_on_qemu_too(tmp_path: Path):
    check_violation(tmp_path, "qemu", *next(iter(VIOLATIONS.items())))


def test_a_network_without_l3_has_none(tmp_path: Path):
    statement = f"dsc_l3_wait(dsc_l3_load(l2, 0, 0, {LINE}))"
    check_violation(tmp_path, "host", statement, "L3 offset 0 and 16 bytes leave the buffer of 0")


@pytest.mark.parametrize("box", ["{1, 0, 1, 0, 16, 0}", "{2, 128, 2, 64, 16, 0}"])
def test_transfers_that_share_no_byte_may_be_in_flight(tmp_path: Path, box: str):
    statement = f"dsc_l3_transfer t = dsc_l3_load(l2, 16, 0, {LINE}); "
    statement += f"dsc_wait(dsc_store(l1, 0, l2, 0, (dsc_box){box})); dsc_l3_wait(t)"
    defines = {"STATEMENT": statement}
    built = build_network(tmp_path, "host", "statement", defines=defines, config=WITH_L3)
    host.run(built, b"x", TIMEOUT_S)


def test_nothing_arrives_before_it_is_waited_for(tmp_path: Path):
    statement = (
        f"dsc_dma t = dsc_load(l1, 0, l2, 0, {LINE}); l2_arena[9] = l1_arena[0]; dsc_wait(t)"
    )
    statement += "; l1_arena[0] = l2_arena[9]"
    built = build_network(tmp_path, "host", "statement", defines={"STATEMENT": statement})
    assert host.run(built, b"x", TIMEOUT_S).outputs.tobytes() != b"x"
