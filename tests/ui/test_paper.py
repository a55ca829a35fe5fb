"""The page on paper, and for people who want no motion."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.ui.inside import Inside
from tests.ui.scenes import ADDRESSES, everything, running
from tests.ui.window import Window
from tests.unit.ui.objects import job

#: Pixels of a sheet of A4 between its margins.
PAPER = 680
_DRAWN = "document.querySelector('#grid canvas').toDataURL()"
#: How much wider than high a circle is, when the canvas was drawn for a wide window: for the sheet
#: it is not drawn again.
_ROUND = """() => {
    const canvas = document.querySelector("#grid canvas");
    canvas.style.width = `${3 * canvas.offsetWidth}px`;
    const box = canvas.getBoundingClientRect();
    return (box.width / box.height) / (canvas.width / canvas.height);
}"""


@pytest.fixture
def full(inside: Inside) -> Inside:
    inside.put(*everything())
    return inside


def test_paper_has_tables_and_nothing_to_press(full: Inside, window: Window) -> None:
    window.resize(PAPER)
    for address in ADDRESSES:
        window.go(full.url + address)
        window.page.emulate_media(media="print")
        assert window.overflow == 0, address
        for selector in (".top", ".tabs", ".buttons"):
            assert not window.page.locator(selector).first.is_visible(), (address, selector)
        window.page.emulate_media(media="screen")


def test_thirty_eight_instances_need_three_sheets(full: Inside, window: Window) -> None:
    window.go(f"{full.url}/jobs/shop/api")
    paper = window.page.pdf(format="A4", margin=dict.fromkeys(("left", "right"), "15mm"))
    sheets = len(re.findall(rb"/Type\s*/Page\b", paper))
    assert 2 <= sheets <= 4, "the rows of a telephone would need fourteen"


def test_circles_stay_round_on_paper(inside: Inside, window: Window) -> None:
    inside.put(job("api", instances=100), running(30, 100))
    window.go(f"{inside.url}/updates/shop/api-g2")
    window.resize(PAPER)
    window.page.emulate_media(media="print")
    assert window.page.evaluate(_ROUND) == pytest.approx(1, abs=0.02)


def test_the_grid_is_drawn_for_paper_and_then_again_for_the_screen(
    inside: Inside, chromium: Any
) -> None:
    inside.put(job("api", instances=40), running())
    window = Window(chromium, scheme="dark")
    window.go(f"{inside.url}/updates/shop/api-g2")
    dark = window.page.evaluate(_DRAWN)
    window.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    light = window.page.evaluate(_DRAWN)
    window.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert light != dark
    assert window.page.evaluate(_DRAWN) == dark
    assert window.errors == []
    window.close()


def test_who_wants_no_motion_gets_none(full: Inside, window: Window) -> None:
    window.page.emulate_media(reduced_motion="reduce")
    window.page.add_init_script(
        "addEventListener('pagereveal', event => { window.moved = Boolean(event.viewTransition) })"
    )
    window.go(full.url)
    window.page.get_by_role("link", name="checkout", exact=True).click()
    window.page.wait_for_url("**/jobs/shop/checkout")
    window.wait_live()
    assert window.page.evaluate("window.moved") is False
    assert window.page.evaluate("document.getAnimations().length") == 0
