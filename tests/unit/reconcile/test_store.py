"""The store: the newer version wins, a successor under the same name survives its predecessor."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from controller.api.update import Update
from controller.reconcile.decode import POD_CODEC, UPDATE_CODEC, update_of
from controller.reconcile.entry import Key
from controller.reconcile.revision_objects import REVISION_CODEC, RevisionObject
from controller.reconcile.store import Store

KEY: Key = ("ns", "web")


def job(uid: str = "j1", version: int = 1, image: str = "web:1", **status: Any) -> dict[str, Any]:
    template = {"spec": {"containers": [{"name": "web", "image": image}]}}
    meta = {"name": "web", "namespace": "ns", "uid": uid, "resourceVersion": str(version)}
    return {
        "metadata": {**meta, "generation": 1},
        "spec": {"instances": 2, "template": template},
        "status": status,
    }


def page(codec: Any, *items: dict[str, Any]) -> list[Any]:

    raw = {"metadata": {"resourceVersion": "9"}, "items": list(items)}
    found: list[Any] = codec.page(json.dumps(raw).encode())[0]
    return found


def pod(
    uid: str,
    version: int,
    owner: str = "j1",
    name: str = "web-0",
    status: dict[str, Any] | None = None,
) -> Any:
    owners = [
        {
            "apiVersion": "echelon.dev/v1alpha1",
            "kind": "EchelonJob",
            "name": "web",
            "uid": owner,
            "controller": True,
        }
    ]
    meta = {
        "name": name,
        "namespace": "ns",
        "uid": uid,
        "resourceVersion": str(version),
        "labels": {"echelon.dev/job": "web"},
        "ownerReferences": owners,
    }
    shown = {"phase": "Running"} if status is None else status
    return page(POD_CODEC, {"metadata": meta, "spec": {}, "status": shown})[0]


def update(name: str, version: int = 1, phase: str = "Pending", owner: str = "") -> Any:
    owners = [
        {"apiVersion": "v", "kind": "EchelonJob", "name": "web", "uid": owner, "controller": True}
    ]
    meta = {
        "name": name,
        "namespace": "ns",
        "uid": f"u-{name}",
        "resourceVersion": str(version),
        "ownerReferences": owners if owner else [],
    }
    status = {"phase": phase, "observedGeneration": 1}
    raw = {"metadata": {**meta, "generation": 1}, "spec": {"job": "web"}, "status": status}
    return page(UPDATE_CODEC, raw)[0]


class Marked(list[Key]):
    """Keys that the store marked for a new decision."""


def made() -> tuple[Store, Marked]:
    marked = Marked()
    return Store(marked.append), marked


def test_an_older_version_of_a_job_is_ignored() -> None:
    store, marked = made()
    store.put_job(job(version=5, image="web:2"))
    revision = store.entries[KEY].revision
    store.put_job(job(version=4, image="web:1"))
    assert store.entries[KEY].revision == revision
    assert marked == [KEY]


def test_the_template_is_kept_as_bytes_and_names_the_revision() -> None:
    store, _ = made()
    store.put_job(job(image="web:7"))
    entry = store.entries[KEY]
    assert entry.job is not None
    assert entry.job.spec.template == {}
    assert json.loads(entry.template)["spec"]["containers"][0]["image"] == "web:7"
    assert b"web:7" in entry.template
    assert entry.revision.startswith("web-")


def test_a_job_that_is_gone_is_not_brought_back_by_a_list_that_was_under_way() -> None:
    store, _ = made()
    store.put_job(job("j1", version=5))
    store.drop_job(KEY, "j1")
    store.put_job(job("j1", version=5))
    assert KEY not in store.entries


def test_a_successor_survives_the_late_end_of_its_predecessor() -> None:
    store, _ = made()
    store.put_job(job("j1", version=5))
    store.put_job(job("j2", version=9))
    store.drop_job(KEY, "j1")
    found = store.entries[KEY].job
    assert found is not None
    assert found.metadata.uid == "j2"


def test_pods_of_a_former_job_are_seen_as_foreign_once_there_is_another() -> None:
    store, _ = made()
    store.put_job(job("j1"))
    store.put_pod(pod("p1", 3))
    instances = store.entries[KEY].instances
    assert 0 in instances.view().present
    store.put_job(job("j2", version=9))
    assert 0 not in instances.view().present
    assert 0 in instances.view().foreign


def test_the_late_end_of_a_pod_does_not_take_its_successor() -> None:
    store, _ = made()
    store.put_job(job())
    store.put_pod(pod("p1", 3))
    store.put_pod(pod("p2", 7))
    store.drop_pod("ns/web-0", "p1")
    assert store.entries[KEY].instances.pods[(0, False)].uid == "p2"
    store.drop_pod("ns/web-0", "p2")
    assert not store.entries[KEY].instances.pods


def test_a_pod_that_shows_nothing_new_marks_nothing() -> None:
    store, marked = made()
    store.put_job(job())
    store.put_pod(pod("p1", 3))
    marked.clear()
    store.put_pod(pod("p1", 4))
    assert marked == []


def test_a_finished_update_is_kept_as_name_and_phase() -> None:
    store, _ = made()
    store.put_job(job())
    store.put_update(update("web-g2", 1, "RollingForward", owner="j1"))
    assert store.entries[KEY].updates["web-g2"].update is not None
    store.put_update(update("web-g2", 2, "RolledForward", owner="j1"))
    kept = store.entries[KEY].updates["web-g2"]
    assert kept.update is None
    assert kept.phase == "RolledForward"
    seen = store.entries[KEY].observed(0.0, frozenset())
    assert list(seen.finished) == ["web-g2"]
    assert seen.finished["web-g2"].made_by_us


def test_a_name_that_a_foreign_update_holds_is_known() -> None:
    store, _ = made()
    store.put_job(job("j1"))
    store.put_update(update("web-g1"))
    entry = store.entries[KEY]
    assert store.foreign_names(entry) == {"web-g1"}
    store.put_update(update("web-g1", 5, owner="j1"))
    assert store.foreign_names(entry) == frozenset()


def test_revisions_of_a_former_job_do_not_count() -> None:
    store, _ = made()
    store.put_job(job("j2"))
    for name, owner in (("web-aaa", "j1"), ("web-bbb", "j2")):
        meta = {
            "name": name,
            "namespace": "ns",
            "uid": name,
            "resourceVersion": "3",
            "labels": {"echelon.dev/job": "web"},
            "ownerReferences": [
                {
                    "apiVersion": "v",
                    "kind": "EchelonJob",
                    "name": "web",
                    "uid": owner,
                    "controller": True,
                }
            ],
        }
        store.put_revision(page(REVISION_CODEC, {"metadata": meta, "revision": 4})[0])
    seen = store.entries[KEY].observed(0.0, frozenset())
    assert {name: r.number for name, r in seen.revisions.items()} == {"web-bbb": 4}


def test_an_empty_entry_is_dropped() -> None:
    store, _ = made()
    store.put_job(job())
    store.put_pod(pod("p1", 3))
    store.drop_job(KEY, "j1")
    assert KEY in store.entries
    store.drop_pod("ns/web-0", "p1")
    assert KEY not in store.entries


def test_what_the_first_version_of_a_pod_shows_is_seen_although_a_create_was_answered_with_it() -> (
    None
):
    """The API server itself writes SchedulingGated into a new pod; no later version repeats it."""
    gated = {"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}
    for order in (("answer", "watch"), ("watch", "answer")):
        store, marked = made()
        store.put_job(job())
        for what in order:
            marked.clear()
            if what == "answer":
                store.made_pod(pod("p1", 3, status={}))
            else:
                store.put_pod(pod("p1", 3, status={"conditions": [gated]}))
                assert marked == [KEY]
        found = store.entries[KEY].instances.pods[(0, False)]
        assert found.trouble is not None, order
        assert found.trouble.reason == "SchedulingGated"
        store.put_pod(pod("p1", 3, status={}))
        assert found == store.entries[KEY].instances.pods[(0, False)], "the same once more"


def test_an_answer_that_comes_after_the_end_of_its_pod_is_ignored() -> None:
    store, _ = made()
    store.put_job(job())
    store.put_pod(pod("p1", 3))
    store.drop_pod("ns/web-0", "p1")
    store.made_pod(pod("p1", 3))
    assert not store.entries[KEY].instances.pods
    store.made_pod(pod("p2", 5))
    assert store.entries[KEY].instances.pods[(0, False)].uid == "p2"


def test_a_late_answer_brings_no_deleted_update_or_revision_back() -> None:
    """The answer to a write that was carried out before the deletion may come after its event."""
    store = Store(lambda _: None)
    store.put_job(job())
    meta = {"name": "web-g2", "namespace": "ns", "uid": "u2", "resourceVersion": "5"}
    update = update_of(Update.model_validate({"metadata": meta, "spec": {"job": "web"}}))
    revision = RevisionObject("ns", "web-abc", "r1", "5", "web", "j1", 1)
    store.put_update(update)
    store.put_revision(revision)
    store.drop_update("ns/web-g2", "u2")
    store.drop_revision("ns/web-abc", "r1")
    store.put_update(update)
    store.put_revision(revision)
    entry = store.entries[KEY]
    assert (entry.updates, entry.revisions) == ({}, {})


def test_a_revision_that_has_its_label_again_is_known_again() -> None:
    store = Store(lambda _: None)
    store.put_job(job())
    revision = RevisionObject("ns", "web-abc", "r1", "5", "web", "j1", 1)
    store.put_revision(revision)
    store.drop_revision("ns/web-abc", "r1")
    store.see_revision(replace(revision, resource_version="7"))
    assert store.revisions_held("ns") == {"ns/web-abc": "r1"}
    assert store.revisions_held("elsewhere") == {}


def test_a_revision_that_names_another_job_leaves_the_first() -> None:
    store = Store(lambda _: None)
    revision = RevisionObject("ns", "web-abc", "r1", "5", "web", "j1", 1)
    store.put_revision(revision)
    store.put_revision(replace(revision, resource_version="6", job="other"))
    store.drop_revision("ns/web-abc", "r1")
    assert not store.entries
