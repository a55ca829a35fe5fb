"""A plan computed from what the API server shows is the operator's plan."""

from __future__ import annotations

from typing import Any

import pytest

from controller.api.job import Job
from controller.api.meta import parse_time
from controller.api.preview import UpdatePlan
from controller.api.sla import Sla
from controller.api.update import Update, UpdateSpec
from controller.core.revisions import revision as revisions
from controller.view import planning
from controller.view.configurations import present_of

Object = dict[str, Any]
NOW = parse_time("2026-01-01T01:00:00Z")
OWNER = {"apiVersion": "echelon.dev/v1alpha1", "kind": "EchelonJob", "name": "web", "uid": "j1"}


def template(image: str = "web:1", **spec: Any) -> Object:
    return {"spec": {"containers": [{"name": "web", "image": image}], **spec}}


def revision(content: Object) -> str:
    return revisions.revision_name("web", revisions.digest(revisions.canonical(content)))


OLD, NEW = template("web:1"), template("web:2")


def job(content: Object = NEW, count: int = 4, **update: Any) -> Job:
    """A Job whose 4 instances run `OLD`; its template is ``content``."""
    status = {
        "instancesInForce": 4,
        "currentRevision": revision(OLD),
        "assigned": [{"revision": revision(OLD), "instances": "0-3"}],
        "lastAttempt": {"revision": revision(OLD), "outcome": "RolledForward"},
        **update.pop("status", {}),
    }
    return Job.model_validate(
        {
            "metadata": {"name": "web", "namespace": "ns", "uid": "j1", "generation": 2},
            "spec": {"instances": count, "template": content, "update": update},
            "status": status,
        }
    )


def pod(instance: int, content: Object = OLD) -> Object:
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}
    return {
        "metadata": {
            "name": f"web-{instance}",
            "namespace": "ns",
            "uid": f"p{instance}",
            "resourceVersion": "7",
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "ownerReferences": [{**OWNER, "controller": True}],
            "labels": {
                "echelon.dev/job": "web",
                "echelon.dev/instance": str(instance),
                "echelon.dev/revision": revision(content).removeprefix("web-"),
            },
        },
        "spec": {"containers": content["spec"]["containers"], "nodeName": "n1"},
        "status": {"phase": "Running", "conditions": [ready], "containerStatuses": []},
    }


def controller_revision(content: Object, number: int) -> Object:
    meta = {"name": revision(content), "uid": f"r{number}"}
    owner = [{**OWNER, "controller": True}]
    return {"metadata": {**meta, "ownerReferences": owner}, "revision": number, "data": content}


REVISIONS = [controller_revision(OLD, 1)]
PODS = [pod(i) for i in range(4)]


def plan(
    of: Job, *updates: Update, pods: list[Object] | None = None, own: bool = False, **spec: Any
) -> UpdatePlan:
    wish = UpdateSpec.model_validate({"job": "web", **spec})
    shown = PODS if pods is None else pods
    return planning.plan(of, wish, shown, REVISIONS, updates, NOW, by_operator=own)


def test_a_new_template() -> None:
    found = plan(job(strategy={"type": "Batch", "size": 3}))
    assert str(found.instances.recreate) == "0-3"
    assert [str(group.instances) for group in found.groups.first] == ["0-2", "3"]
    assert not found.conflicts
    assert str(planning.covered(found)) == "0-3"


def test_a_canary_and_a_missing_pod() -> None:
    found = plan(job(), instances="1-2", pods=PODS[:2])
    assert str(found.instances.recreate) == "1-2"
    assert str(found.groups.first[0].instances) == "2", "what is unavailable comes first"
    assert str(found.instances.unchanged) == "0,3"


def test_the_count_changes_with_the_template() -> None:
    assert str(plan(job(count=6)).instances.create) == "4-5"
    assert str(plan(job(count=3)).instances.remove) == "3"


def test_in_place_and_surge() -> None:
    assert str(plan(job(replacement="InPlace")).instances.in_place) == "0-3"
    assert str(plan(job(replacement="Surge")).instances.surge) == "0-3"
    found = plan(job(template("web:1", hostNetwork=True), replacement="InPlace"))
    assert str(found.instances.recreate) == "0-3"
    assert [each.reason for each in found.conflicts] == ["NotInPlace"]
    assert not planning.refusals(found)


def test_nothing_to_change_and_a_restart() -> None:
    assert planning.changes_nothing(plan(job(OLD)))
    assert str(plan(job(OLD), restart=True).instances.recreate) == "0-3"
    assert str(plan(job(NEW), revision=revision(OLD)).instances.unchanged) == "0-3"


