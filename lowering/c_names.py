"""Names that C takes."""

from __future__ import annotations

KEYWORDS = frozenset(
    """
    auto break case char const continue core default do double else enum extern float for goto if
    inline int long register restrict return short signed sizeof static struct switch typedef
    union unsigned void volatile while
    """.split()  # noqa: SIM905
)


def c_identifier(text: str) -> str:
    """The text with everything else than ASCII letters and digits replaced; never a keyword."""
    base = "".join(char if char.isascii() and char.isalnum() else "_" for char in text)
    return f"v_{base}" if not base or base[0].isdigit() or base in KEYWORDS else base


def c_prefix(network: str) -> str:
    """What the names of a network begin with at file scope; the runtime's begin with dsc_."""
    name = c_identifier(network)
    return f"n_{name}" if f"{name}_".lower().startswith("dsc_") else name
