"""Pods that the watch does not show, and foreign pods that hold a name."""

from __future__ import annotations

from typing import Any

import pytest

from controller.core.pods.identity import NameConflict
from controller.kube.errors import Forbidden
from tests.unit.reconcile.fake_api import Shop

OURS = {
    "apiVersion": "echelon.dev/v1alpha1",
    "kind": "EchelonJob",
    "name": "web",
    "uid": "j1",
    "controller": True,
}
SET = {
    "apiVersion": "apps/v1",
    "kind": "StatefulSet",
    "name": "web",
    "uid": "s",
    "controller": True,
}


async def created(shop: Shop) -> str:
    """A Job of one instance whose pod is not created yet. Returns the digest of its revision."""
    shop.job(spec={"instances": 1})
    digest: str = shop.entry.revision.removeprefix("web-")
    return digest


def pod(shop: Shop, owner: dict[str, Any] | None, **changes: Any) -> dict[str, Any]:
    """The pod web-0 of someone else, which the watch does not show."""
    meta = {"name": "web-0", "uid": "p1", "ownerReferences": [owner] if owner else []}
    made = {"metadata": {**meta, **changes}, "spec": {}, "status": {"phase": "Running"}}
    return shop.api.put("pods", made)


def looks(shop: Shop) -> int:
    return shop.api.asked.count(("get", "pods", "web-0"))


async def settle(shop: Shop) -> None:
    for _ in range(4):
        await shop.reconcile()


async def test_a_terminating_pod_without_its_label_is_looked_at_until_it_is_gone() -> None:
    shop = Shop()
    await created(shop)
    pod(shop, OURS, deletionTimestamp="2026-01-01T00:00:00Z")
    await settle(shop)
    assert 0 in shop.entry.instances.view().terminating
    before = looks(shop)
    for _ in range(3):
        shop.now += 1.1
        await settle(shop)
    assert looks(shop) == before + 3, "one GET a second"
    del shop.api.objects["pods", "web-0"]
    shop.now += 1.1
    await settle(shop)
    assert shop.api.objects["pods", "web-0"]["metadata"]["uid"] != "p1"


async def test_a_pod_whose_end_the_watch_reported_before_an_answer_is_read_again() -> None:
    shop = Shop()
    digest = await created(shop)
    marks = {
        "echelon.dev/job": "web",
        "echelon.dev/instance": "0",
        "echelon.dev/revision": digest,
        "app.kubernetes.io/managed-by": "echelon",
    }
    raw = pod(shop, OURS, labels=marks)

    def ends(verb: str, plural: str, _: str) -> None:
        if (verb, plural) == ("get", "pods"):
            shop.api.before = lambda *_: None
            shop.see("pods", raw)
            shop.store.drop_pod("ns/web-0", "p1")

    shop.api.before = ends
    await settle(shop)
    del shop.api.objects["pods", "web-0"]
    shop.now += 1.1
    await settle(shop)
    assert shop.api.objects["pods", "web-0"]["metadata"]["uid"] != "p1"


async def test_a_pod_that_lost_its_label_gets_it_back_and_is_left_to_the_watch() -> None:
    shop = Shop()
    digest = await created(shop)
    pod(shop, OURS, annotations={"echelon.dev/revision": f"web-{digest}"})
    await settle(shop)
    repaired = shop.api.objects["pods", "web-0"]
    assert repaired["metadata"]["labels"]["echelon.dev/job"] == "web"
    shop.see("pods", repaired)
    before = looks(shop)
    shop.now += 10
    await settle(shop)
    assert looks(shop) == before


@pytest.mark.parametrize("owner", [None, SET])
async def test_a_name_conflict_says_what_to_do_and_is_looked_at_every_second(owner: Any) -> None:
    shop = Shop()
    digest = await created(shop)
    pod(shop, owner)
    await settle(shop)
    shop.now += 1.1
    await settle(shop)
    said = shop.condition("PodNameConflict")["message"]
    label = f"kubectl label pod web-0 echelon.dev/job=web echelon.dev/revision={digest}"
    assert said.endswith(label)
    assert "delete it, or hand it over: " in said
    assert ("StatefulSet web" in said) == (owner is not None)
    assert ("--cascade=orphan" in said) == (owner is not None)
    before = looks(shop)
    for _ in range(3):
        shop.now += 1.1
        await settle(shop)
    assert looks(shop) == before + 3


async def test_a_name_conflict_reads_the_owner_anew() -> None:
    shop = Shop()
    await created(shop)
    raw = pod(shop, SET)
    await settle(shop)
    raw["metadata"]["ownerReferences"] = []
    shop.api.put("pods", raw)
    shop.now += 1.1
    await settle(shop)
    shop.now += 1.1
    await settle(shop)
    assert "nobody owns" in shop.condition("PodNameConflict")["message"]


