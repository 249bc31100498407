"""Writes a lowered network to a folder of C that builds without dsconv."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from importlib.resources import as_file, files
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import DiagnosticException

from dsconv.driver.ir_text import ir_text
from dsconv.driver.runtime_files import has_library, has_program, runtime_files
from dsconv.errors import DsconvError
from dsconv.files import folder_written_at_once
from dsconv.lowering.c_target import c_files, network_name
from dsconv.lowering.instruction_sets import INSTRUCTION_SETS
from dsconv.targets import ClusterTarget

MARKS = {"config.mk", "network.mlir"}
"""Files that tell a folder which a compilation has written."""
GENERATED = {"l3.bin", *(f"kernels_{isa}.S" for isa in INSTRUCTION_SETS)}
BUILT = {".a", ".elf", ".o"}
MAKEFILE = "Makefile"


def write_folder(
    module: ModuleOp,
    directory: Path,
    target: ClusterTarget,
    platform: str,
    *,
    trace: bool = False,
    count: bool = False,
    library: bool = False,
) -> list[str]:
    """Writes the C of a lowered module, the runtime of a platform, a Makefile and the IR.

    With `trace`, the program writes every layer's output to a file for comparison; with `count`,
    what its cores do in every layer. With `library`, the folder has what an application links, and
    no program. Returns the names of the files. Raises DsconvError where the module has no C form or
    the folder cannot be written.
    """
    try:
        sources = c_files(module)
    except DiagnosticException as error:
        raise DsconvError(str(error)) from error
    settings = {
        "L1_BYTES": target.l1.bytes,
        "L2_BYTES": target.l2.bytes,
        "TRACE": int(trace),
        "COUNT": int(count),
        "NETWORK": network_name(module),
    }
    with folder_written_at_once(directory) as draft:
        _copy_runtime(draft, platform, sources.texts.values(), library=library)
        header = (draft / "dsc_platform.h").read_text()
        settings |= _cores_setting(header, target, platform)
        for name, text in sources.texts.items():
            (draft / name).write_text(text)
        if sources.l3_image:
            (draft / "l3.bin").write_bytes(sources.l3_image)
        (draft / "network.mlir").write_text(ir_text(module))
        config = "".join(f"{name} = {value}\n" for name, value in settings.items())
        (draft / "config.mk").write_text(config)
        _clear(directory, draft)
        return sorted(path.name for path in draft.iterdir())


def belongs_to_sdk(platform: str) -> bool:
    """Whether a platform's makefile is an SDK's, which builds applications and no libraries."""
    with as_file(files("dsconv").joinpath("runtime_c", platform)) as folder:
        return (folder / MAKEFILE).exists()


def makes_program(platform: str) -> bool:
    """Whether a platform's networks make programs, and not libraries alone."""
    with as_file(files("dsconv").joinpath("runtime_c", platform)) as folder:
        return has_program(folder)


def _clear(directory: Path, draft: Path) -> None:
    """Removes what an earlier compilation left in a folder and this one does not write.

    Raises DsconvError where files in it would be overwritten that no compilation has written.
    """
    if not directory.is_dir():
        return
    present = {path.name for path in directory.iterdir() if path.is_file()}
    ours = {path.name for path in draft.iterdir()}
    if not present >= MARKS:
        if present & ours:
            raise DsconvError(
                f"{directory} has a {min(present & ours)} that dsconv has not written; give "
                "another folder"
            )
        return
    for name in present - ours:
        if name in GENERATED or Path(name).suffix in BUILT or _is_of_runtime(name):
            (directory / name).unlink()


def _is_of_runtime(name: str) -> bool:
    with as_file(files("dsconv").joinpath("runtime_c")) as runtime:
        return any((folder / name).is_file() for folder in (runtime, *runtime.iterdir()))


def _cores_setting(header: str, target: ClusterTarget, platform: str) -> dict[str, int]:
    """CORES for a platform that has as many as it is built for, where that is the target's own.

    A platform whose header says its cores has no other number of them. Raises DsconvError where the
    target is one of its own, or it runs the target's assembly, with another number: loops in C ask
    how many cores there are, in assembly the number is a constant.
    """
    found = re.search(r"^#define DSC_CORES (\d+)$", header, re.MULTILINE)
    is_own = target.platform == platform
    if found is None:
        return {"CORES": target.cores} if is_own else {}
    macro = INSTRUCTION_SETS[target.core.isa].macro
    runs_assembly = macro is not None and f"#define {macro}\n" in header
    if (is_own or runs_assembly) and int(found[1]) != target.cores:
        raise DsconvError(
            f"target {target.name} has {target.cores} cores, platform {platform} {found[1]}: "
            f"write count = {found[1]} to its [core]"
        )
    return {}


def _copy_runtime(
    directory: Path, platform: str, generated: Iterable[str], *, library: bool
) -> None:
    with as_file(files("dsconv").joinpath("runtime_c")) as runtime:
        folder = runtime / platform
        if not folder.is_dir():
            raise DsconvError(f"runtime_c has no platform {platform}")
        library = library or not has_program(folder)
        if library and not has_library(folder):
            raise DsconvError(
                f"platform {platform} has programs alone; for a library, compile for target mcu"
            )
        for source in runtime_files(runtime, folder, generated, library=library):
            shutil.copy(source, directory)
