"""The JSON schema of all reports for programs, as it comes with dsconv."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

SCHEMA_VERSION = 1
"""Grows where a document changes so that a program that reads the last one may go wrong."""


def schema() -> dict[str, Any]:
    """The schema (JSON Schema 2020-12)."""
    return json.loads((files("dsconv.reports") / "report.schema.json").read_text())
