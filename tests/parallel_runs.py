"""What tests run on workers: at the top of a module that those can import, too."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from dsconv.parallel import kept


@dataclass(frozen=True)
class Case:
    """A number, and a folder where its runs leave their marks."""

    number: int
    folder: Path
    seconds: float = 0.0

    def marks(self, end: str) -> list[Path]:
        """What runs of this case have left: `begun` or `done`, each with its process."""
        return list(self.folder.glob(f"{self.number}-*.{end}"))


def square(case: Case) -> int:
    """The square of a number, kept."""
    mark = case.folder / f"{case.number}-{os.getpid()}-{time.monotonic_ns()}"
    mark.with_suffix(".begun").touch()
    time.sleep(case.seconds)
    result = case.number**2
    kept.write(f"squares/{case.number}.json", str(result))
    mark.with_suffix(".done").touch()
    return result


def lose_first_process(case: Case) -> int:
    """As `square`; the first process that runs case 1 ends."""
    if case.number == 1 and not case.marks("begun"):
        (case.folder / "1-lost.begun").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return square(case)


def lose_every_process(case: Case) -> int:
    """Ends the process that runs it."""
    os.kill(os.getpid(), signal.SIGKILL)
    return case.number


def fail(case: Case) -> int:
    """Raises an error of its own."""
    raise ValueError(f"no square of {case.number}")
