"""dsconv-opt: the stock xdsl-opt that also takes .onnx files."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import IO

import onnx
from google.protobuf.message import DecodeError
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass, PassPipeline
from xdsl.xdsl_opt_main import xDSLOptMain

from dsconv.driver.pass_checker import PassChecker
from dsconv.errors import DsconvError, ModelError
from dsconv.frontends import import_onnx


class DsconvOpt(xDSLOptMain):
    """xdsl-opt with one more front end, and passes checked by running what they make."""

    def register_all_arguments(self, arg_parser: ArgumentParser) -> None:
        super().register_all_arguments(arg_parser)
        arg_parser.add_argument(
            "--verify-each",
            action="store_true",
            help="Run the IR before and after every pass on one input; it has to be equal",
        )

    def apply_passes(self, prog: ModuleOp) -> None:
        if not self.args.verify_each:
            super().apply_passes(prog)
            return
        checker = PassChecker(prog)
        print_and_verify = self.pipeline.callback

        def check(before: ModulePass | None, module: ModuleOp, after: ModulePass | None) -> None:
            nonlocal checker
            if print_and_verify is not None:
                print_and_verify(before, module, after)
            if before is not None:
                checker = checker.after(before, module)

        PassPipeline(self.pipeline.passes, check).apply(self.ctx, prog)

    def register_all_frontends(self) -> None:
        super().register_all_frontends()

        def parse_onnx(stream: IO[bytes]) -> ModuleOp:
            try:
                model = onnx.load(stream)
            except DecodeError as error:
                raise ModelError(f"{self.get_input_name()}: not an ONNX file ({error})") from error
            return import_onnx(model).module

        self.available_frontends["onnx"] = parse_onnx


def main() -> None:
    """Entry point."""
    try:
        DsconvOpt(description="xdsl-opt with dsconv's front end for .onnx").run()
    except DsconvError as error:
        sys.exit(f"error: {error}")
