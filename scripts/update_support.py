"""Writes today's support tables to a document, between its two marks."""

from __future__ import annotations

import sys
from pathlib import Path

from dsconv.frontends.support import with_support

if __name__ == "__main__":
    document = Path(sys.argv[1])
    document.write_text(with_support(document.read_text()))
