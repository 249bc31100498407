"""Compiles a model file to a folder of C that builds without dsconv."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import IO

from onnx import ModelProto
from xdsl.dialects.builtin import ModuleOp

from dsconv.errors import DsconvError
from dsconv.frontends import ImportedNetwork, import_onnx
from dsconv.lowering.c_target import c_files
from dsconv.pipeline import default_pipeline, run_pipeline
from dsconv.report import Report
from dsconv.targets import Target, load_target


@dataclass(frozen=True)
class CompiledNetwork:
    """A network compiled for a target: what was imported, and what it was lowered to."""

    imported: ImportedNetwork
    lowered: ModuleOp
    target: Target

    def write(self, directory: Path, platform: str | None = None) -> None:
        """Writes the C, its runtime, a Makefile and the IR to a folder, made if need be.

        `platform` is a folder of runtime_c; the target's own unless given.
        """
        try:
            directory.mkdir(parents=True, exist_ok=True)
            _copy_runtime(directory, platform or self.target.platform)
            sources = c_files(self.lowered)
            (directory / "network.h").write_text(sources.header)
            (directory / "network.c").write_text(sources.network)
            (directory / "weights.c").write_text(sources.weights)
            (directory / "network.mlir").write_text(f"{self.lowered}\n")
            (directory / "config.mk").write_text(
                f"L1_BYTES = {self.target.l1.bytes}\nL2_BYTES = {self.target.l2.bytes}\n"
            )
        except OSError as error:
            raise DsconvError(f"cannot write {directory}: {error.strerror}") from error

    def run(self, x: object = None, *, on: str = "host", expect: object = None) -> Report:
        """Builds and runs the network, and compares it with the reference semantics.

        `x`: one input or a stack of them, in the model's shape and type, or already quantised;
        None draws a random one. `on`: host, qemu or gvsoc. `expect`: outputs to compare with.
        """
        from dsconv.execution import execute

        return execute(self, x, on=on, expect=expect)


def compile(
    model: str | Path | ModelProto,
    target: str | Target = "gap8",
    *,
    l1: int | None = None,
    l2: int | None = None,
    passes: str | None = None,
    trace: IO[str] | None = None,
) -> CompiledNetwork:
    """Compiles an ONNX model.

    `l1` and `l2` override the target's memory sizes, in bytes; `passes` is a pipeline in the syntax
    of `xdsl-opt -p` in place of the default one; `trace` receives the IR after every pass. Raises
    DsconvError with one message for whatever is wrong with the model or the options.
    """
    if isinstance(target, str):
        target = load_target(target)
    target = target.with_sizes(l1, l2)
    imported = import_onnx(model)
    lowered = imported.module.clone()
    run_pipeline(lowered, passes or default_pipeline(target), trace=trace)
    return CompiledNetwork(imported, lowered, target)


def _copy_runtime(directory: Path, platform: str) -> None:
    with as_file(files("dsconv").joinpath("runtime_c")) as runtime:
        folder = runtime / platform
        if not folder.is_dir():
            raise DsconvError(f"runtime_c has no platform {platform}")
        for source in (runtime / "Makefile", *runtime.glob("*.[ch]"), *folder.iterdir()):
            shutil.copy(source, directory)
