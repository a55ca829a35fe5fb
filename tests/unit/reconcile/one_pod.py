"""A Job at a new revision, with one pod that still runs the old one."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from controller.api import labels
from controller.api.pods.pod import Pod
from controller.api.pods.wire import PodWire
from controller.core.model import plan
from controller.core.overlays.variants import variants
from controller.core.revisions import data as revision_data
from controller.core.revisions import revision as revisions
from controller.core.revisions.changeable_in_place import Change
from controller.reconcile.decode import pod_of
from controller.reconcile.entry import Entry, Key
from controller.reconcile.pods import Pods
from controller.reconcile.store import Store
from tests.unit.reconcile.fake_pods import FakePods, Object

KEY: Key = ("ns", "web")
NOW = 1_767_225_700.0
STARTED = "2026-01-01T00:00:10Z"
SMALL: Object = {"requests": {"cpu": "1"}}
LARGE: Object = {"requests": {"cpu": "2"}}


def template(image: str = "web:1", resources: Object | None = None, **fields: Any) -> Object:
    one: Object = {"name": "web", "image": image, **fields}
    if resources:
        one["resources"] = resources
    return {"spec": {"containers": [one]}}


def revision_of(made: Object) -> str:
    return revisions.revision_name("web", revisions.digest(revision_data.of_data(made)))


class World:
    """A Job at ``new``, and pod web-3 which runs ``old``."""

    def __init__(self, old: Object, new: Object) -> None:
        self.api = FakePods()
        self.store = Store(lambda _: None)
        self.settled: list[bool] = []
        self.pods = Pods(self.api, self.store, lambda _, ok: self.settled.append(ok), lambda: NOW)
        meta = {"name": "web", "namespace": "ns", "uid": "j1", "resourceVersion": "1"}
        plain = {name: part for name, part in new.items() if name != "echelon"}
        spec = {"instances": 5, "template": plain, **new.get("echelon", {})}
        self.store.put_job({"metadata": {**meta, "generation": 1}, "spec": spec, "status": {}})
        self.old, self.new = revision_of(old), revision_of(new)
        self.templates = (revision_data.of_data(old), revision_data.of_data(new))
        self.entry.keep_template(self.old, self.templates[0])
        self.api.pod = self._pod(self._of_instance(old))
        self.show()
        images = {self._of_instance(each)["spec"]["containers"][0]["image"] for each in (old, new)}
        self.change = Change.IMAGES if len(images) > 1 else Change.RESOURCES

    @property
    def entry(self) -> Entry:
        return self.store.entries[KEY]

    @property
    def seen(self) -> Pod:
        return self.entry.instances.pods[(3, False)]

    @property
    def pod(self) -> Object:
        assert self.api.pod is not None
        return self.api.pod

    @property
    def notes(self) -> Object:
        found: Object = self.pod["metadata"]["annotations"]
        return found

    @staticmethod
    def _of_instance(data: Object) -> Object:
        found: Object = json.loads(
            variants(revision_data.of_data(data), *KEY[::-1]).of_instance(3).template
        )
        return found

    def _pod(self, old: Object) -> Object:
        owner = {"apiVersion": labels.API_VERSION, "kind": "EchelonJob", "name": "web", "uid": "j1"}
        container = old["spec"]["containers"][0]
        status = {
            "name": "web",
            "restartCount": 2,
            "state": {"running": {"startedAt": STARTED}},
            "resources": container.get("resources"),
        }
        return {
            "metadata": {
                "name": "web-3",
                "namespace": "ns",
                "uid": "p1",
                "resourceVersion": "49",
                "generation": 1,
                "labels": {labels.REVISION: self.old.removeprefix("web-")},
                "annotations": {labels.REVISION: self.old},
                "ownerReferences": [{**owner, "controller": True}],
            },
            "spec": {"containers": [dict(container)]},
            "status": {
                "phase": "Running",
                "observedGeneration": 1,
                "containerStatuses": [status],
                "conditions": [{"type": "Ready", "status": "True"}],
            },
        }

    def show(self) -> None:
        """The watch shows the pod as it is now, in a new version."""
        meta = self.pod["metadata"]
        meta["resourceVersion"] = str(int(meta["resourceVersion"]) + 1)
        self.store.put_pod(pod_of(PodWire.of(self.pod)))

    async def act(self) -> None:
        """Change the pod as after a decision."""
        action = plan.ChangePod(3, False, "web-3", "p1", self.new, "u1", 2, self.change)
        self.pods.act(self.entry, [action])
        assert 3 in self.entry.instances.view().changing
        await asyncio.sleep(0)
        await self.pods.drain(5.0)
        assert len(self.settled) == 1
        if 3 in self.entry.instances.view().present:
            assert 3 not in self.entry.instances.view().changing
