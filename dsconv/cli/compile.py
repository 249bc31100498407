"""dsconv compile: a network to a folder of C."""

from __future__ import annotations

from typing import Annotated

import typer

from dsconv.cli.consoles import errors
from dsconv.cli.documents import JsonFile, Kind, check_json_path, people_console, write_document
from dsconv.cli.options import (
    CompileOptions,
    Model,
    OutputFolder,
    TargetOption,
    VerifyEach,
    with_compile_options,
)
from dsconv.driver.output import belongs_to_sdk
from dsconv.execution.report import read_as


@with_compile_options
def compile_command(
    model: Model,
    output: OutputFolder,
    target: TargetOption = "gap8",
    print_ir_after_all: Annotated[
        bool, typer.Option("--print-ir-after-all", help="Print the IR after every pass.")
    ] = False,
    verify_each: VerifyEach = False,
    library: Annotated[
        bool,
        typer.Option("--library", help="C to link into your own program, without main."),
    ] = False,
    json_file: JsonFile = None,
    *,
    options: CompileOptions,
) -> None:
    """Compile a network to C that builds without dsconv."""
    check_json_path(json_file)
    compiled = options.compile(
        model,
        target,
        trace=people_console(json_file).file if print_ir_after_all else None,
        verify_each=verify_each,
    )
    files = compiled.write(output, library=library)
    for note in (read_as(compiled.imported.flavour), *compiled.imported.notes):
        errors.print(f"note: {note}", style="dim", markup=False, highlight=False)
    is_part = library and belongs_to_sdk(compiled.target.platform)
    next_step = f"include {output}/platform.mk in the makefile of your application"
    errors.print(
        f"{output}: C for {compiled.target.name}; "
        + (next_step if is_part else f"build it with make -C {output}"),
        highlight=False,
        soft_wrap=True,
    )
    if json_file is not None:
        from dsconv.reports.compilation import compilation_as_json

        document = compilation_as_json(compiled, output, files, library=library)
        write_document(json_file, Kind.COMPILATION, document)
