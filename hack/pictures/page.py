"""The pages of a running update, a failed one and what is around them, as Chromium shows them."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hack.browser import browser
from hack.pictures.files import write
from hack.ui.scene import Scene

#: Pixels, in the units of the page; a picture has RATIO as many.
WIDTH: Final = 1120
HEIGHT: Final = 760
TELEPHONE: Final = 360
RATIO: Final = 2
QUALITY: Final = 82
#: Seconds.
PATIENCE: Final = 300.0
THEMES: Final = ("light", "dark")
#: So many instances of the running Update are updated when its picture is taken.
DONE: Final = 50


class SceneError(Exception):
    """An Update is not where the pictures need it."""


@dataclass(frozen=True)
class Shot:
    """One page. ``height``: of the picture; ``text``: what the page must say first."""

    name: str
    path: str
    text: str
    height: int = HEIGHT


SHOTS: Final = (
    Shot("jobs", "/", "Rolled back", 900),
    Shot("job", "/jobs/shop/api", "Rolling forward"),
    Shot("update", "/updates/shop/api-g2", "error-rate", 900),
    Shot("rolled-back", "/updates/shop/checkout-g2", "Rolled back", 900),
    Shot("instance", "/instances/shop/cart/2", "CrashLoopBackOff"),
)
SMALL: Final = Shot("telephone", "/updates/shop/api-g2", "error-rate", 720)


def names() -> list[str]:
    """The files that `take` writes."""
    return [f"{shot.name}-{theme}.webp" for shot in SHOTS for theme in THEMES] + [
        f"{SMALL.name}.webp"
    ]


def wait_until_running(scene: Scene) -> None:
    """Wait until the running Update is well under way, and the failed ones have ended."""
    end = time.monotonic() + PATIENCE
    while True:
        status = scene.status("shop", "updates", "api-g2")
        done = status.get("counts", {}).get("updated", 0)
        ended = all(
            scene.condition("shop", "updates", name, "Complete")
            for name in ("checkout-g2", "cart-g2", "web-g2")
        )
        if ended and done >= DONE:
            return
        if status.get("finishedAt") or time.monotonic() > end:
            raise SceneError(f"api-g2 has updated {done} instances: {status.get('message')}")
        time.sleep(0.5)


def take(url: str, folder: Path) -> None:
    """Write a picture of each page in each theme, and one of a telephone.

    Raises TooLargeError.
    """
    with browser() as chromium:
        for theme in THEMES:
            for shot in SHOTS:
                _shoot(chromium, url, shot, theme, WIDTH, folder / f"{shot.name}-{theme}.webp")
        _shoot(chromium, url, SMALL, "light", TELEPHONE, folder / f"{SMALL.name}.webp")


def _shoot(chromium: Any, url: str, shot: Shot, theme: str, width: int, path: Path) -> None:
    context = chromium.new_context(
        viewport={"width": width, "height": shot.height},
        color_scheme=theme,
        device_scale_factor=RATIO,
        locale="en-GB",
    )
    window = context.new_page()
    window.goto(url + shot.path)
    window.wait_for_selector('#live[data-state="live"]')
    window.locator("main").get_by_text(shot.text).first.wait_for()
    session = context.new_cdp_session(window)
    made = session.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    context.close()
    write(path, base64.b64decode(made["data"]))