@pytest.mark.parametrize("seen", [True, False])
async def test_a_name_conflict_ends_when_the_pod_is_handed_over(seen: bool) -> None:
    shop = Shop()
    digest = await created(shop)
    raw = pod(shop, None)
    await settle(shop)
    marks = {"echelon.dev/job": "web", "echelon.dev/revision": digest}
    raw["metadata"]["labels"] = marks
    raw = shop.api.put("pods", raw)
    if seen:
        shop.see("pods", raw)
    else:
        shop.now += 1.1
    await settle(shop)
    assert shop.entry.apart.conflicts == {}
    taken = shop.api.objects["pods", "web-0"]["metadata"]
    assert (taken["uid"], taken["ownerReferences"][0]["uid"]) == ("p1", "j1")
    shop.see("pods", shop.api.objects["pods", "web-0"])
    shop.now += 1.1
    await settle(shop)
    assert shop.condition("PodNameConflict")["status"] == "False"


async def test_a_labelled_pod_of_another_owner_is_a_name_conflict_and_no_former_jobs() -> None:
    shop = Shop()
    await created(shop)
    raw = pod(shop, SET, labels={"echelon.dev/job": "web"})
    shop.see("pods", raw)
    await settle(shop)
    shop.now += 1.1
    await settle(shop)
    assert "StatefulSet web" in shop.condition("PodNameConflict")["message"]
    assert [note for reason, note in shop.events if reason == "ForeignPod"] == [
        "pod web-0 carries the label echelon.dev/job=web but belongs to StatefulSet web: left alone"
    ]
    assert ("delete", "pods", "web-0") not in shop.api.asked


async def test_foreign_pods_with_our_label_are_reported_once_for_each_owner() -> None:
    shop = Shop()
    for i in range(3):
        raw = pod(shop, SET, labels={"echelon.dev/job": "web"}) | {}
        raw["metadata"] |= {"name": f"other-{i}", "uid": f"o{i}"}
        shop.see("pods", raw)
    del shop.api.objects["pods", "web-0"]
    await created(shop)
    await settle(shop)
    assert [reason for reason, _ in shop.events].count("ForeignPod") == 1
    for i in range(3):
        shop.store.drop_pod(f"ns/other-{i}", f"o{i}")
    assert shop.entry.apart.foreign_pods == {}


async def test_an_adopted_pod_beyond_the_count_goes_and_is_named() -> None:
    shop = Shop()
    await created(shop)
    await settle(shop)
    raw = pod(shop, None, labels={"echelon.dev/job": "web"})
    raw["metadata"] |= {"name": "web-7", "uid": "p7"}
    shop.see("pods", shop.api.put("pods", raw))
    await settle(shop)
    assert ("delete", "pods", "web-7") in shop.api.asked
    said = [note for reason, note in shop.events if reason == "SurplusPod"]
    assert said == ["pod web-7 is adopted and deleted: the Job has 1 instances"]


async def test_a_refused_look_does_not_end_a_name_conflict() -> None:
    shop = Shop()
    await created(shop)
    pod(shop, None)
    await settle(shop)

    def refuse(verb: str, *_: str) -> None:
        if verb == "get":
            raise Forbidden(403, "Forbidden", "no")

    shop.api.before, shop.now = refuse, shop.now + 1.1
    with pytest.raises(Forbidden):
        await shop.reconcile()
    assert 0 in shop.entry.apart.conflicts


async def test_a_name_that_only_a_surge_needs_keeps_no_lost_pod_from_being_made_again() -> None:
    shop = Shop()
    digest = await created(shop)
    await settle(shop)
    raw = shop.api.objects["pods", "web-0"]
    shop.see("pods", raw)
    conflict = NameConflict("web-0-s", f"web-{digest}", "held by a foreign pod", shop.now + 100)
    shop.entry.apart.conflicts[0] = conflict
    shop.now += 1.1
    await settle(shop)
    assert shop.condition("PodNameConflict")["status"] == "True"
    shop.store.drop_pod("ns/web-0", raw["metadata"]["uid"])
    del shop.api.objects["pods", "web-0"]
    await settle(shop)
    assert ("pods", "web-0") in shop.api.objects


async def test_a_conflict_that_ends_while_another_pod_is_read_is_not_looked_at() -> None:
    shop = Shop()
    shop.job(spec={"instances": 2})
    for name in ("web-0", "web-1"):
        meta = {"name": name, "uid": name, "ownerReferences": [SET]}
        shop.api.put("pods", {"metadata": meta, "spec": {}, "status": {"phase": "Running"}})
    await settle(shop)
    conflicts = shop.entry.apart.conflicts
    assert set(conflicts) == {0, 1}

    def meanwhile(*asked: str) -> None:
        if asked == ("get", "pods", "web-0"):
            shop.api.objects.pop(("pods", "web-1"))
            conflicts.pop(1)
            shop.api.before = lambda *_: None

    shop.api.before = meanwhile
    shop.now += 1.1
    await shop.reconcile()
    assert set(conflicts) == {0}
