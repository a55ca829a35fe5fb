"""Overlays on a real API server: instances of one revision that differ."""

from __future__ import annotations

from typing import Any

from hack.harness.audit import Audit
from hack.harness.manifests import Object, batch, condition, is_true, job
from hack.harness.operator import USER, Operator
from hack.harness.space import Space

ENDS = ("RolledForward", "RolledBack", "Failed")


def overlay(name: str, where: str, **env: str) -> Object:
    """``where``: a range string, or a CEL expression."""
    made = [{"name": key, "value": value} for key, value in env.items()]
    select = {"match": where} if "instance" in where else {"instances": where}
    return {
        "name": name,
        **select,
        "patch": {"spec": {"containers": [{"name": "web", "env": made}]}},
    }


def lives(space: Space) -> dict[int, int]:
    return {instance: len(uids) for instance, uids in space.observer.uids().items()}


def env(space: Space, instance: int) -> dict[str, str]:
    (container,) = space.pod(instance)["spec"]["containers"]
    return {e["name"]: e.get("value", "") for e in container.get("env", ()) if "LOG" in e["name"]}


def rolled(space: Space, **spec: Any) -> Object:
    generation = space.patch_job(**spec)["metadata"]["generation"]
    ended = space.wait_update(*ENDS, name=f"web-g{generation}", timeout=40)
    space.wait_job("no active Update", lambda j: "activeUpdate" not in j["status"])
    return ended


def test_a_job_is_created_with_instances_that_differ(space: Space) -> None:
    space.made(job(instances=3, overlays=[overlay("odd", "instance % 2 == 1", LOG="debug")]))
    assert [env(space, i) for i in range(3)] == [{}, {"LOG": "debug"}, {}]
    (revision,) = space.revisions()
    assert revision["data"]["echelon"]["overlays"][0]["name"] == "odd"


def test_only_the_instances_that_differ_are_replaced(space: Space, audit: Audit) -> None:
    space.made(job(instances=6, strategy=batch(2)))
    audit.mark()
    ended = rolled(space, overlays=[overlay("canary", "1,4", LOG="debug")])
    assert ended["status"]["phase"] == "RolledForward"
    counts = ended["status"]["counts"]
    assert (counts["total"], counts["updated"], counts["relabelled"]) == (2, 2, 4)
    assert lives(space) == {0: 1, 1: 2, 2: 1, 3: 1, 4: 2, 5: 1}
    new = ended["status"]["to"]["revision"]
    assert {pod.revision for pod in space.pods().values()} == {new}
    assert {p.labels["echelon.dev/revision"] for p in space.pods().values()} == {
        new.removeprefix("web-")
    }
    assert space.wait_ready()["status"]["currentRevision"] == new
    asked = audit.requests(user=USER, namespace=space.name)
    patches = [r.name for r in asked if r.resource == "pods" and r.verb == "patch"]
    assert sorted(patches) == ["web-0", "web-2", "web-3", "web-5"], "one patch for each"


def test_an_overlay_that_goes_changes_only_those_that_had_it(space: Space) -> None:
    space.made(job(instances=4, overlays=[overlay("canary", "2", LOG="debug")]))
    ended = rolled(space, overlays=[])
    assert ended["status"]["counts"]["relabelled"] == 3
    assert lives(space) == {0: 1, 1: 1, 2: 2, 3: 1}
    assert env(space, 2) == {}


def test_a_bad_overlay_is_undone_and_labels_are_as_before(space: Space) -> None:
    made = space.made(job(instances=4, update={"maxFailuresPerInstance": 0}))
    old = made["status"]["currentRevision"]
    bad = {"metadata": {"annotations": {"sim.echelon.dev/behaviour": "crash-loop"}}}
    ended = rolled(space, overlays=[{"name": "bad", "instances": "1-2", "patch": bad}])
    assert ended["status"]["phase"] == "RolledBack"
    space.until("all to be as before", lambda: {p.revision for p in space.pods().values()} == {old})
    assert lives(space)[0] == lives(space)[3] == 1


def test_it_goes_on_after_the_operator_was_killed(space: Space, operator: Operator) -> None:
    space.made(job(instances=6))
    space.patch_job(overlays=[overlay("some", "0-2", LOG="debug")])
    space.until("one to be replaced", lambda: lives(space).get(0) == 2)
    operator.kill9()
    operator.start()
    ended = space.wait_update("RolledForward", timeout=40)
    assert ended["status"]["counts"]["relabelled"] == 3
    assert lives(space) == {0: 2, 1: 2, 2: 2, 3: 1, 4: 1, 5: 1}


def test_overlays_that_cannot_be_used_touch_nothing(space: Space) -> None:
    space.made(job(instances=2))
    for overlays, words in (
        ([overlay("bad", "instance +", LOG="x")], "spec.overlays[bad].match"),
        ([overlay("bad", "x", LOG="x")], "spec.overlays[bad].instances"),
        (
            [{"name": "ours", "instances": "0", "patch": {"spec": {"restartPolicy": "Never"}}}],
            "spec.overlays[ours].patch.spec.restartPolicy",
        ),
        (
            [{"name": "odd", "instances": "0", "patch": {"spec": {"containers": [{"name": "b"}]}}}],
            "overlay odd",
        ),
    ):
        space.patch_job(overlays=overlays)
        told = space.wait_job(
            "Stalled", lambda j, words=words: words in condition(j, "Stalled").get("message", "")
        )
        assert condition(told, "Stalled")["reason"] == "InvalidOverlay"
    assert lives(space) == {0: 1, 1: 1}
    space.patch_job(overlays=[])
    assert is_true(space.wait_ready(), "Ready")


def test_a_job_created_with_a_bad_overlay_makes_no_pod(space: Space) -> None:
    space.create(job(instances=2, overlays=[overlay("bad", "1 +", LOG="x")]))
    space.wait_job("Stalled", lambda j: is_true(j, "Stalled"))
    assert space.pods() == {}
