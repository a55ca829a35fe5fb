"""``echelon ui`` on a real API server: pages, actions, rights, and what viewers cost."""

from __future__ import annotations

import asyncio
import os
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from hack.devcluster.cluster import Cluster
from hack.harness.audit import Audit
from hack.harness.manifests import Object, job, queue, update
from hack.harness.space import Space
from hack.ui.cost import watched
from tests.ui.program import Program, as_nobody, words
from tests.ui.rights import user_of
from tests.ui.window import Window

ANY_PORT = ["--port", "0"]
#: How many times as much as one viewer fifty may cost. Where the page is rendered for each, it is
#: more than twenty.
MOST = 15


def slow(instances: int = 12) -> Object:
    """A Job whose Update takes a while."""
    return job(instances=instances, min_ready=1, strategy=queue(1))


def rolling(space: Space, instances: int = 12) -> str:
    """The name of an Update that is under way."""
    space.made(slow(instances))
    space.set_image("web:2")
    return str(space.wait_update("RollingForward")["metadata"]["name"])


def test_the_pages_of_a_job_and_its_update(space: Space, cluster: Cluster) -> None:
    space.made(job(instances=3))
    done = space.roll("web:2")["metadata"]["name"]
    with Program(cluster.kubeconfig, ANY_PORT) as page:
        page.wait(f"/?ns={space.name}", "Rolled forward")
        assert "3 of 3 updated" in words(page.get(f"/updates/{space.name}/{done}")[1])
        home = f"/jobs/{space.name}/web"
        assert "It waits for nothing" in page.get(home)[1]
        assert "web:2" in page.get(f"{home}?tab=configuration")[1]
        assert done in page.get(f"{home}?tab=updates")[1]
        assert "Scheduled to sim-" in page.get(f"/instances/{space.name}/web/1")[1]
        node = space.pod(1)["spec"]["nodeName"]
        assert "web/1" in page.get(f"/nodes/{node}")[1]


def test_a_failed_update_says_why(space: Space, cluster: Cluster) -> None:
    space.made(job(instances=3))
    space.set_image("web:2", behaviour="crash-loop", exit_code=3, instances="1")
    space.wait_update("RolledBack")
    with Program(cluster.kubeconfig, ["-n", space.name, *ANY_PORT]) as page:
        said = words(page.wait(f"/jobs/{space.name}/web", "CrashLoopBackOff"))
        assert said.index("CrashLoopBackOff") < said.index("Available")


def test_a_dry_run_shows_its_plan(space: Space, cluster: Cluster) -> None:
    space.made(job(instances=5, strategy=queue(2), update={"mode": "Manual"}))
    space.set_image("web:2")
    space.create(update("try", dryRun=True))
    space.wait_update("Planned", name="try")
    with Program(cluster.kubeconfig, ["-n", space.name, *ANY_PORT]) as page:
        said = words(page.wait(f"/updates/{space.name}/try", "Planned"))
        assert "Recreate 5 instances 0-4" in said


def test_an_update_moves_and_is_steered_in_the_browser(
    space: Space, cluster: Cluster, window: Window
) -> None:
    name = rolling(space)
    with Program(cluster.kubeconfig, ANY_PORT) as page:
        window.go(f"{page.url}/updates/{space.name}/{name}")
        window.page.get_by_role("link", name="Pause").click()
        window.page.locator("#dialog").get_by_role("textbox").fill("look at it")
        window.page.locator("#dialog").get_by_role("button", name="Pause").click()
        paused = space.wait_update("RollForwardPaused", name=name)
        window.wait("Resume", "#head")
        assert paused["spec"]["message"] == "look at it"
        assert "echelon-ui" in [each["manager"] for each in paused["metadata"]["managedFields"]]
        window.page.evaluate("window.here = true")
        space.api.patch(space.path("updates", name), {"spec": {"paused": False}})
        space.wait_update("RolledForward", name=name, timeout=60)
        window.wait("12 of 12", "#head")
        window.wait("Rolled forward", "#head")
        assert window.page.evaluate("window.here")
        window.leave()


