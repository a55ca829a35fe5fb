"""The index of one Job's pods: late and repeated events, assumptions, the passing of time."""

from __future__ import annotations

from controller.api.ids import NONE, Ids
from controller.api.pods.pod import Pod, Trouble
from controller.core.pods.index import Instances
from tests.values import replace


def pod(i: int = 0, version: int = 1, uid: str = "", **facts: object) -> Pod:
    made = Pod("ns", f"web-{i}", uid or f"u{i}", "web", "job", i, revision="web-a")
    return replace(made, resource_version=version, **facts)  # type: ignore[arg-type]


def test_an_old_version_changes_nothing() -> None:
    store = Instances("job")
    assert store.put(pod(version=5, phase="Running"))
    assert not store.put(pod(version=4))
    assert not store.put(pod(version=6, phase="Running")), "a new version that shows nothing new"
    assert store.view().alive == Ids([0])


def test_a_late_delete_leaves_the_successor() -> None:
    store = Instances("job")
    store.put(pod(version=1, uid="old"))
    store.put(pod(version=7, uid="new"))
    assert not store.drop((0, False), "old")
    assert store.view().alive == Ids([0])
    assert store.drop((0, False), "new")
    assert store.view().present == NONE


def test_an_assumed_pod_stays_until_the_watch_shows_it() -> None:
    store = Instances("job")
    store.assume_created(replace(pod(version=0), uid=""))
    assert store.view().present == store.view().alive == Ids([0])
    store.put(pod(version=3, uid="real"))
    store.not_created((0, False))
    assert store.view().pod(0).uid == "real", "an observed pod is not dropped"


def test_an_assumed_delete_makes_the_pod_terminating() -> None:
    store = Instances("job")
    store.put(pod(ready=True, uid="old"))
    store.advance(10.0)
    store.assume_deleted((0, False), "old")
    view = store.view()
    assert (view.terminating, view.alive, view.ready, view.good) == (Ids([0]), NONE, NONE, NONE)
    store.not_deleted((0, False), "old")
    store.advance(10.0)
    assert store.view().good == Ids([0])
    store.assume_deleted((0, False), "old")
    store.put(pod(version=9, uid="new", ready=True))
    assert store.view().alive == Ids([0]), "the successor is not terminating"


def test_ready_long_enough_is_good() -> None:
    store = Instances("job", min_ready=5)
    store.put(pod(0, ready=True, ready_since=100.0))
    store.put(pod(1, ready=True, ready_since=103.0))
    store.advance(104.9)
    assert (store.view().good, store.view().next_good) == (NONE, 105.0)
    store.advance(105.0)
    assert (store.view().good, store.view().next_good) == (Ids([0]), 108.0)
    store.put(pod(1, version=2, ready=True, ready_since=107.0))
    store.advance(108.0)
    assert (store.view().good, store.view().next_good) == (Ids([0]), 112.0), (
        "after a flap the window begins anew"
    )
    store.set_times(20)
    store.advance(120.0)
    assert (store.view().good, store.view().next_good) == (Ids([0]), 127.0)


def test_own_orphan_and_foreign_pods() -> None:
    store = Instances("job")
    store.put(pod(0))
    store.put(pod(1, owner=""))
    store.put(pod(2, owner="another"))
    view = store.view()
    assert (view.present, view.orphan, view.foreign) == (Ids([0]), Ids([1]), Ids([2]))
    store.belong_to("another")
    assert (store.view().present, store.view().foreign) == (Ids([2]), Ids([0]))


def test_the_sets_show_the_pod_in_each_ids_slot() -> None:
    store = Instances("job")
    store.put(pod(0, ready=True))
    store.put(replace(pod(0, uid="twin"), name="web-0-s", surge=True, revision="web-b"))
    assert store.view().at_revision("web-a") == store.view().ready == Ids([0])
    moved = store.view(Ids([0]))
    assert (moved.ready, moved.at_revision("web-b")) == (NONE, Ids([0]))
    assert moved.pod(0).uid == "twin"


def test_the_index_counts_how_often_in_a_row_a_pod_ended() -> None:
    store = Instances("job")
    trouble = Trouble("Error", at=2.0)
    store.put(pod(0, phase="Failed", ran=True, remade=2, trouble=trouble))
    store.drop((0, False), "u0")
    assert {slot: s.count for slot, s in store.remade.items()} == {(0, False): 3}
    store.put(pod(0, version=9, uid="new"))
    assert store.remade == {}


def test_only_a_restart_or_a_lost_readiness_is_an_interruption() -> None:
    store = Instances("job")

    def interruptions() -> int:
        return store.view().interruptions_of(Ids([0]), 0.0)

    store.put(pod(version=1, ready=True, ready_since=10.0, restarts=1))
    store.put(pod(version=2, ready=True, ready_since=10.0, restarts=1, ip="10.0.0.1"))
    assert interruptions() == 0, "another version that shows neither"
    store.put(pod(version=3, ready=True, ready_since=10.0, restarts=2, ip="10.0.0.1"))
    assert interruptions() == 1
    store.put(pod(version=4, ready=False, ready_since=20.0, restarts=2, ip="10.0.0.1"))
    assert interruptions() == 2
