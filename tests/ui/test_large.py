"""Ten thousand instances: how fast the grid appears and how smoothly it scrolls."""

from __future__ import annotations

import time

from tests.ui.inside import Inside
from tests.ui.scenes import running
from tests.ui.window import Window
from tests.unit.ui.objects import job, pod

INSTANCES = 10_000
#: From the start of the navigation until the grid is painted, in milliseconds.
RENDER = 1000
FRAMES = 30
#: Work by which it is found out how fast the machine is now, and the seconds that it takes on the
#: machine for which the limits above are.
ROUNDS, WORK = 3_000_000, 0.25

_PAINTED = "performance.getEntriesByName('grid')[0].startTime"
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


def spread(done: int = 4321) -> dict[str, object]:
    """An Update whose states alternate, the worst case for range strings."""
    updated = ",".join(str(i) for i in range(0, done, 2))
    failed = ",".join(str(i) for i in range(1, done, 50))
    counts = {"total": INSTANCES, "updated": done // 2, "failed": done // 50}
    return {"counts": counts, "instances": {"updated": updated, "failed": failed}}


def measure(window: Window, url: str) -> tuple[float, float]:
    """Milliseconds until the page is painted, and frames per second while it scrolls, as they would
    be on a machine that does nothing else. Of three tries the best."""
    painted, frames, slow = [], [], [slowness()]
    for _ in range(3):
        window.go(url)
        painted.append(window.page.evaluate(_PAINTED))
        frames.append(window.page.evaluate(_SCROLL))
        slow.append(slowness())
    slower = max(1.0, sorted(slow)[len(slow) // 2])
    print(f"painted after {painted} ms, {frames} frames per second, {slower:.1f} times slower")
    return min(painted) / slower, max(frames) * slower


def slowness() -> float:
    """How many times longer work takes here and now, be the machine slow or busy."""
    begun, total = time.perf_counter(), 0
    for number in range(ROUNDS):
        total += number * number
    return (time.perf_counter() - begun) / WORK


def test_ten_thousand_instances_of_an_update(inside: Inside, window: Window) -> None:
    inside.put(job("api", instances=INSTANCES), running(total=INSTANCES, **spread()))
    taken, frames = measure(window, f"{inside.url}/updates/shop/api-g2")
    assert window.page.evaluate("document.querySelector('#grid canvas').height") > 300
    assert taken < RENDER
    assert frames >= FRAMES


def test_ten_thousand_pods_of_a_job(inside: Inside, window: Window) -> None:
    inside.put(job("api", instances=INSTANCES), *(pod(i, "api") for i in range(INSTANCES)))
    taken, frames = measure(window, f"{inside.url}/jobs/shop/api")
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
