"""Generates the table of values in the chart's README.md, between two marks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from hack.chart.values import Value

BEGIN: Final = "<!-- Generated from values.yaml by `make chart`. Do not edit. -->\n"
END: Final = "<!-- End of the generated table. -->\n"


def of(readme: str, values: Sequence[Value]) -> str:
    """The README with the generated table. Raises ``ValueError`` if the marks are missing."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("README.md has no marks for the table of values")
    return before + BEGIN + _table(values) + END + after


def _table(values: Sequence[Value]) -> str:
    rows = [f"| `{v.name}` | {_code(v.default)} | {_cell(v.text)} |" for v in values]
    return "\n".join(["| Value | Default | |", "|---|---|---|", *rows]) + "\n"


def _code(default: object) -> str:
    text = json.dumps(default, ensure_ascii=False)
    return f"`{_cell(text)}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
