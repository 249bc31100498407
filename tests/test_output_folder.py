"""The folder of C: what an earlier compilation left goes, what is not ours stays."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from xdsl.parser import Parser

import dsconv
from dsconv.driver.pipeline import make_context
from dsconv.errors import DsconvError
from dsconv.reports.footprint import Footprint

DIGITS = Path(__file__).parents[1] / "examples" / "digits" / "digits.onnx"


def make(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["make", *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_files_of_another_target_are_removed(tmp_path: Path):
    dsconv.compile(DIGITS, "gap8").write(tmp_path)
    (tmp_path / "main.c").write_text("/* the user's */")
    (tmp_path / "network.o").write_bytes(b"of another machine")
    dsconv.compile(DIGITS, "mcu").write(tmp_path)
    files = {path.name for path in tmp_path.iterdir()}
    assert "main.c" in files
    assert not files & {"harness.c", "crt0.S", "kernels_xpulp.S", "network.o", "mchan.h"}
    make(tmp_path)
    assert (tmp_path / "libdigits.a").is_file()


def test_files_of_the_user_are_not_overwritten(tmp_path: Path):
    (tmp_path / "Makefile").write_text("all:")
    with pytest.raises(DsconvError, match="has a Makefile that dsconv has not written"):
        dsconv.compile(DIGITS, "mcu").write(tmp_path)
    assert (tmp_path / "Makefile").read_text() == "all:"
    assert len(list(tmp_path.iterdir())) == 1


def test_other_flags_build_again(tmp_path: Path):
    dsconv.compile(DIGITS, "mcu").write(tmp_path)
    assert "network.lib.o" in make(tmp_path, "CFLAGS=-O1")
    assert "network.lib.o" not in make(tmp_path, "CFLAGS=-O1")
    assert "network.lib.o" in make(tmp_path, "CFLAGS=-O2")


def test_the_ir_beside_the_c_can_be_read_again(tmp_path: Path):
    dsconv.compile(DIGITS, "mcu").write(tmp_path)
    text = (tmp_path / "network.mlir").read_text()
    module = Parser(make_context(), text).parse_module()
    assert f"{module!s}\n" == text


def test_a_library_has_no_footprint_of_its_own():
    with pytest.raises(DsconvError, match="platform mcu makes no program"):
        Footprint.of(dsconv.compile(DIGITS, "mcu"))
