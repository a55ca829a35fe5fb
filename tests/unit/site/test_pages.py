"""`hack.site.pages`: which files the site has, and how their text differs from the documents."""

from __future__ import annotations

from pathlib import Path

import pytest

from hack.docs import CONFIG, ROOT, navigation
from hack.site.pages import files, page


def test_the_site_has_every_document_and_what_they_show() -> None:
    found = {path.relative_to(ROOT).as_posix() for path in files()}
    assert set(navigation(CONFIG.read_text())) <= found
    assert {"docs/pictures/watch-failed.svg", "examples/surge.yaml", "LICENSE"} <= found
    assert not [name for name in found if name.startswith((".", "controller/"))]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("# A\n<!-- sh run by: tests/x.py -->\nText.\n", "# A\nText.\n"),
        ("# A\n<!-- sh checked by: x.py; not run: y -->\nText.\n", "# A\nText.\n"),
        ("<!-- not run: why -->\n```\nls\n```\n", "```\nls\n```\n"),
        # Only in code of a cell Python-Markdown shows the backslash.
        ("| `a \\| b` | c \\| d |\n`e \\| f`\n", "| `a | b` | c \\| d |\n`e \\| f`\n"),
        ("[b.md](b.md#x), [B](b.md), [b.md](c)", "[The `b` page](b.md#x), [B](b.md), [b.md](c)"),
        (
            '<picture>\n  <source media="(prefers-color-scheme: dark)" srcset="p/x-dark.webp">\n'
            '  <img alt="An x" src="p/x-light.webp">\n</picture>\n',
            "![An x](p/x-light.webp#only-light)![An x](p/x-dark.webp#only-dark)\n",
        ),
    ],
    ids=["run by", "checked by", "not run", "bar", "name", "picture"],
)
def test_the_text_of_a_page(tmp_path: Path, written: str, shown: str) -> None:
    (tmp_path / "b.md").write_text("<!-- generated -->\n# The `b` page\n\n# Another\n")
    (tmp_path / "a.md").write_text(written)
    assert page(tmp_path / "a.md", tmp_path) == shown
