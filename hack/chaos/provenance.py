"""The scenarios about where revisions come from, in which the operator is killed at each of its
writes: the source and the expected parent of a template (contract part 2 §1)."""

from __future__ import annotations

from controller.api import labels
from hack.chaos.scenario import PATIENCE, Scenario, at_rest, ended, long_only, pods, seen
from hack.harness.manifests import Object, condition, is_true, job, template, update
from hack.harness.space import Space

#: What tells of one revision: image, number, source, and the image of its parent.
Origin = tuple[str, int, str, str]


def provenance() -> list[Scenario]:
    """All of them."""
    return [
        Scenario("provenance, source and parent", _made, _ship),
        long_only("provenance, parent mismatch", _made, _wait_for_parent),
        long_only("provenance, older template", _made_twice, _back_by_template),
        long_only("provenance, older revision by hand", _made_twice, _back_by_hand),
    ]


def _made(space: Space) -> None:
    wish = job()
    wish["metadata"]["annotations"] = {labels.SOURCE: "commit 1"}
    space.made(wish, timeout=PATIENCE)


def _made_twice(space: Space) -> None:
    _made(space)
    _apply(space, "web:2", "commit 2")
    ended(space, "RolledForward")


def _apply(space: Space, image: str, source: str, parent: str = "") -> None:
    """Write a template with its source and the parent that it expects, as a pipeline does."""
    notes = {labels.SOURCE: source, labels.EXPECTED_PARENT: parent}
    change = {"metadata": {"annotations": notes}, "spec": {"template": template(image)}}
    space.api.patch(space.path("echelonjobs", "web"), change)


def _annotate(space: Space, name: str, value: str) -> None:
    path = space.path("echelonjobs", "web")
    space.api.patch(path, {"metadata": {"annotations": {name: value}}})


def _current(space: Space) -> str:
    return str(space.job()["status"]["currentRevision"])


def _until(space: Space, *origins: Origin) -> None:
    """Wait until these are the Job's revisions, oldest first."""
    what = f"the revisions {origins}"
    space.cluster.wait(what, lambda: _origins(space.revisions()) == [*origins], PATIENCE)


def _origins(revisions: list[Object]) -> list[Origin]:
    images = {
        each["metadata"]["name"]: each["data"]["spec"]["containers"][0]["image"]
        for each in revisions
    }
    found = list[Origin]()
    for each in revisions:
        meta = each["metadata"]
        notes = meta.get("annotations", {})
        parent = images.get(notes.get(labels.PARENT, ""), "")
        found.append((images[meta["name"]], each["revision"], notes.get(labels.SOURCE, ""), parent))
    return found


def _is_built_from(update: Object, source: str, parent: str) -> None:
    to = update["status"]["to"]
    assert (to["source"], to["parent"]) == (source, parent), f"the Update says {to}"


def _ship(space: Space) -> None:
    """A template that expects what runs, and then another source without a change."""
    base = _current(space)
    _apply(space, "web:2", "commit 2", parent=base)
    _is_built_from(ended(space, "RolledForward"), "commit 2", base)
    _annotate(space, labels.SOURCE, "commit 3")
    _until(space, ("web:1", 1, "commit 1", ""), ("web:2", 2, "commit 3", "web:1"))
    _is_built_from(space.update("web-g2"), "commit 2", base)


def _wait_for_parent(space: Space) -> None:
    """A template that expects another parent waits while the Job is scaled, until that is
    mended."""
    base = _current(space)
    _apply(space, "web:2", "commit 2", parent="web-of-somebody-else")
    space.wait_job("the template waits", _waits, timeout=PATIENCE)
    space.scale(4)
    pods(space, 4)
    space.wait_job(
        "the template waits with four instances",
        lambda it: _waits(it) and it["status"]["availableInstances"] == 4,
        timeout=PATIENCE,
    )
    assert {pod.image for pod in seen(space)} == {"web:1"}
    assert not space.updates()
    _until(space, ("web:1", 1, "commit 1", ""))
    _annotate(space, labels.EXPECTED_PARENT, base)
    _is_built_from(ended(space, "RolledForward", "web-g3"), "commit 2", base)
    _until(space, ("web:1", 1, "commit 1", ""), ("web:2", 2, "commit 2", "web:1"))


def _waits(found: Object) -> bool:
    waits = condition(found, "UpdatePending").get("reason") == "ParentMismatch"
    return waits and is_true(found, "Ready")


def _back_by_template(space: Space) -> None:
    """The revision of the older template is the newest again, with a source of its own."""
    newer = _current(space)
    _apply(space, "web:1", "commit 3", parent=newer)
    _is_built_from(ended(space, "RolledForward", "web-g3"), "commit 3", newer)
    _until(space, ("web:2", 2, "commit 2", "web:1"), ("web:1", 3, "commit 3", "web:2"))


def _back_by_hand(space: Space) -> None:
    """It keeps the source that it was made from."""
    older, newer = (each["metadata"]["name"] for each in space.revisions())
    space.create(update("back", revision=older))
    _is_built_from(ended(space, "RolledForward", "back"), "commit 1", newer)
    at_rest(space)
    _until(space, ("web:2", 2, "commit 2", "web:1"), ("web:1", 3, "commit 1", "web:2"))
