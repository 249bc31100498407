"""Which files of runtime_c a program or a library of a platform is made of."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

PROGRAM_LISTS = ("SOURCES", "PLATFORM_SOURCES", "PLATFORM_ASSEMBLY", "LINKER_SCRIPT")
LIBRARY_LISTS = ("LIBRARY_SOURCES", "LIBRARY_ASSEMBLY")
ALWAYS = ("Makefile", "platform.mk")
_LIST = re.compile(r"^(\w+)\s*[:?+]?=\s*(.*)$", re.MULTILINE)
_FILE = re.compile(r"[\w.]+\.(?:c|S|ld)\b")
_INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def has_library(platform: Path) -> bool:
    """Whether a platform's networks can be linked into the programs of others."""
    return any(name.startswith("LIBRARY_") for name, _ in _lists(platform / "platform.mk"))


def has_program(platform: Path) -> bool:
    """Whether a platform's networks make programs that read and write files."""
    return any(name == "PROGRAM" for name, _ in _lists(platform / "platform.mk"))


def runtime_files(
    runtime: Path, platform: Path, generated: Iterable[str], *, library: bool
) -> list[Path]:
    """The files beside what is generated, of which `generated` are the texts.

    Those that the makefiles name, and all that they include.
    """
    wanted = LIBRARY_LISTS if library else PROGRAM_LISTS
    listed = [
        file
        for makefile in (runtime / "Makefile", platform / "platform.mk")
        for name, files in _lists(makefile)
        if name in wanted
        for file in _FILE.findall(files)
    ]
    waiting = [*listed, *(name for text in generated for name in _INCLUDE.findall(text))]
    found: dict[str, Path] = {}
    while waiting:
        name = waiting.pop()
        path = next(
            (folder / name for folder in (platform, runtime) if (folder / name).is_file()), None
        )
        if path is None or name in found:  # what is generated lies nowhere yet
            continue
        found[name] = path
        waiting += _INCLUDE.findall(path.read_text())
    makefiles = [
        next(folder / name for folder in (platform, runtime) if (folder / name).is_file())
        for name in ALWAYS
    ]
    return [*makefiles, *found.values()]


def _lists(makefile: Path) -> list[tuple[str, str]]:
    """The variables of a makefile and their values."""
    return _LIST.findall(makefile.read_text().replace("\\\n", " "))
