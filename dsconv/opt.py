"""dsconv-opt: the stock xdsl-opt that also takes .onnx files."""

from __future__ import annotations

import sys
from typing import IO

import onnx
from google.protobuf.message import DecodeError
from xdsl.dialects.builtin import ModuleOp
from xdsl.xdsl_opt_main import xDSLOptMain

from dsconv.errors import DsconvError, ModelError
from dsconv.frontends import import_onnx


class DsconvOpt(xDSLOptMain):
    """xdsl-opt with one more front end."""

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
