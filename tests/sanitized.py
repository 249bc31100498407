"""Builds networks for the host with the sanitizers of the C compiler, in one compiler run."""

from __future__ import annotations

from pathlib import Path

from xdsl.dialects.builtin import ModuleOp

from dsconv.driver.output import write_folder
from dsconv.runners.process import run_program
from dsconv.targets import ClusterTarget

SOURCES = "echo-sources:;@echo $(SOURCES)"
FLAGS = (
    *("-std=c11", "-O0", "-g1", "-Wall", "-Wextra", "-Wconversion", "-Werror"),
    *("-fsanitize=address,undefined", "-fno-sanitize-recover=all"),
)
TIMEOUT_S = 300


def build_sanitized(module: ModuleOp, directory: Path, target: ClusterTarget) -> None:
    """Writes a lowered network and builds `network`, whose bad accesses end its runs.

    The host runtime checks every transfer against its buffers. Raises RunnerError where the C does
    not compile without a warning.
    """
    write_folder(module, directory, target, "host", trace=True)
    make = ["make", "--no-print-directory", f"--eval={SOURCES}", "echo-sources"]
    sources = run_program(make, directory, TIMEOUT_S).split()
    command = ["cc", *FLAGS, "-DDSC_TRACE=1", "-DDSC_PROGRAM", "-I.", "-o", "network", *sources]
    run_program(command, directory, TIMEOUT_S)
