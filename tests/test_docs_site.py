"""What the site adds to the pages: the reference of commands, and text in place of outer links."""

from types import SimpleNamespace

import pytest
from typer.main import get_command

from dsconv.cli import app
from scripts.docs_hooks import command_line, on_page_markdown


def rendered(markdown: str, place: str) -> str:
    return on_page_markdown(markdown, SimpleNamespace(file=SimpleNamespace(src_uri=place)))


def test_the_reference_has_every_command_with_its_options() -> None:
    text = command_line()
    for name in vars(get_command(app))["commands"]:
        assert f"## `dsconv {name}`" in text
    assert "`--html FILE.html`" in text
    assert "### `dsconv bench paper`" in text
    assert "* `compile`: Compile a network to C that builds without dsconv.\n" in text
    assert rendered("a\n<!-- commands -->", "cli.md").startswith("a\n")
    assert "## `dsconv run`" in rendered("<!-- commands -->", "cli.md")


@pytest.mark.parametrize(
    ("place", "markdown", "expected"),
    [
        ("peers.md", "see [README](../README.md)", "see README"),
        ("schedules/x.md", "see [fusion](../fusion.md)", "see [fusion](../fusion.md)"),
        ("schedules/x.md", "see [code](../../passes/a.py)", "see code"),
        ("x.md", "![picture](dram/scan.svg)", "![picture](dram/scan.svg)"),
    ],
)
def test_links_that_leave_the_docs_are_text(place: str, markdown: str, expected: str) -> None:
    assert rendered(markdown, place) == expected
