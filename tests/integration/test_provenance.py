"""Revisions know where they come from, and a template waits for the parent that it expects."""

from __future__ import annotations

from typing import Any

from hack.harness.manifests import Object, condition, is_true, job, template, update
from hack.harness.space import Space
from tests.cli.echelon import Echelon

PREFIX = "echelon.dev/"


def shipped(space: Space, image: str, **notes: str) -> Object:
    """A pipeline applies an image together with annotations of the Job, in one write."""
    change = {"metadata": {"annotations": noted(**notes)}, "spec": {"template": template(image)}}
    done: Object = space.api.patch(space.path("echelonjobs", "web"), change)
    return done


def noted(**notes: str) -> dict[str, str]:
    return {PREFIX + name.replace("_", "-"): note for name, note in notes.items()}


def annotate(space: Space, **notes: str) -> None:
    path = space.path("echelonjobs", "web")
    space.api.patch(path, {"metadata": {"annotations": noted(**notes)}})


def made(space: Space, **notes: str) -> Object:
    given = job(instances=2)
    given["metadata"]["annotations"] = noted(**notes)
    return space.made(given)


def revision(space: Space, image: str) -> Object:
    """The ControllerRevision with an image."""
    return next(
        each
        for each in space.revisions()
        if each["data"]["spec"]["containers"][0]["image"] == image
    )


def origin(space: Space, image: str) -> tuple[str, str]:
    """Source of the revision with an image, and the image of its parent."""
    notes = revision(space, image)["metadata"].get("annotations", {})
    names = {
        each["metadata"]["name"]: each["data"]["spec"]["containers"][0]["image"]
        for each in space.revisions()
    }
    return notes.get(f"{PREFIX}source", ""), names.get(notes.get(f"{PREFIX}parent", ""), "")


def rolled(space: Space, after: Object) -> Object:
    """The Update of a Job that was written, when it has rolled forward."""
    name = f"web-g{after['metadata']['generation']}"
    return space.wait_update("RolledForward", name=name)


def test_a_chain_of_updates_and_a_way_back(space: Space) -> None:
    first = made(space, source="commit 1", expected_parent="web-ignored-at-first")
    annotate(space, expected_parent="")
    assert origin(space, "web:1") == ("commit 1", "")
    for number in (2, 3, 4):
        before = space.job()["status"]["currentRevision"]
        done = rolled(space, shipped(space, f"web:{number}", source=f"commit {number}"))
        assert origin(space, f"web:{number}") == (f"commit {number}", f"web:{number - 1}")
        to = done["status"]["to"]
        assert (to["source"], to["parent"]) == (f"commit {number}", before)
        space.wait_ready()
    wide = space.kubectl("get", "eup", "-o", "wide")
    assert "SOURCE" in wide.splitlines()[0]
    assert "commit 3" in wide

    old, newest = first["status"]["currentRevision"], revision(space, "web:4")
    space.create(update("back", revision=old))
    back = space.wait_update("RolledForward", name="back")
    assert back["status"]["to"]["source"] == "commit 1"
    assert back["status"]["to"]["parent"] == newest["metadata"]["name"]
    assert origin(space, "web:1") == ("commit 1", "web:4"), "not built from commit 4"
    assert revision(space, "web:1")["revision"] == newest["revision"] + 1

    echelon = Echelon(space.cluster.kubeconfig, space.name)
    lines = echelon("job", "history", "web", "-o", "wide", check=0).lines
    head, *rows = [line.split("   ") for line in lines]
    titles = [each.strip() for each in head if each.strip()]
    assert titles[:5] == ["NUMBER", "REVISION", "PARENT", "IMAGES", "SOURCE"]
    cells = [[each.strip() for each in row if each.strip()] for row in rows]
    assert [(row[0], row[2], row[3], row[4]) for row in cells] == [
        ("2", "5", "web:2", "commit 2"),
        ("3", "2", "web:3", "commit 3"),
        ("4", "3", "web:4", "commit 4"),
        ("5", "4", "web:1", "commit 1"),
    ]


def test_a_source_alone_is_stamped_without_an_update(space: Space) -> None:
    made(space, source="commit 1")
    before = {i: pod.uid for i, pod in space.pods().items()}
    number = revision(space, "web:1")["revision"]
    annotate(space, source="commit 2 " + "x" * 300)
    stamped = "commit 2 " + "x" * 247
    space.until("the stamp", lambda: origin(space, "web:1") == (stamped, ""))
    assert revision(space, "web:1")["revision"] == number
    assert not space.updates()
    assert {i: pod.uid for i, pod in space.pods().items()} == before
    assert is_true(space.job(), "Ready")


def test_who_wrote_the_template(space: Space) -> None:
    space.apply(job(instances=2), manager="argocd-controller")
    space.wait_ready()

    def author(image: str) -> Any:
        return revision(space, image)["metadata"]["annotations"].get(f"{PREFIX}made-by")

    assert author("web:1") == "argocd-controller"
    change = [{"op": "replace", "path": "/spec/template", "value": template("web:2")}]
    path = space.path("echelonjobs", "web") + "?fieldManager=kubectl-edit"
    after = space.api.request("PATCH", path, change, "application/json-patch+json")
    rolled(space, after)
    assert author("web:2") == "kubectl-edit"
    assert author("web:1") == "argocd-controller"
    space.scale(3)
    space.wait_ready()
    rolled(space, space.apply(job(instances=3, image="web:3"), "argocd-controller", force=True))
    assert author("web:3") == "argocd-controller"


def test_two_pipelines_that_build_on_the_same_revision(space: Space) -> None:
    base = made(space)["status"]["currentRevision"]
    rolled(space, shipped(space, "web:2", source="mine", expected_parent=base))
    mine = space.wait_ready()["status"]["currentRevision"]
    late = shipped(space, "web:3", source="yours", expected_parent=base)

    def waits(seen: Object) -> bool:
        current = seen["status"]["observedGeneration"] >= late["metadata"]["generation"]
        return current and condition(seen, "UpdatePending").get("reason") == "ParentMismatch"

    seen = space.wait_job("the second waits", waits)
    assert base in condition(seen, "UpdatePending")["message"]
    assert mine in condition(seen, "UpdatePending")["message"]
    assert is_true(seen, "Ready")
    assert not is_true(seen, "Stalled")
    assert len(space.revisions()) == 2, "a template that waits is no revision yet"
    space.scale(4)
    more = space.wait_job("four", lambda j: j["status"].get("availableInstances") == 4)
    assert condition(more, "UpdatePending")["reason"] == "ParentMismatch"
    assert {pod.image for pod in space.pods().values()} == {"web:2"}

    annotate(space, expected_parent=mine)
    done = space.wait_update("RolledForward", probe=lambda u: u["metadata"]["name"] != "web-g2")
    assert done["status"]["to"]["parent"] == mine
    assert done["status"]["to"]["source"] == "yours"
    assert {pod.image for pod in space.pods().values()} == {"web:3"}
    assert not is_true(space.wait_ready(), "UpdatePending")
