"""Files that the user asked for: written whole or not at all, every failure a DsconvError."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from dsconv.errors import DsconvError


def output_path(text: str) -> Path:
    """The path of a file or folder to write, as the user gives it."""
    if not text:
        raise DsconvError("the path of what is to be written is empty")
    return Path(text)


def check_writable(path: Path) -> None:
    """Raises DsconvError where a file cannot be written because of what stands in its place.

    For commands that compute for long before they write.
    """
    if path.is_dir():
        raise DsconvError(f"cannot write {path}: it is a folder")
    if not path.parent.is_dir():
        raise DsconvError(f"cannot write {path}: there is no folder {path.parent}")


@contextmanager
def written_at_once(path: Path) -> Generator[Path]:
    """A path to write in place of `path`, which takes its place at the end, if nothing fails.

    It has the same suffix. Devices and pipes are written as they are.
    """
    target = path.resolve()
    is_device = target.exists() and not target.is_file()
    draft = target if is_device else target.with_name(f".{os.getpid()}-{target.name}")
    try:
        yield draft
        if not is_device:
            draft.replace(target)
    except OSError as error:
        raise DsconvError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        if not is_device:
            draft.unlink(missing_ok=True)


@contextmanager
def folder_written_at_once(folder: Path) -> Generator[Path]:
    """An empty folder whose files take their place in `folder` at the end, if nothing fails.

    `folder` is made if need be; its other files stay.
    """
    existing = next(path for path in (folder.resolve(), *folder.resolve().parents) if path.exists())
    try:
        with TemporaryDirectory(prefix=".dsconv-", dir=existing) as draft:
            yield Path(draft)
            folder.mkdir(parents=True, exist_ok=True)
            for file in Path(draft).iterdir():
                file.replace(folder / file.name)
    except OSError as error:
        raise DsconvError(f"cannot write {folder}: {error.strerror or error}") from error
