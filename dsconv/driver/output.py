"""Writes a lowered network to a folder of C that builds without dsconv."""

from __future__ import annotations

import re
import shutil
from importlib.resources import as_file, files
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import DiagnosticException

from dsconv.errors import DsconvError
from dsconv.files import folder_written_at_once
from dsconv.lowering.c_target import c_files
from dsconv.lowering.instruction_sets import INSTRUCTION_SETS
from dsconv.targets import ClusterTarget


def write_folder(
    module: ModuleOp,
    directory: Path,
    target: ClusterTarget,
    platform: str,
    *,
    trace: bool = False,
    count: bool = False,
) -> None:
    """Writes the C of a lowered module, the runtime of a platform, a Makefile and the IR.

    With `trace`, the program writes every layer's output to a file for comparison; with `count`,
    what its cores do in every layer. Raises DsconvError where the module has no C form or the
    folder cannot be written.
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
    }
    config = "".join(f"{name} = {value}\n" for name, value in settings.items())
    with folder_written_at_once(directory) as draft:
        _copy_runtime(draft, platform)
        _check_cores((draft / "dsc_platform.h").read_text(), target, platform)
        for name, text in sources.texts.items():
            (draft / name).write_text(text)
        if sources.l3_image:
            (draft / "l3.bin").write_bytes(sources.l3_image)
        (draft / "network.mlir").write_text(f"{module}\n")
        (draft / "config.mk").write_text(config)


def _check_cores(header: str, target: ClusterTarget, platform: str) -> None:
    """Raises DsconvError where a platform runs assembly on other cores than it is written for.

    Loops in C ask how many cores there are; in assembly the number is a constant.
    """
    macro = INSTRUCTION_SETS[target.core.isa].macro
    found = re.search(r"^#define DSC_CORES (\d+)$", header, re.MULTILINE)
    if macro is None or found is None or f"#define {macro}\n" not in header:
        return
    if int(found[1]) != target.cores:
        raise DsconvError(
            f"target {target.name} has {target.cores} cores, platform {platform} {found[1]}: its "
            f'assembly is for as many as run it; write count = {found[1]}, or isa = "portable"'
        )


def _copy_runtime(directory: Path, platform: str) -> None:
    with as_file(files("dsconv").joinpath("runtime_c")) as runtime:
        folder = runtime / platform
        if not folder.is_dir():
            raise DsconvError(f"runtime_c has no platform {platform}")
        for source in (runtime / "Makefile", *runtime.glob("*.[ch]"), *folder.iterdir()):
            shutil.copy(source, directory)
