"""What mkdocs does to pages: the command line as it is, and links that leave docs/ become text."""

from __future__ import annotations

import posixpath
import re
from typing import Any

import typer
from typer.cli import get_docs_for_click
from typer.main import get_command

COMMANDS = "<!-- commands -->"
LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]*)\]\((?P<place>\.\./[^)]*)\)")


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Called by mkdocs with every page."""
    folder = posixpath.dirname(page.file.src_uri)

    def as_text(link: re.Match[str]) -> str:
        leaves = posixpath.normpath(posixpath.join(folder, link["place"])).startswith("..")
        return link["text"] if leaves else link[0]

    markdown = LINK.sub(as_text, markdown)
    return markdown.replace(COMMANDS, command_line()) if COMMANDS in markdown else markdown


def _say_all(command: Any) -> None:
    """Gives commands the first paragraph of their help as the short one, which Click cuts."""
    for one in getattr(command, "commands", {}).values():
        one.short_help = " ".join((one.help or "").partition("\n\n")[0].split())
        _say_all(one)


def command_line() -> str:
    """The reference of all commands, as Typer writes it."""
    from dsconv.cli import app

    command = get_command(app)
    _say_all(command)
    context = typer.Context(command, info_name="dsconv")
    text = get_docs_for_click(obj=command, ctx=context, name="dsconv")
    return text.partition("\n")[2]
