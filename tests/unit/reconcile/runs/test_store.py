"""The runs of each Job, and only its own."""

from __future__ import annotations

from typing import Any

from controller.reconcile.runs.objects import CronObject, RunObject, read_cron, read_run
from controller.reconcile.runs.store import Key, RunStore

KEY: Key = ("ns", "web")


def meta(name: str, version: int, owner: str, uid: str, job: str) -> dict[str, Any]:
    return {
        "name": name,
        "namespace": "ns",
        "uid": uid or f"uid-{name}",
        "resourceVersion": str(version),
        "labels": {"echelon.dev/job": job},
        "ownerReferences": [{"uid": owner, "controller": True}] if owner else [],
    }


def run(
    name: str, version: int = 1, owner: str = "j1", uid: str = "", job: str = "web"
) -> RunObject:
    return read_run({"metadata": meta(name, version, owner, uid, job)})


def cron(version: int = 1, owner: str = "j1", uid: str = "c1") -> CronObject:
    return read_cron({"metadata": meta("web", version, owner, uid, "web")})


def made() -> tuple[RunStore, list[Key]]:
    changed = list[Key]()
    store = RunStore(changed.append)
    store.wanted.set()
    store.followed = True
    return store, changed


def names(store: RunStore, uid: str = "j1") -> list[str]:
    return [each.name for each in store.of(KEY, uid).jobs]


def test_a_job_has_its_own_runs_and_those_of_its_cron_job() -> None:
    store, changed = made()
    for each in (run("a"), run("b", owner="c1"), run("c", owner="x"), run("d", job="db")):
        store.put_run(each)
    assert names(store) == ["a"]
    store.put_cron(cron())
    assert names(store) == ["a", "b"]
    assert names(store, "another") == []
    assert changed == [KEY, KEY, KEY, ("ns", "db"), KEY]


def test_an_older_version_and_one_that_is_gone_do_not_come_back() -> None:
    store, changed = made()
    store.put_run(run("a", 5))
    changed.clear()
    store.put_run(run("a", 4))
    assert changed == []
    store.drop_run("ns/a", "uid-a")
    store.put_run(run("a", 6))
    assert names(store) == []
    store.put_run(run("a", 7, uid="another"))
    assert names(store) == ["a"]
    store.drop_run("ns/a", "uid-a")
    assert names(store) == ["a"]


def test_a_cron_job_without_a_controller_is_free_for_the_job() -> None:
    store, _ = made()
    store.put_cron(cron(owner="x"))
    assert store.of(KEY, "j1").cron is None
    store.put_cron(cron(2, owner=""))
    found = store.of(KEY, "j1").cron
    assert found is not None
    assert found.free


def test_nothing_is_known_before_runs_are_followed() -> None:
    store, _ = made()
    store.followed, store.problem = False, lambda: "cannot follow jobs: forbidden"
    found = store.of(KEY, "j1")
    assert (found.followed, found.problem) == (False, "cannot follow jobs: forbidden")


def test_what_an_informer_has_to_compare() -> None:
    store, _ = made()
    store.put_run(run("a"))
    store.put_cron(cron())
    assert store.runs_held(None) == {"ns/a": "uid-a"}
    assert store.crons_held("ns") == {"ns/web": "c1"}
    assert store.runs_held("other") == {}
