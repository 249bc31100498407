"""Files that the user asked for are written whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from dsconv.errors import DsconvError
from dsconv.files import check_writable, folder_written_at_once, output_path, written_at_once

FAILURES = [
    (KeyboardInterrupt(), KeyboardInterrupt),
    (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), DsconvError),
    (ValueError("no"), ValueError),
]


def test_a_file_takes_the_place_of_another(tmp_path: Path):
    target = tmp_path / "report.json"
    target.write_text("old")
    with written_at_once(target) as draft:
        draft.write_text("new")
        assert target.read_text() == "old"
        assert draft.suffix == ".json"
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


def write_half_a_file(target: Path, failure: BaseException) -> None:
    with written_at_once(target) as draft:
        draft.write_text("half")
        raise failure


def write_half_a_folder(folder: Path, failure: BaseException) -> None:
    with folder_written_at_once(folder) as draft:
        (draft / "network.c").write_text("half")
        raise failure


@pytest.mark.parametrize(("failure", "raised"), FAILURES)
def test_a_file_that_is_not_finished_is_not_there(
    failure: BaseException, raised: type[BaseException], tmp_path: Path
):
    with pytest.raises(raised):
        write_half_a_file(tmp_path / "report.json", failure)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("failure", "raised"), FAILURES)
@pytest.mark.parametrize("exists", [False, True])
def test_a_folder_that_is_not_finished_is_as_it_was(
    failure: BaseException, raised: type[BaseException], exists: bool, tmp_path: Path
):
    folder = tmp_path / "out"
    if exists:
        folder.mkdir()
        (folder / "network.c").write_text("old")
    with pytest.raises(raised):
        write_half_a_folder(folder, failure)
    assert [path.name for path in tmp_path.iterdir()] == ["out"] * exists
    assert not exists or (folder / "network.c").read_text() == "old"


def test_other_files_of_a_folder_stay(tmp_path: Path):
    folder = tmp_path / "new" / "out"
    for text in ("first", "second"):
        with folder_written_at_once(folder) as draft:
            (draft / "network.c").write_text(text)
        (folder / "mine").write_text("mine")
    assert {path.name: path.read_text() for path in folder.iterdir()} == {
        "network.c": "second",
        "mine": "mine",
    }


def test_devices_are_written_as_they_are(tmp_path: Path):
    with written_at_once(Path(os.devnull)) as draft:
        assert draft == Path(os.devnull)
    with (
        pytest.raises(DsconvError, match="cannot write /dev/full: No space left on device"),
        written_at_once(Path("/dev/full")) as draft,
    ):
        draft.write_text("text")


def test_a_link_stays_a_link(tmp_path: Path):
    target, link = tmp_path / "target", tmp_path / "link"
    link.symlink_to(target)
    with written_at_once(link) as draft:
        draft.write_text("text")
    assert link.is_symlink()
    assert target.read_text() == "text"


@pytest.mark.parametrize("path", ["missing/report.json", "folder"])
def test_a_place_that_takes_no_file_is_found_early(path: str, tmp_path: Path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(DsconvError, match="cannot write"):
        check_writable(tmp_path / path)


def test_an_empty_path_is_an_error():
    with pytest.raises(DsconvError, match="empty"):
        output_path("")
