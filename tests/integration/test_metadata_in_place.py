"""Labels and annotations of the template, changed on running pods of a real API server."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from hack.harness.audit import Audit
from hack.harness.manifests import Object, batch, job, template
from hack.harness.operator import USER, Operator
from hack.harness.space import Space

BASE = "echelon.dev/restart-base"
SMALL, LARGE = ({"requests": {"cpu": cpu}} for cpu in ("10m", "20m"))


def configured(
    config: str | None, *, track: str = "stable", image: str = "web:1", **fields: Any
) -> Object:
    """A template with an annotation of the user's, and a label."""
    made = template(image)
    notes = {} if config is None else {"example.com/config": config}
    made["metadata"] = {"annotations": notes, "labels": {"track": track}}
    made["spec"]["containers"][0].update(fields)
    return made


def in_place(template: Object, instances: int = 3, **update: Any) -> Object:
    policy = {"replacement": "InPlace", "maxFailuresPerInstance": 0, **update}
    return job(instances=instances, update=policy, template=template)


def lives(space: Space) -> dict[int, int]:
    return {instance: len(uids) for instance, uids in space.observer.uids().items()}


def restarts(space: Space) -> set[int]:
    return {pod.restarts for pod in space.pods().values()}


def settled(space: Space, *phases: str) -> Object:
    ended = space.wait_update(*phases, timeout=40)
    space.wait_job("no active Update", lambda j: "activeUpdate" not in j["status"])
    return ended


def writes_of_pods(audit: Audit, space: Space) -> list[tuple[str, str]]:
    asked = audit.requests(user=USER, namespace=space.name)
    return sorted(
        (r.verb, r.name) for r in asked if r.resource == "pods" and r.writes and not r.dry_run
    )


def test_it_takes_one_patch_of_each_pod_and_no_restart(space: Space, audit: Audit) -> None:
    space.made(in_place(configured("a=1")))
    space.kubectl("annotate", "pod", "web-1", "example.com/theirs=kept")
    audit.mark()
    space.set_template(configured("a={{echelon.instance}}", track="next"))
    ended = settled(space, "RolledForward")
    new = ended["status"]["to"]["revision"]
    assert lives(space) == {0: 1, 1: 1, 2: 1}
    assert restarts(space) == {0}
    assert ended["status"]["counts"]["updated"] == 3
    assert "failures" not in ended["status"]
    for instance, pod in space.pods().items():
        assert pod.annotations["example.com/config"] == f"a={instance}"
        assert pod.labels["track"] == "next"
        assert pod.revision == new
        assert pod.annotations["echelon.dev/update"] == ended["metadata"]["uid"]
        assert json.loads(pod.annotations[BASE])["web"] == 0
        assert datetime.fromisoformat(json.loads(pod.annotations[BASE])["at"]).tzinfo
    assert space.pods()[1].annotations["example.com/theirs"] == "kept"
    assert writes_of_pods(audit, space) == [("patch", f"web-{i}") for i in range(3)]


def test_a_key_that_the_template_no_longer_has_goes(space: Space) -> None:
    space.made(in_place(configured("a=1"), instances=2))
    space.set_template(configured(None))
    settled(space, "RolledForward")
    assert lives(space) == {0: 1, 1: 1}
    assert all("example.com/config" not in pod.annotations for pod in space.pods().values())


def test_with_an_image_it_is_still_one_patch(space: Space, audit: Audit) -> None:
    space.made(in_place(configured("a=1"), instances=2))
    audit.mark()
    space.set_template(configured("a=2", image="web:2"))
    settled(space, "RolledForward")
    assert lives(space) == {0: 1, 1: 1}
    assert restarts(space) == {1}
    for pod in space.pods().values():
        assert (pod.image, pod.annotations["example.com/config"]) == ("web:2", "a=2")
    assert writes_of_pods(audit, space) == [("patch", "web-0"), ("patch", "web-1")]


def test_with_resources_it_follows_the_resize(space: Space) -> None:
    space.made(in_place(configured("a=1", resources=SMALL), instances=2))
    space.set_template(configured("a=2", resources=LARGE))
    settled(space, "RolledForward")
    assert lives(space) == {0: 1, 1: 1}
    assert restarts(space) == {0}
    for instance, pod in space.pods().items():
        assert pod.annotations["example.com/config"] == "a=2"
        assert "echelon.dev/resizing" not in pod.annotations
        there = space.pod(instance)["status"]["containerStatuses"][0]["resources"]
        assert there["requests"] == LARGE["requests"]


def test_a_pod_that_reads_the_key_at_its_start_is_replaced(space: Space) -> None:
    path = "metadata.annotations['example.com/config']"
    env = [{"name": "CONFIG", "valueFrom": {"fieldRef": {"fieldPath": path}}}]
    space.made(in_place(configured("a=1", env=env), instances=2))
    space.set_template(configured("a=2", env=env))
    ended = settled(space, "RolledForward")
    assert lives(space) == {0: 2, 1: 2}
    why = [entry["message"] for entry in ended["status"]["history"]]
    assert any(f"environment variable CONFIG of container web reads {path}" in m for m in why)


def test_it_goes_on_after_the_operator_was_killed(space: Space, operator: Operator) -> None:
    space.made(in_place(configured("a=1"), instances=6, strategy=batch(2)))
    space.set_template(configured("a=2"))
    space.until("a pod to be changed", lambda: BASE in space.pods()[2].annotations)
    operator.kill9()
    operator.start()
    settled(space, "RolledForward")
    assert lives(space) == dict.fromkeys(range(6), 1)
    assert restarts(space) == {0}
    assert {p.annotations["example.com/config"] for p in space.pods().values()} == {"a=2"}


@pytest.mark.parametrize("with_resources", [False, True])
def test_a_pod_whose_annotations_would_be_too_large_is_replaced(
    space: Space, with_resources: bool
) -> None:
    before, after = ({"resources": r} if with_resources else {} for r in (SMALL, LARGE))
    space.made(in_place(configured("a=1", **before), instances=2))
    space.patch_pod("web-1", annotations={"example.com/theirs": "x" * (200 * 1024)})
    space.set_template(configured("y" * (100 * 1024), **after))
    settled(space, "RolledForward")
    assert lives(space) == {0: 1, 1: 2}
