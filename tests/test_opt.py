"""dsconv-opt on models, and on TOSA."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from tflite_operators import random_operator
from tosa_functions import TosaFunction, module

from dsconv.opt import main


def opt(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> None:
    monkeypatch.setattr(sys, "argv", ["dsconv-opt", *map(str, arguments)])
    main()


def test_a_tflite_file_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    path = tmp_path / "net.tflite"
    path.write_bytes(random_operator("CONV_2D", 0, "int8")[0])
    opt(monkeypatch, path, "-p", "narrow-requant")
    assert "dsconv.conv2d" in capsys.readouterr().out


def test_a_file_of_tosa_is_converted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    function = TosaFunction(np.random.default_rng(0))
    path = tmp_path / "net.mlir"
    path.write_text(module(function.text(function.clamp(function.input(1, 2, 2, 3), -9, 9))))
    opt(monkeypatch, path, "--allow-unregistered-dialect", "-p", "convert-tosa-to-dsconv")
    assert "dsconv.rescale" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="TOSA is read with --allow-unregistered-dialect"):
        opt(monkeypatch, path)


@pytest.mark.parametrize("name", ["net.tflite", "net.onnx"])
def test_a_damaged_file_is_one_line(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / name
    path.write_bytes(b"nonsense")
    with pytest.raises(SystemExit, match=r"error: .*neither an ONNX nor a \.tflite file"):
        opt(monkeypatch, path)


def test_bytecode_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "net.mlir"
    path.write_bytes(b"ML\xefR\x0dMLIR22\x00")
    with pytest.raises(SystemExit, match="MLIR bytecode; print it in the generic form"):
        opt(monkeypatch, path)