def test_what_the_operator_would_reject() -> None:
    bad = {
        "knownBad": [{"revision": revision(NEW), "reason": "Crash", "time": "2026-01-01T00:00:00Z"}]
    }
    found = plan(job(status=bad), instances="0-7")
    assert {each.reason for each in planning.refusals(found)} == {"KnownBad", "RangeOutsideJob"}
    assert not plan(job(status=bad), force=True).conflicts
    missing = plan(job(), revision="web-other")
    assert [each.reason for each in planning.refusals(missing)] == ["RevisionNotFound"]


def active(**meta: Any) -> Update:
    return Update.model_validate(
        {
            "metadata": {"name": "web-g1", "namespace": "ns", "uid": "u1", **meta},
            "spec": {"job": "web"},
            "status": {
                "phase": "RollingForward",
                "policy": {"strategy": {"type": "Queue", "size": 1}},
                "from": [{"revision": revision(OLD), "instances": "0-3"}],
                "to": {"revision": revision(template("web:1.5")), "instances": "0-3"},
            },
        }
    )


def test_beside_an_active_update() -> None:
    held = {"activeUpdate": {"name": "web-g1", "uid": "u1"}}
    found = plan(job(status=held), active())
    assert [each.reason for each in planning.refusals(found)] == ["UpdateInProgress"]
    mine = active(ownerReferences=[{**OWNER, "controller": True}])
    assert not plan(job(status=held), mine, own=True).conflicts, "a new template supersedes it"
    assert plan(job(status=held), mine).conflicts
    assert plan(job(status=held), active(), own=True).conflicts, "that of a person goes on"


def test_the_estimate_comes_from_finished_updates() -> None:
    done = Update.model_validate(
        {
            "metadata": {"name": "web-g1", "uid": "u0"},
            "spec": {"job": "web"},
            "status": {
                "phase": "RolledForward",
                "counts": {"updated": 4},
                "startedAt": "2026-01-01T00:00:00Z",
                "finishedAt": "2026-01-01T00:02:00Z",
            },
        }
    )
    found = plan(job(), done)
    assert found.estimate is not None
    assert found.estimate.seconds == 120


def test_what_cannot_be_planned() -> None:
    with pytest.raises(ValueError, match="not created yet"):
        plan(job(status={"lastAttempt": None}))
    with pytest.raises(ValueError, match="ids must ascend"):
        plan(job(), instances="3-1")


def test_what_only_makes_an_update_wait_is_a_warning() -> None:
    of = job(slaAware=True, strategy={"type": "Batch", "size": 3})
    spec = of.spec.model_copy(update={"sla": Sla(min_available=4)})
    found = plan(of.model_copy(update={"spec": spec}))
    assert [each.reason for each in found.conflicts] == ["SLA"]
    assert not planning.refusals(found)


def test_other_labels_alone_are_a_change() -> None:
    found = plan(with_limit(job(OLD)))
    assert str(found.instances.recreate) == "0-3", "a constraint is part of the pod"
    patch = {"metadata": {"labels": {"track": "canary"}}}
    overlays = ({"name": "later", "instances": "9", "patch": patch},)
    same = job(OLD)
    spec = same.spec.model_copy(update={"overlays": overlays})
    found = plan(same.model_copy(update={"spec": spec}))
    assert (str(found.instances.relabel), str(found.instances.unchanged)) == ("0-3", "")
    assert not planning.changes_nothing(found)
    assert not planning.covered(found)


def test_an_overlay_that_cannot_be_used_is_a_conflict() -> None:
    bad = ({"name": "bad", "match": "instance +", "patch": {}},)
    same = job(OLD)
    spec = same.spec.model_copy(update={"overlays": bad})
    (conflict,) = planning.refusals(plan(same.model_copy(update={"spec": spec})))
    assert conflict.reason == "InvalidOverlay"
    assert "spec.overlays[bad].match" in conflict.message


def with_limit(of: Job) -> Job:
    constraints = ({"key": "host", "limit": 1},)
    spec = of.spec.model_copy(update={"constraints": constraints})
    return of.model_copy(update={"spec": spec})


@pytest.mark.parametrize(("hosts", "reasons"), [(4, []), (3, ["PlacementImpossible"]), (None, [])])
def test_constraints_that_leave_no_place(hosts: int | None, reasons: list[str]) -> None:
    of = with_limit(job())
    content = present_of(of)
    assert planning.constrained(of, content) == {"kubernetes.io/hostname"}
    domains = None if hosts is None else {"kubernetes.io/hostname": hosts}
    wish = UpdateSpec.model_validate({"job": "web"})
    found = planning.plan(of, wish, PODS, REVISIONS, (), NOW, domains=domains)
    assert [each.reason for each in found.conflicts] == reasons
    assert not planning.refusals(found)
