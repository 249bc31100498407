"""Where the commands print: results on stdout, errors and notes on stderr."""

from rich.console import Console

console = Console(soft_wrap=True)
errors = Console(stderr=True, soft_wrap=True)
