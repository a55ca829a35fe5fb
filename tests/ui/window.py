"""One window of the browser, and what happens in it."""

from __future__ import annotations

import time
from typing import Any

#: How long a text may take to appear, in milliseconds.
PATIENCE = 90_000


class Window:
    """``errors``: of scripts, of the console, and of the content security policy."""

    def __init__(
        self, browser: Any, *, width: int = 1200, scheme: str = "light", ratio: float = 1.0
    ) -> None:
        self.context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            device_scale_factor=ratio,
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.errors: list[str] = []
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _note(self, message: Any) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def go(self, url: str) -> None:
        """Open an address, and wait until the page is live."""
        self.page.goto(url)
        self.wait_live()

    def wait_live(self) -> None:
        self.page.wait_for_selector('#live[data-state="live"]')

    def wait(self, text: str, within: str = "main") -> None:
        """Wait until a text is visible."""
        self.page.locator(within).get_by_text(text).first.wait_for()

    def until(self, expression: str) -> None:
        """Wait until an expression of the page is true. Playwright's own way needs what the content
        security policy forbids."""
        end = time.monotonic() + PATIENCE / 1000
        while not self.page.evaluate(expression):
            assert time.monotonic() < end, f"timed out waiting for {expression}"
            time.sleep(0.05)

    def text(self, selector: str = "main") -> str:
        return str(self.page.inner_text(selector))

    def resize(self, width: int) -> None:
        self.page.set_viewport_size({"width": width, "height": 900})

    @property
    def overflow(self) -> int:
        """Pixels by which the page is wider than the window."""
        found: int = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return found

    def leave(self) -> None:
        """Leave the page before its server ends: else the browser notes that it cannot connect."""
        self.page.goto("about:blank")

    def close(self) -> None:
        self.context.close()
