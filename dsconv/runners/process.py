"""Finding programs and running them: always under a timeout, every failure a RunnerError."""

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dsconv.errors import ToolError

SHOWN_LINES = 30
VERSION_TIMEOUT_S = 20


class RunnerError(ToolError):
    """A build or a run that failed; the message ends with the last output of the program."""

    def __init__(self, problem: str, output: str = "") -> None:
        last_lines = "\n".join(output.strip().splitlines()[-SHOWN_LINES:])
        super().__init__(f"{problem}\n{last_lines}" if last_lines else problem)


@dataclass(frozen=True)
class Program:
    """A program of this machine; version is what it says of itself, or empty."""

    path: Path
    version: str


def find_program(name: str, version_option: str = "--version") -> Program | None:
    """The program of that name on PATH, asked for its version."""
    path = shutil.which(name)
    if path is None:
        return None
    try:
        answer = run_program([path, version_option], Path.cwd(), VERSION_TIMEOUT_S)
    except RunnerError:
        return None
    return Program(Path(path), answer.partition("\n")[0])


def find_in_home(name: str, variable: str, *folders: str) -> Program | None:
    """The program of that name: where the environment variable is set, in that folder or one of
    `folders` in it, else on PATH. It is not asked for its version.
    """
    home = os.environ.get(variable)
    places = [home, *(str(Path(home, folder)) for folder in folders)] if home else []
    path = shutil.which(name, path=os.pathsep.join(places) or None)
    return None if path is None else Program(Path(path).resolve(), version="")


def run_program(
    command: Sequence[str],
    directory: Path,
    timeout_s: float,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run a command in a directory and return what it printed, to either stream.

    Raises RunnerError when it cannot start, returns anything but 0, or is not done after timeout_s
    seconds; then it is killed with all the processes that it started.
    """
    name = Path(command[0]).name
    try:
        process = subprocess.Popen(
            command,
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        raise RunnerError(f"{name} cannot be started: {error}") from error
    try:
        output, _ = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        raise RunnerError(f"{name} was not done after {timeout_s:g} s", _kill(process)) from None
    except BaseException:
        _kill(process)
        raise
    if process.returncode != 0:
        raise RunnerError(f"{name} {_describe_status(process.returncode)}", output)
    return output


def _kill(process: subprocess.Popen[str]) -> str:
    os.killpg(process.pid, signal.SIGKILL)
    output, _ = process.communicate()
    return output


def _describe_status(status: int) -> str:
    if status < 0:
        return f"was ended by {signal.Signals(-status).name}"
    return f"failed with exit status {status}"
