"""The C is safe to ship: names, memory, warnings and what analysers say, for every platform."""

import re
import subprocess
from pathlib import Path

import pytest

import dsconv
from dsconv import zoo
from dsconv.runners import build
from dsconv.runners.process import run_program
from dsconv.targets import load_target

TIMEOUT_S = 300
LAYERS = 29
PLATFORMS = [
    "host",
    "gap8",
    pytest.param("qemu", marks=pytest.mark.slow),
    pytest.param("pulp_open", marks=pytest.mark.slow),
]
L2_FOR_TENSORS = 40 * 1024
"""So little that mv1-96 has weights and activations in L3: all of the runtime is in use."""

ALL_WARNINGS = "-Wall -Wextra -Wconversion -Wshadow -Wundef -Werror"
NAMED_BY_OTHERS = {"_start", "memcpy", "memset", "main"}
"""By the linker script, by GCC and by C."""

ALLOCATORS = {"malloc", "calloc", "realloc", "free", "alloca", "aligned_alloc", "sbrk", "_sbrk"}


@pytest.fixture(scope="module", params=PLATFORMS)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """mv1-96 for a platform, with every part of the runtime, built without a warning."""
    platform: str = request.param
    directory = tmp_path_factory.mktemp("shipped") / platform
    l2 = load_target(platform).l2
    reserved = l2.bytes - l2.usable(LAYERS)
    compiled = dsconv.compile(zoo.build("mv1-96"), platform, l2=reserved + L2_FOR_TENSORS)
    assert {"dsconv.l3_load", "dsconv.l3_store"} <= {op.name for op in compiled.lowered.walk()}
    compiled.write(directory)
    with (directory / "config.mk").open("a") as config:
        config.write(f"TRACE = 1\nWARNINGS = {ALL_WARNINGS}\n")
    build(directory, TIMEOUT_S)
    return directory


def tool(built: Path, name: str) -> str:
    return name if built.name == "host" else f"riscv64-unknown-elf-{name}"


def symbols(built: Path, file: Path) -> dict[str, str]:
    """The kind of each symbol as nm has it: capital where it is global, U where it is used."""
    lines = run_program([tool(built, "nm"), file.name], built, TIMEOUT_S).splitlines()
    return {line.split()[-1]: line.split()[-2] for line in lines if len(line.split()) >= 2}


def objects(built: Path) -> list[Path]:
    found = sorted(built.glob("*.o"))
    assert {"network.o", "weights.o", "harness.o"} <= {file.name for file in found}
    return found


def test_names_at_file_scope_of_the_network_begin_with_its_own(built: Path):
    for name in ("network.o", "weights.o", "kernels_xpulp.o"):
        if not (built / name).exists():
            assert built.name in ("host", "qemu")
            continue
        own = [symbol for symbol, kind in symbols(built, built / name).items() if kind in "TDBRC"]
        assert own or name == "weights.o"
        assert all(symbol.startswith("mv1_96_") for symbol in own), name


def test_names_of_the_runtime_begin_with_dsc(built: Path):
    for file in objects(built):
        if file.name in ("network.o", "weights.o", "kernels_xpulp.o"):
            continue
        for symbol, kind in symbols(built, file).items():
            if kind in "TDBRC":
                assert symbol.startswith("dsc_") or symbol in NAMED_BY_OTHERS, file.name


def test_no_memory_is_allocated(built: Path):
    used = {symbol for file in objects(built) for symbol in symbols(built, file)}
    assert not used & ALLOCATORS
    for source in built.glob("*.[ch]"):
        assert not re.search(r"\b(malloc|calloc|realloc|alloca)\s*\(", source.read_text())


def test_the_network_uses_nothing_but_the_runtime(built: Path):
    """And functions that GCC itself calls."""
    used = {name for name, kind in symbols(built, built / "network.o").items() if kind == "U"}
    others = {name for name in used if not name.startswith(("dsc_", "mv1_96_", "__"))}
    assert others <= NAMED_BY_OTHERS


def test_gcc_finds_no_error_on_any_path(built: Path):
    command = ["make", "-B", "-s", f"WARNINGS={ALL_WARNINGS} -fanalyzer"]
    run_program(command, built, TIMEOUT_S)


def test_gcc_would_find_an_error(tmp_path: Path):
    """The analyser that the test above relies on is at work."""
    (tmp_path / "leak.c").write_text(
        "#include <stdlib.h>\n"
        "int f(int n) { char *p = malloc(4); if (n) return 0; free(p); return 1; }\n"
    )
    result = subprocess.run(
        ["cc", "-c", "-Werror", "-fanalyzer", "leak.c"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    assert result.returncode
    assert "leak" in result.stderr


def test_cppcheck_is_content(built: Path):
    defines = ["-DDSC_TRACE=1", "-DDSC_COUNT=1" if built.name in ("gap8", "pulp_open") else ""]
    run_program(
        [
            *("cppcheck", "-q", "--std=c11", "--inline-suppr", "--error-exitcode=1"),
            *("--enable=warning,performance,portability", "-I.", "-D__riscv"),
            *filter(None, defines),
            *(file.name for file in sorted(built.glob("*.c"))),
        ],
        built,
        TIMEOUT_S,
    )


@pytest.mark.parametrize("platform", ["gap8", "pulp_open"])
def test_a_counting_build_has_no_warnings(tmp_path: Path, platform: str):
    dsconv.compile(zoo.build("dscnn"), platform).write(tmp_path)
    command = ["make", "-s", "COUNT=1", f"WARNINGS={ALL_WARNINGS} -fanalyzer"]
    run_program(command, tmp_path, TIMEOUT_S)
