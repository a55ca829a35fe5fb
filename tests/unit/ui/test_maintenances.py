"""The pages of Maintenances: who sees them, what they say, and that they are live."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.maintenance import Maintenance
from controller.api.meta import format_time
from controller.ui.decode import Item
from controller.ui.store import Store
from controller.ui.watch import Reach, Trouble, Watch
from controller.view.maintenances import Course, course, maintenance_row, next_steps, what_for
from tests.unit.ui.conftest import Setting
from tests.unit.ui.objects import NOW, Object, condition, job, meta, put

BLOCKS = "3 of Job shop/web to be moved; pod ops/bare <b> has no controller"


def maintenance(name: str = "rack-7", phase: str = "Active", **parts: Any) -> Object:
    """A Maintenance of four nodes: one each Drained, Draining, Waiting and not found."""
    nodes = [
        {"name": "n2", "phase": "Draining", "instances": 3, "pods": 1, "message": BLOCKS},
        {"name": "n9", "phase": "NotFound"},
        {"name": "n3", "phase": "Waiting", "message": "Maintenance b holds this node"},
        {"name": "n1", "phase": "Drained"},
    ]
    status: Object = {
        "phase": phase,
        "observedGeneration": 1,
        "counts": {
            "nodes": 4,
            "waiting": 1,
            "draining": 1,
            "drained": 1,
            "notFound": 1,
            "finished": 1,
            "instances": 3,
            "pods": 1,
        },
        "nodes": [each | {"since": format_time(NOW - 300)} for each in nodes],
        "conditions": [condition("Ready", "False", "Draining", "1 of 3 nodes are finished")],
    }
    whole = {"nodes": ["n1", "n2", "n3", "n9"], "timeoutSeconds": 3600}
    return {
        "apiVersion": "echelon.dev/v1alpha1",
        "kind": "Maintenance",
        "metadata": meta(name, ""),
        "spec": whole | parts.pop("spec", {}),
        "status": status | parts,
    }


def read(raw: Object) -> Maintenance:
    return Maintenance.model_validate(raw)


def put_one(store: Store, raw: Object, version: str = "1") -> None:
    found = raw["metadata"]
    store.put_maintenance(Item("", found["name"], found["uid"], version, read(raw)))


async def test_the_list_says_how_far_each_is(page: Setting) -> None:
    put_one(page.store, maintenance())
    done = condition("Ready", "True", "Done", "all is done")
    put_one(page.store, maintenance("old", "Done", conditions=[done]))
    status, html = await page.get("/maintenances")
    assert status == 200
    assert html.index('href="/maintenances/rack-7"') < html.index('href="/maintenances/old"')
    assert 'aria-label="1 of 3 nodes"' in html
    assert "1 of 3 nodes are finished" in html
    assert "all is done" not in html


async def test_one_shows_its_nodes_and_what_blocks(page: Setting) -> None:
    put_one(page.store, maintenance())
    status, html = await page.get("/maintenances/rack-7")
    assert status == 200
    assert "pod ops/bare &lt;b&gt; has no controller" in html
    assert "1 draining: 3 instances and 1 other pod left" in " ".join(html.split())
    for node in ("n1", "n2", "n3"):
        assert f'href="/nodes/{node}"' in html
    assert 'href="/nodes/n9"' not in html
    assert "1 not found" in html
    assert "60m after the cordon" in html


async def test_events_of_this_one_are_shown_and_of_no_other_of_its_name(page: Setting) -> None:
    put_one(page.store, maintenance())
    uid = "uid--rack-7"
    page.api.lists["events"] = [
        {
            "metadata": {"creationTimestamp": format_time(NOW - 30)},
            "type": kind,
            "reason": reason,
            "note": f"note of {reason}",
            "regarding": {"uid": of},
        }
        for kind, reason, of in (
            ("Normal", "NodeDrained", uid),
            ("Warning", "PodBlocked", uid),
            ("Normal", "Done", "another"),
        )
    ]
    html = (await page.get("/maintenances/rack-7"))[1]
    assert "note of NodeDrained" in html
    assert '<b class="t-warn">PodBlocked</b>' in html
    assert "note of Done" not in html
    asked = [each for each in page.api.asked if "events" in each]
    assert asked == ["list events ['regarding.kind=Maintenance,regarding.name=rack-7']"]
    await page.get("/maintenances/never")
    assert len([each for each in page.api.asked if "events" in each]) == 1


async def test_a_node_tells_in_which_maintenance_it_is(page: Setting) -> None:
    put_one(page.store, maintenance())
    page.api.objects["nodes", "", "n2"] = {"metadata": {"name": "n2"}}
    html = (await page.get("/nodes/n2"))[1]
    assert 'href="/maintenances/rack-7"' in html
    assert "3 of Job shop/web to be moved" in html
    page.api.objects["nodes", "", "n8"] = {"metadata": {"name": "n8"}}
    assert 'href="/maintenances/rack-7"' not in (await page.get("/nodes/n8"))[1]


async def test_who_may_not_list_them_sees_none(page: Setting) -> None:
    put(page.store, job())
    put_one(page.store, maintenance())
    assert 'href="/maintenances"' in (await page.get("/"))[1]
    page.viewer.denied = {"list maintenances"}
    assert 'href="/maintenances"' not in (await page.get("/"))[1]
    for path in ("/maintenances", "/maintenances/rack-7"):
        assert (await page.get(path))[0] == 404
        assert (await page.get(f"/live{path}"))[0] == 404


async def test_one_that_is_not_there(page: Setting) -> None:
    assert (await page.get("/maintenances/never"))[0] == 404
    assert "No node is in maintenance" in (await page.get("/maintenances"))[1]


async def test_a_change_reaches_open_pages(page: Setting) -> None:
    put_one(page.store, maintenance())
    async with page.client.get("/live/maintenances/rack-7") as stream:
        assert stream.status == 200
        said = b""
        while b"has no controller" not in said:
            said += await stream.content.readany()
        put_one(page.store, maintenance(phase="Done", counts={"nodes": 1, "finished": 1}), "2")
        while b"1/1 rack-7" not in said:
            said += await stream.content.readany()
        page.store.drop_maintenance("/rack-7", "")
        while b"This no longer exists" not in said:
            said += await stream.content.readany()


async def test_a_watch_of_them_that_fails_keeps_no_other_page(page: Setting) -> None:
    page.watch.troubles = [Trouble("maintenance", "there is no such kind", None, is_refused=True)]
    put(page.store, job())
    assert "there is no such kind" not in (await page.get("/"))[1]
    assert "there is no such kind" in (await page.get("/maintenances"))[1]


async def test_pages_wait_for_no_list_of_them() -> None:
    api: Any = object()
    watch = Watch(api, Store(), Reach(("shop",)))
    for kind, stream in watch._streams:
        if kind != "maintenance":
            stream.answered.set()
    assert await watch.wait(5), "of a namespace an answer is enough"
    kinds = [kind for kind, _ in Watch(api, Store(), Reach(maintenances=False))._streams]
    assert kinds == ["job", "update", "pod"]


def test_what_cannot_be_read_names_no_namespace() -> None:
    store = Store()
    put_one(store, maintenance())
    store.put_maintenance(Item("", "rack-7", "u", "2", None, "status.phase: unknown"))
    assert store.maintenances == {}
    assert store.unreadable == {("maintenance", "", "rack-7"): "status.phase: unknown"}
    assert store.namespaces() == set()
    store.drop_maintenance("/rack-7", "u")
    assert store.unreadable == {}


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({}, Course.ACTIVE),
        ({"phase": "Done"}, Course.DONE),
        ({"observedGeneration": -1}, Course.UNSEEN),
        ({"conditions": [condition("Stalled", "True", "PodBlocked", "m")]}, Course.STALLED),
    ],
)
def test_how_it_goes(parts: Object, expected: Course) -> None:
    found = read(maintenance(**parts))
    assert course(found) is expected
    assert bool(next_steps(maintenance_row(found))) is (expected is not Course.ACTIVE)


def test_what_it_asks_for() -> None:
    spec = {"nodes": None, "nodeSelector": {"rack": "7"}, "otherPods": "Evict"}
    found = dict(what_for(read(maintenance(spec=spec)).spec))
    assert (found["Nodes"], found["Other pods"]) == ("rack=7", "evicted")
    assert found["Jobs without sla"] == "one instance at a time"
    off = dict(what_for(read(maintenance(spec={"mode": "Deactivate"})).spec))
    assert set(off) == {"Mode", "Nodes"}
