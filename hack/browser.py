"""Debian's Chromium, headless, for the tests of the page and for its pictures."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

#: Debian's name, and those of other systems.
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
MISSING: Final = """\
a browser is needed: install Debian's Chromium (apt-get install chromium), or say where yours is:
CHROMIUM=/path/to/chromium"""


def program() -> str | None:
    """The program that the variable CHROMIUM names, or that is on the PATH. None: there is none."""
    if named := os.environ.get("CHROMIUM"):
        return shutil.which(named)
    return next(filter(None, map(shutil.which, _NAMES)), None)


@contextmanager
def browser() -> Iterator[Any]:
    """A browser of Playwright. It ends with the block. Needs the extra ``[browser]``.

    Raises FileNotFoundError if there is no Chromium.
    """
    found = program()
    if found is None:
        raise FileNotFoundError(MISSING)
    # Not an import of the module: to look for the program must work without Playwright.
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        # As root, and in most containers, Chromium cannot make its sandbox. It sees our pages only.
        made = started.chromium.launch(executable_path=found, args=["--no-sandbox"])
        try:
            yield made
        finally:
            made.close()


def main() -> int:
    """``python -m hack.browser``: print the browser; if there is none, say what to do and return
    1."""
    found = program()
    print(found or MISSING, file=sys.stdout if found else sys.stderr)
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())
