"""A pod on which a resize was announced, and not made, because the operator was killed between."""

from __future__ import annotations

from controller.api import labels
from controller.api.pods.resizing import Resizing
from hack.harness.manifests import Object, job, template
from hack.harness.space import Space

SMALL, LARGE = {"cpu": "10m", "memory": "16Mi"}, {"cpu": "20m", "memory": "16Mi"}


def sized(requests: Object) -> Object:
    made = template()
    made["spec"]["containers"][0]["resources"] = {"requests": requests}
    return made


def test_outside_of_an_update_the_announcement_is_taken_back(space: Space) -> None:
    wish = job(instances=2, template=sized(SMALL), update={"replacement": "InPlace"})
    space.create(wish)
    space.wait_ready()
    before = space.pod(1)
    notes = before["metadata"]["annotations"]
    old = {name: notes.get(name) for name in (labels.REVISION, labels.UPDATE, labels.FAILURES)}
    container = before["spec"]["containers"][0]["name"]
    announced = Resizing({container: {"requests": LARGE, "limits": {}}}, old)
    space.patch_pod(
        "web-1",
        labels={labels.REVISION: "another"},
        annotations={
            labels.REVISION: "web-another",
            labels.UPDATE: "an-update",
            labels.RESIZING: str(announced),
            labels.RESIZED: str(before["metadata"]["generation"] + 1),
        },
    )

    def is_as_before() -> bool:
        meta = space.pod(1)["metadata"]
        same = meta["labels"] == before["metadata"]["labels"]
        return same and labels.RESIZING not in meta["annotations"]

    space.until("the pod has its marks again", is_as_before)
    after = space.pod(1)
    assert after["metadata"]["uid"] == before["metadata"]["uid"], "the pod was replaced"
    assert {name: after["metadata"]["annotations"].get(name) for name in old} == old
    assert after["spec"]["containers"] == before["spec"]["containers"]
    assert not space.updates()
