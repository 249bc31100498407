"""dsconv-opt: the stock xdsl-opt that also takes models, and whose errors are one line."""

from __future__ import annotations

import sys
from argparse import Action, ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import MISSING, fields
from inspect import cleandoc
from typing import IO, Any

from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass, PassPipeline
from xdsl.universe import Universe
from xdsl.utils.exceptions import ArgSpecParseError, DiagnosticException, ParseError
from xdsl.xdsl_opt_main import xDSLOptMain

from dsconv.driver.pass_checker import PassChecker
from dsconv.errors import DsconvError
from dsconv.frontends import import_onnx
from dsconv.frontends.located_parser import LocatedParser
from dsconv.frontends.mlir_file import text_of

TOSA = "tosa"
MODELS = ("onnx", "tflite")
TOSA_ADVICE = (
    "TOSA is read with --allow-unregistered-dialect and in the generic form: "
    "mlir-opt --mlir-print-op-generic FILE"
)


class DsconvOpt(xDSLOptMain):
    """xdsl-opt with more front ends, and passes checked by running what they make."""

    def __init__(self, *args: Any, **kwargs: Any):
        self.running = ""
        super().__init__(*args, **kwargs)

    def register_all_arguments(self, arg_parser: ArgumentParser) -> None:
        super().register_all_arguments(arg_parser)
        arg_parser.add_argument(
            "--verify-each",
            action="store_true",
            help="Run the IR before and after every pass on one input; it has to be equal",
        )
        arg_parser.add_argument(
            "--help-pass",
            action=PassHelp,
            metavar="PASS",
            help="Print what a pass does, and its options",
        )

    def apply_passes(self, prog: ModuleOp) -> None:
        print_and_verify = self.pipeline.callback
        checker = PassChecker(prog) if self.args.verify_each else None

        def between(before: ModulePass | None, module: ModuleOp, after: ModulePass | None) -> None:
            nonlocal checker
            if print_and_verify is not None:
                print_and_verify(before, module, after)
            if checker is not None and before is not None:
                checker = checker.after(before, module)
            self.running = "" if after is None else after.name

        PassPipeline(self.pipeline.passes, between).apply(self.ctx, prog)

    def register_all_dialects(self) -> None:
        """All but TOSA: xDSL 0.74 has a part of it, whose matmul has a wrong result type."""
        for name, dialect in Universe.get_multiverse().all_dialects.items():
            if name != TOSA:
                self.ctx.register_dialect(name, dialect)

    def register_all_frontends(self) -> None:
        super().register_all_frontends()

        def parse_model(stream: IO[bytes]) -> ModuleOp:
            return import_onnx(self.get_input_name()).module

        self.available_frontends.update(dict.fromkeys(MODELS, parse_model))

    def prepare_input(self) -> tuple[list[tuple[IO[bytes], int]], str]:
        try:
            return super().prepare_input()
        except ValueError as error:  # a file of another kind
            raise DsconvError(str(error)) from error

    def parse_chunk(
        self, chunk: IO[bytes], file_extension: str, start_offset: int = 0
    ) -> ModuleOp | None:
        if file_extension != "mlir":
            return super().parse_chunk(chunk, file_extension, start_offset)
        name = self.get_input_name()
        parser = LocatedParser(self.ctx, text_of(chunk.read(), name), name, 1 + start_offset)
        return parser.parse_module(not self.args.no_implicit_module)


class PassHelp(Action):
    """Prints the help text of a pass and ends."""

    def __call__(
        self,
        parser: ArgumentParser,
        namespace: Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        passes, name = Universe.get_multiverse().all_passes, str(values)
        if name not in passes:
            parser.error(f"argument --help-pass: there is no pass {name}")
        print(pass_help(passes[name]()))
        parser.exit()


def pass_help(module_pass: type[ModulePass]) -> str:
    """What a pass does, and its options with their defaults."""
    lines = [module_pass.name, "", cleandoc(module_pass.__doc__ or "")]
    options = [field for field in fields(module_pass) if field.init]
    if options:
        lines += ["", "options:"]
    for option in options:
        default = "needed" if option.default is MISSING else f"default {option.default}"
        lines.append(f"  {option.name.replace('_', '-')}: {option.type} ({default})")
    return "\n".join(lines)


def main() -> None:
    """Entry point."""
    try:
        tool = DsconvOpt(description="xdsl-opt with dsconv's front ends for .onnx and .tflite")
    except (ArgSpecParseError, ValueError) as error:
        sys.exit(f"error: {error}")
    try:
        tool.run()
    except ParseError as error:
        advice = TOSA_ADVICE if "tosa." in str(error.span.input.content) else ""
        sys.exit(f"error: {error}{advice}")
    except DiagnosticException as error:
        sys.exit(f"error: {tool.running}{': ' if tool.running else ''}{error}")
    except (DsconvError, OSError) as error:
        sys.exit(f"error: {error}")
