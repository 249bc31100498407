"""What passes say on stderr about what they decided."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from dsconv.dialects.graph import LayerOperation


def remark(layers: Iterable[LayerOperation], text: str) -> None:
    """Prints one line on some layers."""
    names = ", ".join(f'"{op.label}"' for op in layers)
    print(f"remark: {names} {text}", file=sys.stderr)
