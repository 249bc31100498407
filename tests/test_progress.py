"""Long commands say on stderr what they are doing."""

import logging
import time

import pytest
from rich.console import Console

from dsconv.cli import progress


def test_a_line_now_and_then_without_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.05)
    monkeypatch.setattr(progress, "errors", Console(stderr=True, force_terminal=False))
    with progress.working("compile x.onnx"):
        logging.getLogger("dsconv.driver.pipeline").info("tile-l1")
        time.sleep(0.2)
    captured = capsys.readouterr()
    assert "compile x.onnx: tile-l1, 0 s\n" in captured.err
    assert not captured.out


def test_nothing_of_a_short_command(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.working("compile x.onnx"):
        pass
    assert not capsys.readouterr().err


def test_a_line_that_goes_away_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "errors", Console(stderr=True, force_terminal=True))
    with progress.working("compile x.onnx"):
        logging.getLogger("dsconv.driver.pipeline").info("tile-l1")
        time.sleep(0.2)
    error = capsys.readouterr().err
    assert "compile x.onnx: tile-l1" in error
    assert error.endswith("\x1b[1A\x1b[2K")


def test_loggers_are_as_before_at_the_end() -> None:
    logger = logging.getLogger("dsconv")
    before = logger.level, list(logger.handlers)
    with pytest.raises(ValueError, match="broken"), progress.working("compile x.onnx"):
        raise ValueError("broken")
    assert (logger.level, list(logger.handlers)) == before
