"""What pages say."""

from __future__ import annotations

import re
from typing import Any

import pytest

from controller.api.meta import format_time
from controller.ui.pages.job import JobPage
from controller.ui.pages.jobs import JobsPage
from tests.unit.ui.conftest import Setting
from tests.unit.ui.objects import NOW, condition, job, pod, put, update

FAILURE = {
    "instance": 2,
    "attempt": 1,
    "reason": "CrashLoopBackOff",
    "message": "no database",
    "node": "n1",
    "exitCode": 3,
    "time": format_time(NOW - 30),
}


def stalled(name: str = "api") -> dict[str, Any]:
    words = "instance 2 of api-g2: CrashLoopBackOff: no database"
    return job(name, conditions=[condition("Stalled", reason="RolledBack", message=words)])


def revision(number: int, image: str, digest: str, of: str = "web") -> dict[str, Any]:
    return {
        "metadata": {"name": f"{of}-{digest}", "creationTimestamp": format_time(NOW - 999)},
        "revision": number,
        "data": {"spec": {"containers": [{"name": "main", "image": image}]}},
    }


async def test_jobs_are_listed_with_health_and_what_they_wait_for(page: Setting) -> None:
    put(page.store, job(), stalled())
    status, html = await page.get("/")
    assert status == 200
    assert 'href="/jobs/shop/web"' in html
    assert "Stalled" in html
    assert "CrashLoopBackOff: no database" in html


async def test_no_jobs(page: Setting) -> None:
    _, html = await page.get("/")
    assert "There are no Jobs yet" in html


async def test_jobs_are_searched_by_name_state_namespace_and_label(page: Setting) -> None:
    labelled = job("cart")
    labelled["metadata"]["labels"] = {"team": "blue"}
    put(page.store, job(), stalled(), labelled, job("web", "other"))
    found = {}
    for query in ("?q=ap", "?state=Stalled", "?ns=other", "?q=team%3Dblue", "?q=team!%3Dblue+cart"):
        _, html = await page.get(f"/{query}")
        found[query] = re.findall(r'class="open" href="/jobs/([\w/]+)"', html)
    assert found == {
        "?q=ap": ["shop/api"],
        "?state=Stalled": ["shop/api"],
        "?ns=other": ["other/web"],
        "?q=team%3Dblue": ["shop/cart"],
        "?q=team!%3Dblue+cart": [],
    }


async def test_a_job_with_an_active_update_shows_how_far_it_is(page: Setting) -> None:
    active = {"name": "web-g2", "uid": "uid-shop-web-g2"}
    reconciling = condition("Reconciling", reason="Progressing", message="2 of 4 instances updated")
    put(page.store, job(activeUpdate=active, conditions=[reconciling]), update())
    _, html = await page.get("/")
    assert "2/4" in html
    _, html = await page.get("/jobs/shop/web")
    assert "2 of 4" in html
    assert 'href="/updates/shop/web-g2"' in html


async def test_a_job_says_first_what_it_waits_for(page: Setting) -> None:
    put(page.store, stalled(), pod(0, "api"))
    _, html = await page.get("/jobs/shop/api")
    head = html.index('id="head"')
    assert head < html.index("no database") < html.index("Available")
    assert "echelon job retry api" in html


async def test_instances_have_state_node_restarts_and_steps(page: Setting) -> None:
    put(page.store, job(), pod(0), pod(1, ready=False, waiting="CrashLoopBackOff"))
    _, html = await page.get("/jobs/shop/web")
    text = " ".join(re.sub(r"<[^>]+>", " ", html).split())
    assert "Pending 2s Scheduled 3s Starting 10s Ready" in text
    assert "CrashLoopBackOff: container main: back-off 10s" in text
    assert "Missing" in text
    assert 'href="/nodes/n1"' in html


@pytest.mark.parametrize(
    ("query", "shown"),
    [("at=0,2", ["0", "2"]), ("at=n2", ["1"]), ("state=Missing", ["2"]), ("at=9", [])],
)
async def test_instances_are_filtered(page: Setting, query: str, shown: list[str]) -> None:
    put(page.store, job(), pod(0), pod(1, node="n2"))
    _, html = await page.get(f"/jobs/shop/web?{query}")
    assert re.findall(r'class="open" href="/instances/shop/web/(\d+)"', html) == shown