def test_who_may_see_one_namespace_sees_that_one(space: Space) -> None:
    space.made(job(instances=2))
    other = f"{space.name[:40]}-other"
    space.api.create("/api/v1/namespaces", {"metadata": {"name": other}})
    space.api.create(space.path("echelonjobs").replace(space.name, other), job("hidden-plan"))
    _, config = user_of(space, "reader")
    try:
        with Program(config, ["-n", space.name, *ANY_PORT]) as page:
            page.wait("/", "/jobs/")
            for path in ("/", f"/jobs/{other}/hidden-plan", f"/?ns={other}", "/nodes/sim-0"):
                assert "hidden-plan" not in words(page.get(path)[1])
            assert page.get(f"/jobs/{other}/hidden-plan")[0] == 404
        with Program(config, ANY_PORT) as page:
            page.wait("/", "Only namespace default is shown")
    finally:
        space.api.delete(f"/api/v1/namespaces/{other}")


def test_who_may_only_look_gets_no_buttons(space: Space) -> None:
    name = rolling(space)
    space.api.patch(space.path("updates", name), {"spec": {"paused": True}})
    space.wait_update("RollForwardPaused", name=name)
    address = f"/updates/{space.name}/{name}"
    for word, steer in (("reader", False), ("pilot", True)):
        _, config = user_of(space, word, steer=steer)
        with Program(config, ["-n", space.name, *ANY_PORT]) as page:
            assert (">Resume<" in page.wait(address, "Paused")) is steer
            assert page.get(f"{address}/resume")[0] == (200 if steer else 403)


def test_ctrl_c_ends_it_and_no_secret_was_written(space: Space, cluster: Cluster) -> None:
    space.made(job(instances=1))
    with Program(cluster.kubeconfig, ANY_PORT) as page:
        page.get("/")
        code, said = page.end()
    assert code == 0
    assert "Press Ctrl-C to stop." in said
    assert "Traceback" not in said
    assert "csrf" not in said.lower()


def test_a_port_that_is_taken(space: Space, cluster: Cluster) -> None:
    assert space is not None
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with pytest.raises(AssertionError, match="choose another with --port"):
            Program(cluster.kubeconfig, ["--port", port])


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
def test_another_user_of_the_machine_is_refused(space: Space, cluster: Cluster) -> None:
    assert space is not None
    with Program(cluster.kubeconfig, ANY_PORT) as page:
        assert page.get("/")[0] == 200
        assert as_nobody(f"{page.url}/") == 403
        # A socket of IPv6, which the system lists elsewhere.
        assert as_nobody(f"{page.url}/", "[::ffff:127.0.0.1]") == 403


def viewers(url: str, number: int, seconds: float) -> list[int]:
    """Open so many streams for so long. Returns the bytes that each got."""
    # In a thread of its own: Playwright keeps a loop running in this one.
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(lambda: asyncio.run(watched(url, number, seconds))).result()


def cost(page: Program, stream: str, number: int) -> tuple[float, int]:
    """Seconds of a processor that the page works for each byte that a viewer gets, and the least
    that one gets of so many viewers."""
    before = page.cpu()
    least = min(viewers(stream, number, 10))
    print(f"{number} viewers: {page.cpu() - before:.2f} s in 10 s, {least} bytes at least")
    return (page.cpu() - before) / least, least


def test_fifty_viewers_of_an_update_cost_little_more_than_one(space: Space, audit: Audit) -> None:
    name = rolling(space, 40)
    user, config = user_of(space, "page", steer=True)
    with Program(config, ["-n", space.name, *ANY_PORT]) as page:
        page.wait(f"/updates/{space.name}/{name}", "Rolling forward")
        stream = f"{page.url}/live/updates/{space.name}/{name}"
        viewers(stream, 1, 2)
        audit.mark()
        one, _ = cost(page, stream, 1)
        fifty, least = cost(page, stream, 50)
        requests = [str(each) for each in audit.requests(user=user) if each.verb != "watch"]
        assert least > 10_000, "all saw it move"
        assert requests == []
        assert fifty < MOST * one
        assert page.memory() <= 200
