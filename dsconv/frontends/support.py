"""What can be read, as Markdown, from the handlers that read it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence

from dsconv.errors import DsconvError
from dsconv.frontends.core.reader import TRANSPARENT, Handler
from dsconv.frontends.flavours.registry import FLAVOURS
from dsconv.frontends.mlir_file import FLAVOUR
from dsconv.passes.tosa.conversion import READERS
from dsconv.passes.tosa.function_reader import Reader as TosaReader
from dsconv.passes.tosa.operation import PREFIX

BEGIN, END = "<!-- dsconv support: begin -->", "<!-- dsconv support: end -->"
"""Between these lines a document has the tables of `support`."""
TOSA_PRODUCER = "a converter to TOSA 1.0, as MLIR in the generic form"
TOSA_REQUANTISATION = "as the file says: rounded half up (SINGLE_ROUND), or twice (DOUBLE_ROUND)"


def support() -> str:
    """Tables of the flavours and of the operations that each of them reads."""
    flavours = [(flavour.name, flavour.producer, flavour.requantisation) for flavour in FLAVOURS]
    flavours.append((FLAVOUR, TOSA_PRODUCER, TOSA_REQUANTISATION))
    return "\n".join(
        [
            *_table(("flavour", "written by", "requantisation"), sorted(flavours, key=_first)),
            "",
            *_table(("operation", "flavours", "what is read"), sorted(_operations())),
            "",
            *_table(("operation of TOSA", "what is read"), list(_tosa_operations())),
            "",
        ]
    )


def _first(row: tuple[str, str, str]) -> str:
    return row[0].lower()


def _tosa_operations() -> Iterator[tuple[str, str]]:
    """Rows of TOSA's operations."""
    for name, reader in sorted(READERS.items()):
        yield name.removeprefix(PREFIX), _first_sentence(reader)


def with_support(document: str) -> str:
    """A document with today's tables between its two marks."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise DsconvError(f"the document has no lines {BEGIN} and {END}")
    return f"{before}{begin}\n{support()}{end}{after}"


def _operations() -> Iterator[tuple[str, str, str]]:
    """Rows of operations that the same handler reads in the same flavours."""
    users: dict[tuple[str, Handler], list[str]] = {}
    for flavour in FLAVOURS:
        for item in flavour.handlers.items():
            users.setdefault(item, []).append(flavour.name)
    rows: dict[tuple[str, Handler], list[str]] = {}
    for (operation, handler), names in users.items():
        rows.setdefault((_listed(names), handler), []).append(operation)
    for (names, handler), operations in rows.items():
        yield ", ".join(sorted(operations)), names, _first_sentence(handler)
    yield ", ".join(sorted(TRANSPARENT)), "all", "left out"


def _listed(names: Sequence[str]) -> str:
    return "all" if len(names) == len(FLAVOURS) else ", ".join(sorted(names, key=str.lower))


def _first_sentence(handler: Handler | TosaReader) -> str:
    documentation = inspect.getdoc(handler)
    assert documentation, f"{handler} has no docstring"
    return documentation.partition("\n\n")[0].replace("\n", " ").removesuffix(".")


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield "|---" * len(header) + "|"
    for row in rows:
        yield f"| {' | '.join(row)} |"
