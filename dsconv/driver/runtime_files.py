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
    return any(name.startswith("LIBRARY_") for name, _ in _variables(platform / "platform.mk"))


def has_program(platform: Path) -> bool:
    """Whether a platform's networks make programs that read and write files."""
    return any(name == "PROGRAM" for name, _ in _lists(platform.parent, platform))


def runtime_files(
    runtime: Path, platform: Path, generated: Iterable[str], *, library: bool
) -> list[Path]:
    """The files beside what is generated, of which `generated` are the texts.

    Those that the makefiles name, and all that they include.
    """
    wanted = LIBRARY_LISTS if library else (*PROGRAM_LISTS, *LIBRARY_LISTS)
    listed = [
        file
        for name, files in _lists(runtime, platform)
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
    return [*_makefiles(runtime, platform), *found.values()]


def _makefiles(runtime: Path, platform: Path) -> list[Path]:
    """The platform's own, or those of all."""
    return [
        next(folder / name for folder in (platform, runtime) if (folder / name).is_file())
        for name in ALWAYS
    ]


def _lists(runtime: Path, platform: Path) -> list[tuple[str, str]]:
    """The variables of a platform's makefiles and their values."""
    return [found for makefile in _makefiles(runtime, platform) for found in _variables(makefile)]


def _variables(makefile: Path) -> list[tuple[str, str]]:
    return _LIST.findall(makefile.read_text().replace("\\\n", " "))