async def test_ten_thousand_instances_are_a_grid_and_pages_of_rows(page: Setting) -> None:
    put(page.store, job(instances=10_000))
    status, html = await page.get("/jobs/shop/web")
    assert status == 200
    assert len(html) < 150_000
    assert "1 of 100" in html
    _, html = await page.get("/jobs/shop/web?page=100")
    assert 'href="/instances/shop/web/9999"' in html


async def test_configuration_shows_groups_and_the_difference_of_two(page: Setting) -> None:
    page.api.lists["controllerrevisions"] = [
        revision(1, "web:1", "aaaa"),
        revision(2, "web:2", "bbbb"),
    ]
    put(page.store, job(updateRevision="web-bbbb"))
    _, html = await page.get("/jobs/shop/web?tab=configuration")
    assert "- spec.containers[main].image: web:1" in html
    assert "+ spec.containers[main].image: web:2" in html
    _, html = await page.get("/jobs/shop/web?tab=configuration&a=web-aaaa&b=web-aaaa")
    assert "They are the same" in html


async def test_updates_of_a_job_newest_first(page: Setting) -> None:
    put(page.store, job(), update(phase="RolledForward"), update("web-g3", phase="RolledBack"))
    _, html = await page.get("/jobs/shop/web?tab=updates")
    assert html.index("web-g3") < html.index("web-g2")


async def test_completed_shows_what_went_and_recorded_failures(page: Setting) -> None:
    gone = {
        "instance": 2,
        "revision": "web-bbbb",
        "node": "n7",
        "startedAt": format_time(NOW - 60),
        "endedAt": format_time(NOW),
        "cause": "Rollback",
        "exitCode": 9,
        "message": "no <b>room</b>",
        "update": "web-g2",
    }
    put(page.store, job(ended=[gone]), update(failures=[FAILURE]))
    for path in ("/jobs/shop/web?tab=completed", "/instances/shop/web/2"):
        _, html = await page.get(path)
        for words in ("Rollback", "bbbb", "n7", "no &lt;b&gt;room", "/updates/shop/web-g2"):
            assert words in html, (path, words)
    _, html = await page.get("/jobs/shop/web?tab=completed")
    assert "exit code 9" in html
    assert "exit code 3" in html


async def test_an_update_shows_progress_failures_history_and_buttons(page: Setting) -> None:
    entry = {
        "time": format_time(NOW - 120),
        "phase": "RollingForward",
        "reason": "Admitted",
        "message": "going",
        "by": "grace",
    }
    put(page.store, job(), update(failures=[FAILURE], history=[entry]))
    _, html = await page.get("/updates/shop/web-g2")
    for words in ("Rolling forward", "no database", "by grace", "Queue of 1", ">Pause<", ">Abort<"):
        assert words in html
    assert ">Resume<" not in html


async def test_a_finished_update_has_no_buttons(page: Setting) -> None:
    put(page.store, job(), update(phase="RolledForward", finishedAt=format_time(NOW)))
    _, html = await page.get("/updates/shop/web-g2")
    assert 'class="buttons"' not in html


async def test_a_dry_run_shows_its_plan(page: Setting) -> None:
    plan = {
        "instances": {"recreate": "0-3"},
        "groups": {"count": 4, "sizes": [{"size": 1, "times": 4}]},
        "estimate": {"seconds": 80, "from": "the last update"},
        "conflicts": [{"reason": "UpdateInProgress", "message": "web-g2 is active"}],
    }
    put(page.store, update("try", phase="Planned", spec={"dryRun": True}, plan=plan))
    _, html = await page.get("/updates/shop/try")
    for words in ("4 instances", "4 × 1", "80s", "the last update", "web-g2 is active"):
        assert words in html


