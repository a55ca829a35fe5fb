"""The revisions of a Job."""

from __future__ import annotations

from controller.api.update import Update
from controller.view.history import history, number_of, requester
from tests.unit.view.raw import NOW, ago, job, ranges, revision, template, update

REVISIONS = [
    revision("b", 2, template("web:2")),
    revision("a", 1, template("web:1")),
    revision("c", 3, template("web:3")),
]


def test_each_revision_has_its_last_update() -> None:
    seen = job(
        3,
        currentRevision="web-a",
        updateRevision="web-c",
        assigned=ranges(a="0-1", b="2"),
        knownBad=[{"revision": "web-b"}],
    )
    to_b = {"revision": "web-b", "instances": "0-2"}
    updates = [
        update("web-g2", phase="Aborted", to=to_b, startedAt=ago(90)),
        update("web-g3", phase="RolledBack", to=to_b, startedAt=ago(40), message="boom"),
    ]
    first, second, third = history(seen, REVISIONS, updates)
    assert (first.number, first.update, first.outcome, first.by) == (1, "", "", "")
    assert first.is_current
    assert first.time == NOW - 999
    assert str(first.instances) == "0-1"
    assert (second.update, second.outcome, second.message) == ("web-g3", "RolledBack", "boom")
    assert second.is_bad
    assert second.time == NOW - 40
    assert second.images == ("web:2",)
    assert third.is_template
    assert not third.instances


def test_a_revision_without_an_update_says_where_it_comes_from() -> None:
    seen = job(3, currentRevision="web-a", assigned=ranges(a="0-2"))
    to_b = {"revision": "web-b", "instances": "0-2"}
    brought = update("web-g2", phase="RolledBack", to=to_b)
    entries = history(seen, REVISIONS, [brought])
    assert [each.origin for each in entries] == ["first creation", "", "never tried"]
    full = job(3, assigned=ranges(a="0-2"))
    full = full.model_copy(
        update={"spec": full.spec.model_copy(update={"update_history_limit": 1})}
    )
    assert {each.origin for each in history(full, REVISIONS, [brought])} == {""}, "or deleted"


def test_an_update_that_found_nothing_to_change_is_no_outcome() -> None:
    to_b = {"revision": "web-b", "instances": "0-2"}
    failed = update("web-g2", phase="RolledBack", to=to_b)
    nothing = {"phase": "RolledForward", "reason": "NoChange", "startedAt": None}
    again = update("web-g3", to=to_b, **nothing)
    back = update("web-g4", to={"revision": "web-a", "instances": "0-2"}, **nothing)
    first, second, _ = history(job(3), REVISIONS, [failed, again, back])
    assert (first.update, first.outcome, first.origin) == ("web-g4", "NoChange", "first creation")
    assert (second.update, second.outcome) == ("web-g2", "RolledBack")


def test_dry_runs_and_updates_that_were_not_admitted_brought_nothing() -> None:
    to_b = {"revision": "web-b", "instances": "0-2"}
    planned = update("plan", spec={"dryRun": True}, phase="Planned", to=to_b)
    rejected = update("bad", phase="Rejected", to=to_b, startedAt=None)
    entries = history(job(3), REVISIONS, [planned, rejected])
    assert [entry.update for entry in entries] == ["", "", ""]


def test_who_made_an_update() -> None:
    by_hand = update("mine")
    meta = by_hand.metadata.model_copy(update={"owner_references": ()})

    def of(**fields: object) -> Update:
        return by_hand.model_copy(update={"metadata": meta.model_copy(update=fields)})

    assert requester(update()) == "Echelon"
    assert requester(of()) == ""
    assert requester(of(annotations={"echelon.dev/changed-by": "ann"})) == "ann"
    fields = Update.model_validate(
        {
            "metadata": {
                "name": "mine",
                "managedFields": [
                    {"manager": "echelon-controller", "subresource": "status"},
                    {"manager": "kubectl-create"},
                ],
            },
            "spec": {"job": "web"},
        }
    )
    assert requester(fields) == "kubectl-create"


def wire(owner: bool = False, by: str = "", **meta: object) -> Update:
    """An Update that is admitted, ``by`` whom its history says."""
    owners = [
        {"apiVersion": "v1", "kind": "EchelonJob", "name": "web", "uid": "u", "controller": True}
    ]
    entry = {"time": "2026-01-01T00:00:00Z", "phase": "RollingForward", "reason": "Admitted"}
    named = {"name": "mine", "ownerReferences": owners if owner else []}
    return Update.model_validate(
        {
            "metadata": {**named, **meta},
            "spec": {"job": "web"},
            "status": {"history": [{**entry, "by": by}] if by else []},
        }
    )


def test_who_changes_an_update_later_has_not_made_it() -> None:
    bob = {"echelon.dev/changed-by": "bob"}
    assert requester(wire(annotations=bob, owner=True, by="echelon")) == "Echelon"
    assert requester(wire(annotations=bob, by="ada")) == "ada"
    assert requester(wire(annotations=bob)) == "bob", "nobody else is known"
    fields = [
        {"manager": "echelon-controller", "fieldsV1": {"f:metadata": {"f:annotations": {}}}},
        {"manager": "echelon-ui", "fieldsV1": {"f:spec": {"f:paused": {}}}},
        {"manager": "kubectl", "fieldsV1": {"f:spec": {".": {}, "f:job": {}}}},
    ]
    assert requester(wire(managedFields=fields)) == "kubectl"
    program = "kubectl (field manager)"
    assert requester(wire(annotations=bob, managedFields=fields, by=program)) == "kubectl"


def test_each_revision_says_where_it_comes_from() -> None:
    grown = revision("c", 3, template("web:3"))
    grown["metadata"]["annotations"] = {
        "echelon.dev/parent": "web-b",
        "echelon.dev/source": "commit 3",
        "echelon.dev/made-by": "argocd-controller",
    }
    lost = revision("b", 2, template("web:2"))
    lost["metadata"]["annotations"] = {"echelon.dev/parent": "web-gone"}
    entries = history(job(3), [lost, grown], [])
    assert [(e.parent, e.source, e.made_by) for e in entries] == [
        ("web-gone", "", ""),
        ("web-b", "commit 3", "argocd-controller"),
    ]
    assert [number_of(entries, e.parent) for e in entries] == ["web-gone", "2"]
    assert number_of(entries, "") == ""
