"""ControllerRevisions can be patched later, whatever characters their template has."""

from __future__ import annotations

import json

from controller.core.revisions.revision import canonical, digest
from controller.kube import go_json
from hack.harness.manifests import Object, job, template
from hack.harness.space import Space

#: Strings that the JSON encoders of Python and Go write, or may write, differently.
AWKWARD: Object = {
    "html": "a && b > /c < d",
    "lines": "x\u2028y\u2029z",
    "control": "".join(map(chr, range(1, 32))) + "\x7f\x80",
    "letters": "é 漢 😀 \uffff",
    "quotes": "\"\\/'",
    "keys": {"": 1, "z": 1, "A": 1, "é": 1, "😀": 1, "\uffff": 1},
    "whole": [2**53 + 1, 2**63 - 1, -(2**63), 10**19, 10**21],
    "floats": [0.1, 1e-5, 1e-7, 1.5e-10, 1e16, 1e20, 1e22, 1.5e300, -0.25],
    "others": [None, True, {}, [], ""],
}


def awkward(image: str) -> Object:
    """A template whose command has special characters of shells."""
    made = template(image, note="<&>\u2028é")
    made["spec"]["containers"][0]["command"] = ["sh", "-c", "a && b > /c < d"]
    return made


def orphaned(space: Space, revisions: int) -> None:
    space.orphan_job()
    left = space.revisions()
    assert len(left) == revisions
    assert not any(each["metadata"].get("ownerReferences") for each in left)
    assert space.kubectl("get", "pods", "-o", "name").split() == ["pod/web-0", "pod/web-1"]


def test_a_template_of_a_shell_is_rolled_back_to_and_orphaned(space: Space) -> None:
    first = space.made(job(instances=2, template=awkward("web:1")))
    space.set_template(awkward("web:2"))
    space.wait_update("RolledForward", name="web-g2")
    space.set_template(awkward("web:1"))
    space.wait_update("RolledForward", name="web-g3")
    newest = space.revisions()[-1]
    assert newest["metadata"]["name"] == first["status"]["currentRevision"]
    assert newest["data"] == awkward("web:1")
    orphaned(space, 2)


def test_a_revision_that_an_older_operator_stored_is_used_again_and_orphaned(space: Space) -> None:
    data = awkward("web:1")
    body = {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {
            "name": f"web-{digest(canonical(data))}",
            "labels": {"echelon.dev/job": "web", "app.kubernetes.io/managed-by": "echelon"},
        },
        "data": json.loads(canonical(data)),
        "revision": 1,
    }
    # As Python writes it; older operators sent it this way.
    sent = json.dumps(body, separators=(",", ":"))
    space.kubectl("create", "--raw", space.path("controllerrevisions"), "-f", "-", input=sent)
    first = space.made(job(instances=2, template=data))
    assert first["status"]["currentRevision"] == body["metadata"]["name"]
    space.set_template(awkward("web:2"))
    space.wait_update("RolledForward", name="web-g2")
    space.set_template(data)
    space.wait_update("RolledForward", name="web-g3")
    assert space.revisions()[-1]["metadata"]["name"] == body["metadata"]["name"]
    orphaned(space, 2)


def test_everything_that_go_writes_otherwise_can_be_patched_by_anybody(space: Space) -> None:
    body: Object = {"apiVersion": "apps/v1", "kind": "ControllerRevision", "revision": 1}
    body |= {"metadata": {"name": "any"}, "data": AWKWARD}
    sent, path = go_json.dump(body).decode(), space.path("controllerrevisions")
    space.kubectl("create", "--raw", path, "-f", "-", input=sent)
    for kind in ("merge-patch", "strategic-merge-patch"):
        space.api.patch(f"{path}/any", {"metadata": {"labels": {"seen": kind}}}, kind)
    assert space.api.get(f"{path}/any")["data"] == AWKWARD