async def test_gates_with_the_values_that_were_seen(page: Setting) -> None:
    prometheus = {"address": "http://p", "query": "q", "condition": "result < 0.01"}
    policy = {
        "strategy": {"type": "Queue", "size": 1},
        "gates": [{"name": "errors", "prometheus": prometheus}],
    }
    for second, value in enumerate(("0.002", "0.004", "0.02")):
        state = {
            "name": "errors",
            "result": "Failed" if value == "0.02" else "Waiting",
            "value": value,
            "time": format_time(NOW + second),
        }
        put(page.store, update(policy=policy, gates=[state]))
    _, html = await page.get("/updates/shop/web-g2")
    assert "3 values from 0.002 to 0.02, the last 0.02; it passes if result &lt; 0.01" in html
    assert 'class="limit"' in html
    assert "polyline" in html


async def test_an_instance_shows_pod_events_and_where_its_log_is(page: Setting) -> None:
    put(page.store, job(), pod(0), update(failures=[{**FAILURE, "instance": 0}]))
    page.api.objects["pods", "shop", "web-0"] = pod(0)
    event = {
        "metadata": {"creationTimestamp": format_time(NOW)},
        "type": "Warning",
        "reason": "BackOff",
        "note": "back-off restarting",
    }
    page.api.lists["events"] = [event]
    _, html = await page.get("/instances/shop/web/0")
    for words in ("web-0", "Scheduled to n1", "back-off restarting", "/log/shop/web-0/main"):
        assert words in html
    assert "no database" in html


async def test_a_missing_instance_and_one_that_never_was(page: Setting) -> None:
    put(page.store, job())
    status, html = await page.get("/instances/shop/web/1")
    assert (status, "There is no pod" in html) == (200, True)
    assert (await page.get("/instances/shop/web/9"))[0] == 404


async def test_a_node_shows_what_runs_beside(page: Setting) -> None:
    put(page.store, job(), pod(0))
    node_status = {"conditions": [condition("Ready"), condition("DiskPressure", message="full")]}
    page.api.objects["nodes", "", "n1"] = {"metadata": {"name": "n1"}, "status": node_status}
    stranger = {
        "metadata": {
            "name": "dns-1",
            "namespace": "kube-system",
            "creationTimestamp": format_time(NOW),
            "ownerReferences": [{"kind": "ReplicaSet", "name": "dns", "controller": True}],
        },
        "status": {"phase": "Running"},
    }
    page.api.lists["pods"] = [stranger, pod(0)]
    _, html = await page.get("/nodes/n1")
    for words in ("web/0", "dns-1", "ReplicaSet dns", "DiskPressure is True"):
        assert words in html
    assert html.count('class="first">web-0') == 0


async def test_the_log_of_a_container(page: Setting) -> None:
    put(page.store, job(), pod(0))
    page.api.log = b"one\ntwo <b>\n"
    _, html = await page.get("/log/shop/web-0/main")
    assert "two &lt;b&gt;" in html
    assert "The last 200 lines of container" in html
    assert "tailLines=200" in page.api.asked[-1]
    assert (await page.get("/log/shop/stranger/main"))[0] == 404


async def test_a_log_of_long_lines_is_shown_to_its_end_and_says_that_it_is_cut(
    page: Setting,
) -> None:
    put(page.store, job(), pod(0))
    page.api.log = b"x" * 100_000 + b"\n" + b"y" * 50_000 + b"\npanic: the cause\n"
    _, html = await page.get("/log/shop/web-0/main")
    assert "panic: the cause" in html
    assert "xx" not in html
    assert "The last 64 KiB of container" in html
    assert "The last 200 lines are longer." in html


def test_addresses_lead_back_to_the_same_page() -> None:
    jobs = JobsPage(query="a b", state="Stalled", namespace="shop", number=2)
    assert jobs.path == "/?q=a+b&state=Stalled&ns=shop&page=2"
    assert jobs.at(state="") == "/?q=a+b&ns=shop"
    one = JobPage.of({"namespace": "shop", "name": "web"}, {"tab": "bad", "at": "0-3", "x": "1"})
    assert one.path == "/jobs/shop/web?at=0-3"
    assert one.at(state="Good") == "/jobs/shop/web?at=0-3&state=Good"
    assert one.other("updates") == "/jobs/shop/web?tab=updates"
