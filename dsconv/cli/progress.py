"""Says while a long command works what it is doing and for how long: on stderr, then it is gone.

The library says what it does through `logging`, in loggers below `dsconv`; the last line is shown.
On a terminal that is one line that changes; elsewhere a line now and then.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from dsconv.cli.consoles import errors

SECONDS_BETWEEN_LINES = 20.0


@contextmanager
def working(what: str) -> Generator[None]:
    """Shows `what` and the last step of the library for as long as the body runs."""
    steps = _LastStep()
    logger = logging.getLogger("dsconv")
    level = logger.level
    logger.addHandler(steps)
    logger.setLevel(logging.INFO)
    try:
        with _on_terminal(what, steps) if errors.is_terminal else _in_lines(what, steps):
            yield
    finally:
        logger.setLevel(level)
        logger.removeHandler(steps)


def _ignore(text: str) -> None:
    """For steps that nobody wants to know of at once."""


class _LastStep(logging.Handler):
    """Keeps the last message, and tells whoever wants to know of each."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.text = ""
        self.tell: Callable[[str], None] = _ignore

    def emit(self, record: logging.LogRecord) -> None:
        self.text = record.getMessage()
        self.tell(self.text)


@contextmanager
def _on_terminal(what: str, steps: _LastStep) -> Generator[None]:
    columns = SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn()
    with Progress(*columns, console=errors, transient=True, redirect_stdout=False) as progress:
        task = progress.add_task(what)

        def show(text: str) -> None:
            progress.update(task, description=f"{what}: {text}")

        steps.tell = show
        yield


@contextmanager
def _in_lines(what: str, steps: _LastStep) -> Generator[None]:
    ended, begin = threading.Event(), time.monotonic()

    def print_lines() -> None:
        while not ended.wait(SECONDS_BETWEEN_LINES):
            step = f": {steps.text}" if steps.text else ""
            errors.print(
                f"{what}{step}, {time.monotonic() - begin:.0f} s", markup=False, highlight=False
            )

    thread = threading.Thread(target=print_lines, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
