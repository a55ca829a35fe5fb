"""A reconciler with a Cron or Adhoc Job, whose runs are followed."""

from __future__ import annotations

import copy
from typing import Any

from controller.reconcile.runs.objects import read_cron, read_run
from tests.unit.reconcile.fake_api import FakeApi, Object, Shop


class RunShop(Shop):
    """A deleted run stays, as one does whose pods are not gone, until `gone` is called."""

    def __init__(self, kind: str = "Adhoc", **spec: Any) -> None:
        super().__init__()
        self.api.delete = self._delete  # type: ignore[method-assign]
        self.deleted: list[tuple[str, str]] = []
        self.store.runs.wanted.set()
        self.store.runs.followed = True
        if kind == "Cron":
            spec.setdefault("cron", {"schedule": "0 0 1 1 *"})
        self.job(spec={"type": kind, **spec})

    async def _delete(self, resource: Any, namespace: Any, name: str, **how: Any) -> Any:
        self.deleted.append((name, how.get("propagation", "")))
        found = self.api.objects[resource.plural, name]
        assert how["uid"] == found["metadata"]["uid"]
        if how.get("propagation") != "Foreground":
            return await FakeApi.delete(self.api, resource, namespace, name, **how)
        found["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        return {**self.api.put("jobs", copy.deepcopy(found)), "kind": "Job"}

    def run(self, name: str = "web-r1", **changes: Any) -> Object:
        """Change a run as its controller does, and show it to the store."""
        found = copy.deepcopy(self.api.objects["jobs", name])
        found |= changes
        made = self.api.put("jobs", found)
        self.store.runs.put_run(read_run(made))
        return made

    def gone(self, name: str = "web-r1") -> None:
        found = self.api.objects.pop(("jobs", name))
        self.store.runs.drop_run(f"ns/{name}", found["metadata"]["uid"])

    def succeeded(self, name: str = "web-r1") -> Object:
        condition = {"type": "Complete", "status": "True"}
        at = "2026-01-01T00:10:00Z"
        status = {"succeeded": 2, "completionTime": at, "conditions": [condition]}
        return self.run(name, status=status)

    def cron(self) -> Object:
        found: Object = self.api.objects["cronjobs", "web"]
        return found

    def see_cron(self, changed: Object) -> None:
        """Somebody has changed the CronJob."""
        made = self.api.put("cronjobs", changed)
        self.store.runs.put_cron(read_cron(made))
