"""What is kept of runs between sweeps, as files below one folder.

Readers and writers are many: files are written at once, and each one's name is the content of what
was run, or stands for it.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

Files = dict[str, str]
"""Texts by their paths below the folder."""

_records: ContextVar[Files | None] = ContextVar("_records", default=None)


def folder() -> Path:
    """Where all is kept: below XDG_CACHE_HOME, or ~/.cache."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "dsconv"


def read(name: str) -> str | None:
    """The text of a file; None where there is none."""
    try:
        text = (folder() / name).read_text()
    except FileNotFoundError:
        return None
    _record(name, text)
    return text


def write(name: str, text: str) -> None:
    """Writes a file at once, so that nobody reads half of it."""
    path = folder() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
        file.write(text)
    Path(file.name).replace(path)
    _record(name, text)


def write_all(files: Mapping[str, str]) -> None:
    """Writes those that are not here yet, as another machine has recorded them."""
    for name, text in files.items():
        if not (folder() / name).exists():
            write(name, text)


@contextmanager
def recorded() -> Generator[Files]:
    """Collects what is read and written inside."""
    files: Files = {}
    token = _records.set(files)
    try:
        yield files
    finally:
        _records.reset(token)


def _record(name: str, text: str) -> None:
    files = _records.get()
    if files is not None:
        files[name] = text
