"""Ten thousand instances: how fast the grid appears and how smoothly it scrolls."""

from __future__ import annotations

from tests.ui.inside import Inside
from tests.ui.scenes import running
from tests.ui.window import Window
from tests.unit.ui.objects import job, pod

INSTANCES = 10_000
#: From the start of the navigation until the grid is painted, in milliseconds.
RENDER = 1000
FRAMES = 30

_PAINTED = """() => new Promise(done => requestAnimationFrame(() =>
    requestAnimationFrame(() => done(performance.now()))))"""
_SCROLL = """async () => {
    const times = [];
    await new Promise(done => {
        const step = now => {
            times.push(now);
            window.scrollBy(0, 12);
            if (times.length < 90) requestAnimationFrame(step); else done();
        };
        requestAnimationFrame(step);
    });
    return 1000 * (times.length - 1) / (times.at(-1) - times[0]);
}"""


def spread(total: int = INSTANCES, done: int = 4321) -> dict[str, object]:
    """An Update whose states alternate, the worst case for range strings."""
    updated = ",".join(str(i) for i in range(0, done, 2))
    failed = ",".join(str(i) for i in range(1, done, 50))
    counts = {"total": total, "updated": done // 2, "failed": done // 50}
    return {"counts": counts, "instances": {"updated": updated, "failed": failed}}


def test_ten_thousand_instances_of_an_update(inside: Inside, window: Window) -> None:
    inside.put(job("api", instances=INSTANCES), running(total=INSTANCES, **spread()))
    window.go(f"{inside.url}/updates/shop/api-g2")
    window.page.goto(f"{inside.url}/updates/shop/api-g2")
    taken = window.page.evaluate(_PAINTED)
    assert window.page.evaluate("document.querySelector('#grid canvas').height") > 300
    frames = window.page.evaluate(_SCROLL)
    print(f"painted after {taken:.0f} ms, {frames:.0f} frames per second")
    assert taken < RENDER
    assert frames >= FRAMES


def test_ten_thousand_pods_of_a_job(inside: Inside, window: Window) -> None:
    inside.put(job("api", instances=INSTANCES), *(pod(i, "api") for i in range(INSTANCES)))
    window.go(f"{inside.url}/jobs/shop/api")
    window.page.goto(f"{inside.url}/jobs/shop/api")
    taken = window.page.evaluate(_PAINTED)
    frames = window.page.evaluate(_SCROLL)
    print(f"painted after {taken:.0f} ms, {frames:.0f} frames per second")
    assert taken < RENDER
    assert frames >= FRAMES


def test_the_grid_tells_an_instance_and_opens_it(inside: Inside, window: Window) -> None:
    inside.put(job("api", instances=INSTANCES), running(total=INSTANCES, **spread()))
    window.go(f"{inside.url}/updates/shop/api-g2")
    canvas = window.page.locator("#grid canvas")
    canvas.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowRight"):
        window.page.keyboard.press(key)
    assert window.page.inner_text("#grid output").endswith(("updated", "pending", "failed"))
    canvas.hover(position={"x": 4, "y": 4})
    assert window.page.inner_text("#grid output") == "0 updated"
    window.page.keyboard.press("Home")
    window.page.keyboard.press("ArrowRight")
    window.page.keyboard.press("Enter")
    window.page.wait_for_url("**/instances/shop/api/1")
    # The instance has no pod: the page answers, and its stream opens.
    window.wait_live()
