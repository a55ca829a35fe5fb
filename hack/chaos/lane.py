"""One namespace with an operator of its own behind a proxy. Lanes share a control plane."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from hack.chaos.killer import Killer
from hack.chaos.plane import MAINTAINER, Plane
from hack.chaos.rack import Rack
from hack.devcluster.api import ApiError
from hack.harness.audit import Audit, Request
from hack.harness.operator import USER, Operator
from hack.harness.proxy import Proxy
from hack.harness.space import Space
from hack.stacked import Stacked

_NUMBERS: Final = itertools.count(1)
_KINDS: Final = (
    "echelonjobs",
    "updates",
    "cronjobs",
    "jobs",
    "pods",
    "controllerrevisions",
    "persistentvolumeclaims",
)
#: What else there is in a lane in which nodes are drained.
_MORE: Final = ("statefulsets", "poddisruptionbudgets")
#: How they are deleted. (The API server would leave the pods of a batch/v1 Job.)
_HOW: Final = {
    "pods": "?gracePeriodSeconds=0",
    "jobs": "?propagationPolicy=Background",
    "cronjobs": "?propagationPolicy=Background",
}
#: An operator without a write for so long has nothing more to write: reports come every 0.2 s.
QUIET: Final = 0.5


class Lane(Stacked):
    """``space``: the namespace, empty after `clean`. ``killer`` is between the operator and the API
    server. ``module``: what is run as the operator. ``drains``: the operator serves Maintenances,
    too, and the lane has a ``rack``, nodes of its own."""

    def __init__(
        self,
        plane: Plane,
        args: Sequence[str] = (),
        module: str = "controller",
        *,
        drains: bool = False,
    ) -> None:
        super().__init__()
        self.plane = plane
        self.rack: Rack | None = None
        self.user = MAINTAINER if drains else USER
        self._drains = drains
        self._kinds = (*_MORE, *_KINDS) if drains else _KINDS
        self._args = args
        self._module = module

    def _start(self) -> None:
        name = f"lane-{next(_NUMBERS)}"
        cluster = self.plane.cluster
        self.space = Space(cluster, self.plane.sightings, name)
        self.space.begin()
        self.proxy = self._stack.enter_context(Proxy(cluster, self.user))
        args = ("--namespace", name, *self._args)
        if self._drains:
            args += ("--maintenance", "--maintenance-evict-others")
            self.rack = self.plane.racks.take(name)
            self._stack.callback(self.plane.racks.give, self.rack)
            self.proxy.selectors = self.rack.selectors
        self.operator = Operator(
            cluster,
            name,
            args=args,
            kubeconfig=self.proxy.kubeconfig,
            module=self._module,
            # What is forked has its clock already.
            forked=self._module == "controller",
        )
        self._stack.callback(self.operator.close)
        self.killer = Killer(self.operator.kill9)
        self.proxy.fault = self.killer.arriving
        self.proxy.answered = self.killer.answered
        self.audit = Audit(cluster.audit_log)
        self.operator.start()
        self.mark()

    def mark(self) -> None:
        """Begin anew: what happened so far is not judged."""
        self.plane.sightings.forget(self.space.name)
        self.space = Space(self.plane.cluster, self.plane.sightings, self.space.name)
        self.audit.mark()
        self.logged = self.operator.log_size()

    def requests(self) -> list[Request]:
        """What the operator asked in this namespace since the mark."""
        return self.audit.requests(user=self.user, namespace=self.space.name)

    def requests_of_cluster(self) -> list[Request]:
        """What it asked about the nodes of the rack and its Maintenance since the mark."""
        assert self.rack is not None
        mine = {self.rack.name, *self.rack.nodes}
        return [r for r in self.audit.requests(user=self.user, namespace="") if r.name in mine]

    def retire(self) -> None:
        """Another lane takes the place of this one."""
        self.operator.kill9()
        if self.rack is not None:
            self.plane.racks.give(self.rack)

    def at_work(self) -> bool:
        """Whether the operator runs, and has begun to act."""
        words = ("at work: ", "at work on ") if self._drains else ("at work: ",)
        said = self.operator.said() if self.operator.running else ""
        return all(each in said for each in words)

    def quiet(self, timeout: float = 30.0) -> None:
        """Return when the operator acts and had nothing to write for `QUIET` seconds."""
        began = time.monotonic()
        since: float | None = None
        while True:
            now = time.monotonic()
            if not self.at_work():
                since = None
            else:
                since = max(since or now, self.killer.last_write)
                if now - since >= QUIET:
                    return
            if now - began > timeout:
                raise AssertionError("the operator does not come to rest")
            time.sleep(0.05)

    def clean(self) -> None:
        """Delete everything in the namespace, whoever made it."""
        api, space = self.plane.cluster.api, self.space
        if self.rack is not None:
            # First: it would mark what is made meanwhile.
            self.rack.reset()
        for plural in self._kinds:
            with suppress(ApiError):
                api.delete(space.path(plural) + _HOW.get(plural, ""))

        def empty() -> bool:
            for plural in self._kinds:
                for item in api.get(space.path(plural))["items"]:
                    path = space.path(plural, item["metadata"]["name"])
                    with suppress(ApiError):
                        api.delete(path + _HOW.get(plural, ""))
                    return False
            return True

        self.plane.cluster.wait("an empty namespace", empty, 60)
        # The watch may be late; else what is gone would be seen in the next try.
        self.plane.sightings.catch_up(self.space.name, 60)
